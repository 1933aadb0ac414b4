"""Measures of a run from what the test of Metropolis did with its moves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

#: Rates of the moves that are compared: large from here on, small below.
LARGE_RATE, SMALL_RATE = 0.5, 0.1
#: Share of the epochs, at least one, that is early, and as many at the end that are late.
WINDOW = 0.1


def window_length(epochs: int) -> int:
    """Return how many of the epochs of a run are early: a tenth, at least one."""
    return max(1, round(WINDOW * epochs))


def windows(table: pd.DataFrame, epochs: int) -> dict[str, pd.DataFrame]:
    """Return the rows of the first and of the last tenth of the epochs, at least one each.

    Parameters
    ----------
    table : DataFrame
        With a column ``epoch``, from 1.
    epochs : int
        Of the run.
    """
    length = window_length(epochs)
    return {
        "early": table[table["epoch"] <= length],
        "late": table[table["epoch"] > epochs - length],
    }


def measure_moves(moves: pd.DataFrame, epochs: int, is_tested: bool = True) -> dict[str, float]:
    """Measure the moves of one run, early and late.

    Parameters
    ----------
    moves : DataFrame
        One row an epoch and move: ``epoch, rate, tried, accepted, worse, probability, worsening``,
        as `escaping_minima.observers.annealing` counts them. ``rate`` is NaN where moves have none.
    epochs : int
        Of the run.
    is_tested : bool
        Whether the method looks at losses. Without, moves are kept with probability 1, and what
        rests on worsenings is NaN.

    Returns
    -------
    dict of float
        NaN where there were no such moves. Each but the last for ``<early|late>``, see `windows`:

        - ``probability_all_*``: mean over all moves of the probability of keeping them, 1 for those
          that improve the loss; ``probability_worse_*``, over the moves that make it worse;
        - ``worse_share_*``: share of the moves that make it worse; ``mean_worsening_*``, by how
          much these do in the mean, of the mean loss;
        - ``large_accepted_*``, ``small_accepted_*``: share that is kept of the moves with a rate of
          LARGE_RATE or more, and below SMALL_RATE;
        - ``effective_rate_*``: mean over the moves of the rate, 0 where it was not kept;
        - ``improving_share``: share of the moves of all epochs that do not make the loss worse.
    """
    found = {
        f"{name}_{when}": value
        for when, rows in windows(moves, epochs).items()
        for name, value in _measures(rows, is_tested).items()
    }
    tried = _sum(moves["tried"])
    improving = _share(tried - _sum(moves["worse"]), tried) if is_tested else math.nan
    return found | {"improving_share": improving}


def means_of_tests(tried: Any, worse: Any, probability: Any, worsening: Any) -> dict[str, Any]:
    """Return what the test did in the mean, from sums over moves.

    Parameters
    ----------
    tried, worse : float or Series
        Moves, and those of them that worsen the loss.
    probability, worsening : float or Series
        Sums over the latter: of the probability of keeping them, and of the worsening.

    Returns
    -------
    dict
        ``probability_all``, ``probability_worse``, ``worse_share`` and ``mean_worsening``, as
        `measure_moves` has them; NaN where there were no such moves.
    """
    return {
        "probability_all": share(tried - worse + probability, tried),
        "probability_worse": share(probability, worse),
        "worse_share": share(worse, tried),
        "mean_worsening": share(worsening, worse),
    }


def share(part: Any, whole: Any) -> Any:
    """Return a part over its whole, numbers or columns of them; NaN where the whole is nothing."""
    return np.divide(part, np.where(np.greater(whole, 0), whole, math.nan))


def _measures(moves: pd.DataFrame, is_tested: bool) -> dict[str, float]:
    tried = _sum(moves["tried"])
    return {
        **_tests(moves, tried, is_tested),
        "large_accepted": _accepted(moves[moves["rate"] >= LARGE_RATE]),
        "small_accepted": _accepted(moves[moves["rate"] < SMALL_RATE]),
        "effective_rate": _share(_sum(moves["rate"] * moves["accepted"]), tried),
    }


def _tests(moves: pd.DataFrame, tried: float, is_tested: bool) -> dict[str, float]:
    if not is_tested:
        unknown = dict.fromkeys(("probability_worse", "worse_share", "mean_worsening"), math.nan)
        return {"probability_all": _share(tried, tried), **unknown}
    sums = (_sum(moves[name]) for name in ("worse", "probability", "worsening"))
    return {name: float(found) for name, found in means_of_tests(tried, *sums).items()}


def _accepted(moves: pd.DataFrame) -> float:
    return _share(_sum(moves["accepted"]), _sum(moves["tried"]))


def _sum(column: pd.Series[float]) -> float:
    return float(np.asarray(column, dtype=np.float64).sum())


def _share(part: float, whole: float) -> float:
    return float(share(part, whole))
