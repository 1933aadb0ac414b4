"""From the record of a cell of the arena to what the kernel runs: part of what decides numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import ArenaPlan, Lane, draw_starts
from escaping_minima.engine.arena_places import AtLevels, InRegions, Nowhere, Places
from escaping_minima.landscape.evaluated import values_at
from escaping_minima.landscape.regions import regions
from escaping_minima.parts.registry import read_method

if TYPE_CHECKING:
    from escaping_minima.kinds.arena.cell import ArenaCell

#: Starts whose median loss is what targets count from: of the problem, whatever a cell has.
SCALE_STARTS = 1001
#: The last target is this share of the way up from the global minimum.
CLOSEST = 1e-5


def arena_plan(cell: ArenaCell, problem: Any) -> ArenaPlan:
    """Return the parts of a cell; ``problem`` is its own, with its data where it has any."""
    places = places_of(problem)
    return ArenaPlan(
        problem,
        cell.starts,
        cell.budget,
        cell.gradient_cost,
        cell.batch,
        places,
        target_losses(cell.problem, problem, places, cell.targets),
        cell.path_of,
    )


def lane_of(cell: ArenaCell, block: int) -> Lane:
    """Return a block of a cell as the kernel runs it: of the method's own settings."""
    method = read_method(cell.method, cell.method_settings)
    return Lane(method, Streams(cell.problem, block))


def places_of(problem: Any) -> Places:
    """Return where replicates can be: in regions, else at levels where they are known."""
    if len(problem.lower) <= 2:
        return InRegions(regions(problem))
    if levels := getattr(problem, "levels", ()):
        return AtLevels(tuple(levels))
    return Nowhere(getattr(problem, "minimum", None))


def target_losses(name: str, problem: Any, places: Places, count: int) -> tuple[float, ...]:
    """Return the losses to be reached, the highest first; none where no minimum is known.

    They are the global minimum, and shares of the way up from there to the median loss of starts:
    1, ..., `CLOSEST`, evenly spaced on a scale of logarithms.

    References
    ----------
    Hansen et al. 2021, COCO: a platform for comparing continuous optimizers in a black-box setting,
    section 4, whose targets are 51 such distances.
    """
    if places.minimum is None:
        return ()
    starts = draw_starts(problem, Streams(name, 0), SCALE_STARTS)
    median = float(np.median(values_at(problem, starts.numpy())))
    way = torch.logspace(0, np.log10(CLOSEST), count, dtype=torch.float64).numpy()
    return tuple(places.minimum + (median - places.minimum) * way)
