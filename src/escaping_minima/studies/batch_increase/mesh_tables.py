"""Counts of cells of the runs of a condition, and pairs of them, as the claims compare them.

Runs are named by their place in a condition (`names.PLACES`). The tables hold a row a seed: a run
is a replicate, a subset of coordinates is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from escaping_minima.studies.batch_increase.mesh import ALL, WINDOWS
from escaping_minima.studies.batch_increase.mesh_measures import (
    RULES,
    Count,
    Rule,
    Walk,
    after,
    all_epochs,
    before,
    evenly,
    in_windows,
    loss_range,
    low_loss,
    walks_of,
)
from escaping_minima.studies.batch_increase.mesh_visits import expand

#: T1 of Figures 10 and 11 as shares of T: 100 to 900 of 1,000 epochs; and that of Figure 12.
SHARES = tuple(k / 10 for k in range(1, 10))
LOW_SHARE = 0.5
#: E1 of Figure 12.
LEVELS = (0.01, 0.02, 0.05, *(k / 10 for k in range(1, 11)))
#: Over what Emin and Emax are taken: the run's own cells, or those of all runs that are compared.
REACHES = ("own", "common")
#: What tells the counts of a run apart.
KEYS = ("part", "sections", "share", "level", "rule", "reach")
_COUNT = ("cells", "snapshots", "at_bound")
#: How a part is called, by whether it is the control's and whether it is a window.
_PARTS = {
    (0, False): "all",
    (0, True): "tenth",
    (1, False): "jitter",
    (1, True): "jitter tenth",
}

_Walks = Mapping[int, Walk]


def count_cells(
    visits: pd.DataFrame, cells: Mapping[str, str], within: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count the cells that the runs of a condition visit, seed by seed.

    Parameters
    ----------
    visits : DataFrame
        ``visits.parquet``.
    cells : Mapping of str to str
        The cell's id of each run that is compared. Seeds that one of them lacks are left out.
    within : DataFrame, optional
        The epochs within which a run makes the updates that all of them are given: a column a run,
        by seed. NaN, or no column, leaves a run out of the counts at equal updates.

    Returns
    -------
    DataFrame
        ``seed``, ``run``, KEYS, ``cells`` (the mean over subsets), ``snapshots`` (the bound) and
        ``at_bound``. ``part`` says what is counted:

        - "all": the whole run;
        - "before", "after": up to T1, and behind it, T1 being ``share`` of all epochs;
        - "half", "tenth": a window that ends at ``share``;
        - "low": at a low loss up to T1, by ``level`` (E1), ``rule`` and ``reach``, one of REACHES;
        - "equal updates": see `mesh_measures.evenly`.
    """
    chosen = visits[visits["cell"].isin(list(cells.values()))]
    found = []
    for seed, rows in chosen.groupby("seed"):
        by_cell = dict(list(rows.groupby("cell")))
        if len(by_cell) < len(set(cells.values())):
            continue
        walks = {run: walks_of(expand(by_cell[cell])) for run, cell in cells.items()}
        epochs = {} if within is None else _known(within, seed)
        table = count_runs(walks, epochs)
        table.insert(0, "seed", seed)
        found.append(table)
    columns = ["seed", "run", *KEYS, *_COUNT]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def sweep_cells(mesh: pd.DataFrame, cells: Mapping[str, str]) -> pd.DataFrame:
    """Return the counts of the runs of a condition for every number of sections (Figure 9).

    Parameters
    ----------
    mesh : DataFrame
        ``mesh.parquet``.
    cells : Mapping of str to str
        As in `count_cells`.

    Returns
    -------
    DataFrame
        As `count_cells`, with ``part``: "all" and "tenth", and of the control that only jitters
        where the run ends "jitter" and "jitter tenth".
    """
    full = mesh.assign(at_bound=mesh["cells"] >= mesh["snapshots"])
    keys = ["cell", "seed", "sections", "control", "window"]
    ways = {"cells": "mean", "snapshots": "first", "at_bound": "any"}
    means = full.groupby(keys, sort=False).agg(ways).reset_index()
    found = []
    for run, cell in cells.items():
        rows = means[means["cell"] == cell]
        parts = [
            _PARTS[control, window != ALL]
            for control, window in zip(rows["control"], rows["window"], strict=True)
        ]
        share = (rows["window"] / WINDOWS).where(rows["window"] != ALL)
        names = {"run": run, "part": parts, "share": share}
        found.append(rows.assign(**names, level=float("nan"), rule="", reach=""))
    return pd.concat(found, ignore_index=True)[["seed", "run", *KEYS, *_COUNT]]


def _known(within: pd.DataFrame, seed: Any) -> dict[str, int]:
    """Return the epochs of a seed's runs that have some."""
    row = within.loc[seed] if seed in within.index else pd.Series(dtype=float)
    return {str(run): int(epochs) for run, epochs in row.dropna().items()}


def count_runs(walks: Mapping[str, _Walks], within: Mapping[str, int]) -> pd.DataFrame:
    """Count the cells that the runs of one seed visit.

    Parameters
    ----------
    walks : Mapping
        By run, its walk through each mesh.
    within : Mapping of str to int
        By run, the epochs for equal updates; may be empty.

    Returns
    -------
    DataFrame
        See `count_cells`, without ``seed``.
    """
    rows = []
    for sections in next(iter(walks.values())):
        mesh = {run: each[sections] for run, each in walks.items()}
        common = {rule: _common_range(list(mesh.values()), rule) for rule in RULES}
        for run, walk in mesh.items():
            counts = [*_parts(walk), *_low(walk, common)]
            if run in within:
                counts.append((("equal updates",), evenly(walk, within[run], min(within.values()))))
            rows += [
                {"run": run, **_key(sections, *names), **vars(count)} for names, count in counts
            ]
    return pd.DataFrame(rows)


def _key(
    sections: int,
    part: str,
    share: float = float("nan"),
    level: float = float("nan"),
    rule: str = "",
    reach: str = "",
) -> dict[str, Any]:
    return dict(zip(KEYS, (part, sections, share, level, rule, reach), strict=True))


def _parts(walk: Walk) -> Iterator[tuple[tuple[Any, ...], Count]]:
    yield ("all",), all_epochs(walk)
    for share in SHARES:
        yield ("before", share), before(walk, share)
        yield ("after", share), after(walk, share)
    for part, number in (("half", 2), ("tenth", WINDOWS)):
        for place, count in enumerate(in_windows(walk, number), 1):
            yield (part, place / number), count


def _low(
    walk: Walk, common: Mapping[Rule, tuple[float, float]]
) -> Iterator[tuple[tuple[Any, ...], Count]]:
    for rule in RULES:
        for reach, ends in zip(REACHES, (None, common[rule]), strict=True):
            counts = low_loss(walk, LOW_SHARE, LEVELS, rule, ends)
            for level, count in zip(LEVELS, counts, strict=True):
                yield ("low", LOW_SHARE, level, rule, reach), count


def _common_range(walks: Sequence[Walk], rule: Rule) -> tuple[float, float]:
    ends = [loss_range(walk, LOW_SHARE, rule) for walk in walks]
    return min(low for low, _ in ends), max(high for _, high in ends)
