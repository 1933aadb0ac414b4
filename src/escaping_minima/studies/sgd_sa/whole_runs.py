"""The runs that are published whole, and their measures taken again from what is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.studies.sgd_sa.measures import Watched, measure_run

CURVES, MEASURES = "curves.parquet", "measures.parquet"
MOVES, WORSENINGS = "moves.parquet", "worsenings.parquet"
#: Roles whose runs are published with all epochs and with what was seen of their moves.
WHOLE = ("main", "small", "fashion")
_KEYS = ["cell", "seed"]

_Runs = Mapping[tuple[str, int], pd.DataFrame]


def is_tested(method: str, method_settings: Mapping[str, Any]) -> bool:
    """Return whether a method of these settings looks at losses to test its moves."""
    return method != "gd" and bool(method_settings.get("accept", True))


def measured_again(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the measures of collected tables, taken again from their curves and moves.

    Parameters
    ----------
    tables : Mapping of DataFrame
        With all epochs of all runs, and the moves of all that were watched.

    Raises
    ------
    UserError
        If epochs or moves are missing: these runs have to be run again.
    """
    cells = tables["cells.csv"].set_index("cell")
    lost = tables[MEASURES].set_index(_KEYS)["diverged"] > 0
    moves, worsenings = (_by_run(tables.get(name)) for name in (MOVES, WORSENINGS))
    rows = []
    for run, curve in _by_run(tables[CURVES]).items():
        cell = cells.loc[run[0]]
        settings = json.loads(cell["settings"])
        _require_epochs(run, curve, int(cell["epochs"]), bool(lost[run]))
        watched = Watched.nothing()
        if _is_watched(settings):
            _require_moves(run, curve, moves)
            watched = Watched(
                moves[run],
                worsenings.get(run, watched.worsenings),
                is_tested(str(cell["method"]), settings["method_settings"]),
            )
        rows.append(dict(zip(_KEYS, run, strict=True)) | measure_run(curve, watched))
    return {MEASURES: pd.DataFrame(rows)}


def _by_run(table: pd.DataFrame | None) -> _Runs:
    if table is None:
        return {}
    return {run: rows.drop(columns=_KEYS) for run, rows in table.groupby(_KEYS, sort=False)}


def _is_watched(settings: Mapping[str, Any]) -> bool:
    return any(observer["name"] == "annealing" for observer in settings.get("observers", []))


def _require_epochs(run: tuple[str, int], curve: pd.DataFrame, epochs: int, lost: bool) -> None:
    last = int(curve["epoch"].iloc[-1])
    if not (last == epochs or lost) or not np.array_equal(curve["epoch"], np.arange(last + 1)):
        raise _incomplete(run, f"{CURVES} has {len(curve) - 1} of its {epochs} epochs")


def _require_moves(run: tuple[str, int], curve: pd.DataFrame, moves: _Runs) -> None:
    made = int(curve["epoch"].iloc[-1])
    seen = moves[run]["epoch"].nunique() if run in moves else 0
    if seen != made:
        raise _incomplete(run, f"{MOVES} has {seen} of its {made} epochs")


def _incomplete(run: tuple[str, int], found: str) -> UserError:
    cell, seed = run
    return UserError(
        f"cell {cell}, seed {seed}: {found}; allowed: all of them; run and publish it again",
        exit_code=1,
    )
