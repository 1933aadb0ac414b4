"""What the claims rest on: numbers from the whole of one run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from escaping_minima.studies.sgd_sa.measures_of_curves import is_lost, measure_curve
from escaping_minima.studies.sgd_sa.measures_of_moves import measure_moves
from escaping_minima.studies.sgd_sa.measures_of_worsenings import measure_worsenings

#: Columns of the tables of moves and of worsenings that measures are taken from.
_MOVES = ("epoch", "rate", "tried", "accepted", "worse", "probability", "worsening")
_WORSENINGS = ("epoch", "bin", "accepted", "rejected")


@dataclass(frozen=True)
class Watched:
    """What was seen of a run's moves; nothing, of a method that tests none.

    Attributes
    ----------
    moves : DataFrame
        See `escaping_minima.studies.sgd_sa.measures_of_moves.measure_moves`.
    worsenings : DataFrame
        See `escaping_minima.studies.sgd_sa.measures_of_worsenings.measure_worsenings`.
    is_tested : bool
        Whether the method looks at losses.
    """

    moves: pd.DataFrame
    worsenings: pd.DataFrame
    is_tested: bool = True

    @staticmethod
    def nothing() -> Watched:
        """Return what is seen where nobody watches."""
        return Watched(pd.DataFrame(columns=list(_MOVES)), pd.DataFrame(columns=list(_WORSENINGS)))


def measure_run(curve: pd.DataFrame, watched: Watched) -> dict[str, float]:
    """Measure one run.

    Parameters
    ----------
    curve : DataFrame
        All epochs, as `escaping_minima.studies.sgd_sa.measures_of_curves.published_curve` gives
        them: whoever has what is published of a whole run has its measures too, bit by bit.
    watched : Watched

    Returns
    -------
    dict of float
        ``diverged`` (a loss was not finite; the measures are then NaN), ``epochs`` and ``updates``
        that were made, and what `measure_curve`, `measure_moves` and `measure_worsenings` say.
    """
    epochs, lost = int(curve["epoch"].iloc[-1]), is_lost(curve)
    found = {
        **measure_curve(curve),
        **measure_moves(watched.moves, epochs, watched.is_tested),
        **measure_worsenings(watched.worsenings, epochs),
    }
    measures = {name: math.nan if lost else value for name, value in found.items()}
    made = {"epochs": float(epochs), "updates": float(curve["updates"].iloc[-1])}
    return {"diverged": float(lost)} | made | measures
