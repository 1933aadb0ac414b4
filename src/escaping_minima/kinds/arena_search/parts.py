"""From the record of a search in the arena to its lanes and scores: part of what decides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import ArenaPlan, Lane
from escaping_minima.parts.registry import read_method

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from escaping_minima.kinds.arena_search.cell import ArenaSearchCell


def search_plan(cell: ArenaSearchCell, problem: Any) -> ArenaPlan:
    """Return what all trials have in common: their two ends alone are looked at."""
    numbers = (cell.starts, cell.budget, cell.gradient_cost, cell.batch)
    return ArenaPlan(problem, *numbers, is_watched=False)


def trial_lane(cell: ArenaSearchCell, trial: int, block: int) -> Lane:
    """Return a trial as the kernel runs it, on the block that all trials have."""
    settings = {**cell.method_settings, **cell.settings(trial)}
    # another name than the problem's: no cell of the arena has these starts and draws
    streams = Streams(f"{cell.problem} search", block)
    return Lane(read_method(cell.method, settings), streams)


def trial_row(table: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Return what a trial is judged by, from the table of its replicates.

    The score is the mean of what the final loss is, or the loss of the start where that is lower
    or the final one is no number: no minimum that is known from elsewhere decides.

    Returns
    -------
    dict
        ``score``; ``start_loss``, their mean; ``spread`` of what the score is the mean of;
        ``lost``, how many ended in no finite loss; ``gradient_evaluations`` and
        ``loss_evaluations``, of items, in all.
    """
    start, loss = table["start_loss"], table["loss"]
    is_finite = np.isfinite(loss)
    kept = np.where(is_finite, np.minimum(loss, start), start)
    return {
        "score": float(kept.mean()),
        "start_loss": float(start.mean()),
        "spread": float(kept.std()),
        "lost": int((~is_finite).sum()),
        "gradient_evaluations": float(table["gradient_evaluations"].sum()),
        "loss_evaluations": float(table["loss_evaluations"].sum()),
    }
