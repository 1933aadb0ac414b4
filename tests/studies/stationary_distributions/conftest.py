"""Collected tables with planted counts, and what is derived from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.studies.stationary_distributions import tables
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS

STUDY = "stationary_distributions"
RADII = {"nig": 25.0, "sam": 0.33, "nig_bh": 100.0, "nig_mbh": 100.0}
MINIMA = {
    "himmelblau": ("GM1", "GM2", "GM3", "GM4"),
    "three_hump_camel": ("GM1", "LM1", "LM2"),
    "six_hump_camel": ("GM1", "GM2", "LM1", "LM2", "LM3", "LM4"),
}
USUAL = {
    "himmelblau": {"lower": [-5.0, -5.0], "upper": [5.0, 5.0]},
    "three_hump_camel": {"coefficient": 1.05, "lower": [-5.0, -5.0], "upper": [5.0, 5.0]},
    "six_hump_camel": {"lower": [-3.0, -2.0], "upper": [3.0, 2.0]},
}
ELSE = ("saddle", "maximum", "halo", "diverged")
#: (function, method, k) -> counts of the minima, then of the four parts of Else.
Counts = Mapping[tuple[str, str, int], Sequence[int]]


def even_counts(function: str, starts: int) -> list[int]:
    """Spread starts over the minima, nothing outside."""
    share, rest = divmod(starts, len(MINIMA[function]))
    return [share + (i < rest) for i in range(len(MINIMA[function]))] + [0, 0, 0, 0]


def collected(
    planted: Counts, points: Sequence[int] = (-4, 0, 4), starts: int = 500
) -> dict[str, pd.DataFrame]:
    """Build collected tables: planted counts, in order of the starts, even shares elsewhere."""
    cells, outcomes, basins = [], {f: {} for f in FUNCTIONS}, {f: {} for f in FUNCTIONS}
    for function in FUNCTIONS:
        for method in METHODS:
            for k in (0,) if method == "gd" else points:
                cell = f"{function}-{method}-{k}"
                counts = planted.get((function, method, k), even_counts(function, starts))
                assert sum(counts) == starts
                outcomes[function][cell] = np.repeat(np.arange(len(counts)), counts).astype(np.int8)
                basins[function][cell] = np.ones(starts, np.int8)
                radius = None if method == "gd" else RADII.get(method, 0.1) * 10 ** (k / 4)
                cells.append(
                    {
                        "cell": cell,
                        "role": "main" if k == 0 else "sweep",
                        "variant": None,
                        "function": function,
                        "method": method,
                        "k": k,
                        "radius": radius,
                        "starts": starts,
                        "steps": 10000,
                        "learning_rate": 0.001,
                        "settings": json.dumps({"problem_settings": USUAL[function]}),
                    }
                )
    return {
        "cells.csv": pd.DataFrame(cells),
        **{f"outcomes_{f}.parquet": by_start(columns) for f, columns in outcomes.items()},
        **{f"basins_{f}.parquet": by_start(columns) for f, columns in basins.items()},
        "variants.csv": pd.DataFrame(
            columns=["cell", "variant", "function", "method", "outcome", "count", "starts"]
        ),
        "points.csv": pd.DataFrame(
            [["three_hump_camel", None, "GM1", "minimum", -1e-9, 0.0, 1e-12, 1.5858, 4.4142, 6.0]],
            columns=[
                "function", "variant", "label", "kind", "x", "y", "value",
                "eigenvalue_min", "eigenvalue_max", "trace",
            ],
        ),
    }  # fmt: skip


def by_start(columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame(dict(columns)).rename_axis("start").reset_index()


def add_variant(
    tables: dict[str, pd.DataFrame],
    name: str,
    function: str,
    counts: Sequence[int],
    problem: Mapping[str, float],
) -> None:
    """Plant a variant of plain gradient descent."""
    cell = f"variant {name}"
    record = {
        "cell": cell,
        "role": "variant",
        "variant": name,
        "function": function,
        "method": "gd",
    }
    record |= {"k": 0, "settings": json.dumps({"problem_settings": problem})}
    tables["cells.csv"] = pd.concat([tables["cells.csv"], pd.DataFrame([record])])
    rows = [
        {
            "cell": cell,
            "variant": name,
            "function": function,
            "method": "gd",
            "outcome": o,
            "count": n,
        }
        for o, n in zip((*MINIMA[function], *ELSE), counts, strict=True)
    ]
    added = pd.DataFrame(rows).assign(starts=sum(counts))
    old = tables["variants.csv"]
    tables["variants.csv"] = pd.concat([old, added]) if len(old) else added


def add_start(
    tables: dict[str, pd.DataFrame],
    function: str,
    setting: str,
    rate: float,
    counts: Sequence[int],
    box: Mapping[str, Sequence[float]],
) -> None:
    """Plant plain gradient descent at another step size or from another box."""
    cell = f"start {function} {setting}"
    record = {"cell": cell, "role": "start_sweep", "variant": setting, "function": function}
    record |= {"method": "gd", "k": 0, "learning_rate": rate, "starts": sum(counts)}
    record |= {"steps": 10000, "settings": json.dumps({"problem_settings": USUAL[function] | box})}
    tables["cells.csv"] = pd.concat([tables["cells.csv"], pd.DataFrame([record])])
    for kind, values in (
        ("outcomes", np.repeat(np.arange(len(counts)), counts)),
        ("basins", np.full(sum(counts), 7)),
    ):
        name = f"{kind}_{function}.parquet"
        tables[name] = tables[name].assign(**{cell: values.astype(np.int8)})


def printed_like(function: str, method: str, starts: int) -> list[int]:
    """Return counts in the shares that the paper prints, renormalised; Else all in a halo."""
    path = REFERENCE / load_records(STUDY).source / "table1_stationary_distribution.csv"
    table = pd.read_csv(path)
    title = {"himmelblau": "Himmelblau", "three_hump_camel": "Three-Hump Camel"}.get(function)
    part = table[
        (table["function"] == (title or "Six-Hump Camel"))
        & (table["algorithm"] == {"nim": "NiM-GD", "sam": "SAM"}[method])
    ]
    shares = part["value_as_printed"].to_numpy() / part["value_as_printed"].sum()
    counts = np.floor(shares[:-1] * starts).astype(int).tolist()
    return [*counts, 0, 0, starts - sum(counts), 0]


def derive(collected_tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return tables.derive(collected_tables, load_records(STUDY))[0]


@pytest.fixture(scope="session")
def row():
    """Return a function that finds the one row with some values."""

    def find(table, **where):
        for column, value in where.items():
            table = table[table[column] == value]
        assert len(table) == 1
        return table.iloc[0]

    return find


@pytest.fixture(scope="session")
def source():
    """500 starts and three points of the sweep, with counts planted here and there."""
    found = collected(
        {
            # the shares that the paper prints
            ("himmelblau", "gd", 0): (140, 125, 115, 120, 0, 0, 0, 0),
            ("six_hump_camel", "gd", 0): (100, 100, 100, 50, 50, 50, 20, 10, 15, 5),
            # close to the printed 11.63 16.1 19 16.13 0.75 3 34, if LM1-2 is the f=-0.215 pair
            ("six_hump_camel", "sam", 0): (58, 81, 4, 15, 95, 81, 100, 40, 16, 10),
            ("six_hump_camel", "nig", 4): (0, 0, 0, 0, 0, 0, 0, 0, 0, 500),
        }
    )
    visits = found["basins_six_hump_camel.parquet"]
    visits["six_hump_camel-gd-0"] = np.repeat([1, 2], [400, 100])
    visits["six_hump_camel-nim-4"] = np.repeat([1, 3, 1], [300, 120, 80])
    moved, box = {"coefficient": 1.04}, {"upper": [2.0, 2.0]}
    add_variant(found, "moved", "three_hump_camel", (150, 170, 130, 30, 0, 15, 5), moved)
    add_variant(found, "box", "three_hump_camel", (290, 105, 105, 0, 0, 0, 0), box)
    square = {"lower": [-5.0, -5.0], "upper": [5.0, 5.0]}
    counts = 90, 90, 40, 50, 60, 70, 0, 0, 5, 95
    add_start(found, "six_hump_camel", "step 0.005, other boxes", 0.005, counts, square)
    counts = 80, 80, 90, 80, 80, 90, 0, 0, 0, 0
    add_start(found, "six_hump_camel", "step 0.0005, usual boxes", 0.0005, counts, {})
    return found


@pytest.fixture(scope="session")
def derived(source):
    """Return what is derived from `source`."""
    return derive(source)


@pytest.fixture(scope="session")
def large():
    """5000 starts, nine points: SAM fits at k = 0 and 1, NiM at k = 2 but for one function."""
    runs = {(f, "sam", k): printed_like(f, "sam", 5000) for f in FUNCTIONS for k in (0, 1)}
    runs |= {(f, "nim", 2): printed_like(f, "nim", 5000) for f in FUNCTIONS[:2]}
    return derive(collected(runs, points=range(-4, 5), starts=5000))


@pytest.fixture(scope="session")
def few():
    """500 starts, five points: SAM is at k = 0 what the paper prints."""
    runs = {(f, "sam", 0): printed_like(f, "sam", 500) for f in FUNCTIONS}
    return derive(collected(runs, points=(-4, -2, 0, 2, 4)))
