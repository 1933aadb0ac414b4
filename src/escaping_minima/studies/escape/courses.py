"""How what starts come to grows with what was spent: first escapes, and targets reached."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from escaping_minima.studies.escape.codes import LAST, share_of
from escaping_minima.studies.escape.run_tables import Tables

COLUMNS = ("problem", "arm", "percent_of_budget", "share")
#: Targets of a run.
TARGETS = 51
_CODES = np.arange(LAST + 1)


def survival(tables: Tables) -> pd.DataFrame:
    """Return `COLUMNS`: percent of starts that are still in their first basin, by what was spent.

    All runs end at one budget, so that the estimate of Kaplan and Meier is the plain share.
    """
    return _by_cost(tables, lambda cell: _still_there(tables, cell))


def targets(tables: Tables) -> pd.DataFrame:
    """Return `COLUMNS`: percent of pairs of a start and a target that were reached.

    References
    ----------
    Hansen et al. 2021, COCO: a platform for comparing continuous optimizers in a black-box setting,
    section 4 (empirical distributions of run lengths).
    """
    return _by_cost(tables, lambda cell: _reached(tables, cell))


def _by_cost(tables: Tables, course: Callable[[str], np.ndarray | None]) -> pd.DataFrame:
    arena = tables.cells[tables.cells["role"] == "arena"]
    parts = []
    for cell, problem, arm in arena[["cell", "problem", "arm"]].itertuples(index=False, name=None):
        found = course(cell)
        if found is not None:
            percent = 100.0 * share_of(_CODES)
            numbers = {"percent_of_budget": percent, "share": found}
            parts.append(pd.DataFrame(numbers).assign(problem=problem, arm=arm))
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else empty


def _still_there(tables: Tables, cell: str) -> np.ndarray | None:
    starts = tables.starts(cell)
    if (starts.start < 0).all():
        return None
    left = (starts.escape[:, None] <= _CODES).mean(axis=0)
    return np.asarray(100.0 * (1.0 - left))


def _reached(tables: Tables, cell: str) -> np.ndarray | None:
    if cell not in tables.tables.get("reached", {}):
        return None
    counts = tables.of("reached", cell).set_index("bin")["count"]
    pairs = TARGETS * len(tables.starts(cell).end)
    return np.asarray(100.0 * counts.reindex(_CODES, fill_value=0).cumsum().to_numpy() / pairs)
