"""Tables that have every kind of run, probe and further table of the study, in one world."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType

import numpy as np
import pandas as pd

from escaping_minima.studies.batch_increase.probed import PROBES, with_targets

_KEY = ["role", "strategy", "epochs"]
_IN_CELLS = ("target_role", "strategy", "epochs", "state")


def whole(tables: Mapping[str, pd.DataFrame], seeds: int = 3) -> dict[str, pd.DataFrame]:
    """Return planted tables of curves with what is recorded along runs and of states beside them.

    Parameters
    ----------
    tables : Mapping of DataFrame
        Of `planting.planted`, with main runs for both conditions.
    seeds : int
    """
    further: ModuleType = sys.modules["batch_increase_further"]
    cells = tables["cells.csv"]
    plain = cells[cells["variant"].astype(object).fillna("") == ""]
    roles = ("main", "section_4_5", "sample")
    horizons = {r: int(plain.loc[plain["role"] == r, "epochs"].iloc[0]) for r in roles}
    more = further.planted(further.TRUE, seeds, horizons)
    there = plain.set_index(_KEY)["cell"].to_dict()
    names = {
        row["cell"]: there.get(tuple(row[name] for name in _KEY), row["cell"])
        for _, row in more["cells.csv"].iterrows()
    }
    more = {n: t.assign(cell=t["cell"].map(names)) for n, t in more.items() if len(t)}
    own = more.pop("cells.csv")
    own = own[~own["cell"].isin(cells["cell"])]
    found = dict(tables) | {"cells.csv": _completed(cells, own)}
    measures = more.pop("measures.parquet")
    measures = measures[~measures["cell"].isin(cells["cell"])]
    found["measures.parquet"] = pd.concat([tables["measures.parquet"], measures])
    found["curves.parquet"] = _with_orders(tables["curves.parquet"], cells, own)
    return found | {name: _described(name, t, own) for name, t in more.items()}


def _completed(cells: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return all cells; what the planted ones do not say is said as of main runs or the sample."""
    models = cells[cells["variant"].astype(object).fillna("") == ""].drop_duplicates("role")
    models = models.set_index("role")
    rows = []
    for row in own.to_dict("records"):
        of = row["variant"].partition(",")[0] if row["role"] in PROBES else row["role"]
        model = models.loc[of.removesuffix("_orders")].to_dict()
        planted = {k: row[k] for k in ("cell", "role", "variant", "strategy", "epochs", "seeds")}
        # a probe trains nothing
        of_probe = {"parameters": 0, "settings": "{}"} if row["role"] in PROBES else {}
        rows.append(model | planted | of_probe)
    return pd.concat([cells, pd.DataFrame(rows)], ignore_index=True)[list(cells)]


def _with_orders(curves: pd.DataFrame, cells: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return curves with those of other orders, which are higher than those of the increase."""
    found = [curves]
    for row in own[own["role"].str.endswith("_orders")].to_dict("records"):
        order, _, condition = row["strategy"].partition("_")
        role = row["role"].removesuffix("_orders")
        like = (cells["role"] == role) & (cells["strategy"] == f"linear_{condition}")
        for cell in cells.loc[like, "cell"][:1]:
            curve = curves[curves["cell"] == cell]
            factor = {"random": 1.3, "decreasing": 1.5}[order]
            levels = {name: factor * curve[name] for name in ("test_loss", "test_error")}
            found.append(curve.assign(cell=row["cell"], **levels))
    return pd.concat(found, ignore_index=True)


def _described(name: str, table: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return a table with all columns that figures read of it."""
    if name in ("spreads.parquet", "flatness.parquet"):
        probes = with_targets(own).set_index("cell")
        columns = {k: table["cell"].map(probes[k]) for k in _IN_CELLS}
        table = table.assign(**columns).astype({"state": int})
    if name == "spreads.parquet":
        size = table["size"]
        losses = [np.full(40, 0.1, np.float32).tobytes()] * len(table)
        expected = {"expected_variance": 0.1 / size, "expected_skewness": 2 / np.sqrt(size)}
        return table.assign(losses=losses, full_loss=0.1, **expected)
    if name == "flatness.parquet":
        eigenvalues = {f"eigenvalue_{k}": table["eigenvalue_1"] / k for k in (2, 3)}
        return table.assign(loss=0.01, output_change=1e-7, trace_se=0.01, **eigenvalues)
    return table
