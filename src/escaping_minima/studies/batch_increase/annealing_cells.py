"""The cells of simulated annealing (Algorithm 1): on the curve, and on the functions of the plane.

The paper runs none: it draws annealing as the frame in which a growing batch is seen. So all
settings are ours. They follow from the landscape alone by rules that were written down before any
run was looked at:

- the hottest temperature is the highest barrier of the problem, so that at first every valley can
  be left;
- the coldest is a hundredth of the lowest barrier, so that at last none can;
- the deviation of a step is half the least distance from a minimum to the top of its barrier, so
  that valleys are left over their barriers as a rule, not by a jump.

Each is rounded to two digits; a test computes them from the stationary points. How long a search
is was chosen by what it costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from escaping_minima.kinds.points.cell import PointsCell, make_points_cell
from escaping_minima.parts.registry import part_record
from escaping_minima.plan.cells import PlannedCell

METHOD = "simulated_annealing"
ROLE = "annealing"
CURVE = "gentle_curve"
#: Steps of a search, and moments at which it is looked at beside its start.
STEPS = 4_000
MOMENTS = 50
#: A temperature at which no move that is worse is kept.
FROZEN = 1e-12


@dataclass(frozen=True)
class Frame:
    """What the rules give for a problem.

    Attributes
    ----------
    hot, cold : float
        Temperatures of the first step and of the last.
    deviation : float
        Of a step, in each coordinate.
    """

    hot: float
    cold: float
    deviation: float


#: By problem.
FRAMES: Mapping[str, Frame] = {
    CURVE: Frame(0.9, 0.0027, 0.27),
    "himmelblau": Frame(100.0, 0.13, 0.97),
    "three_hump_camel": Frame(0.88, 0.0058, 0.38),
    "six_hump_camel": Frame(1.0, 0.0013, 0.17),
}


@dataclass(frozen=True)
class Search:
    """How the temperature of a search goes.

    Attributes
    ----------
    first, last : str
        Temperatures of the first step and of the last: "hot", "cold" or "frozen"; between them it
        falls geometrically.
    steps : int
    """

    first: str
    last: str
    steps: int = STEPS


#: By name: what the labels of a cell call ``variant``.
SEARCHES: Mapping[str, Search] = {
    "cooled": Search("hot", "cold"),
    "cooled 4 times as fast": Search("hot", "cold", STEPS // 4),
    "cooled 4 times as slowly": Search("hot", "cold", STEPS * 4),
    "always hot": Search("hot", "hot"),
    "always cold": Search("cold", "cold"),
    "downhill only": Search("frozen", "frozen"),
}


#: Those that a short run has: what falls, what stays hot, and what never climbs.
FEW = ("cooled", "always hot", "downhill only")


def annealing_items(blocks: int, whole: bool = True) -> list[PlannedCell]:
    """Lay out the cells of simulated annealing, the main search of each problem first.

    Parameters
    ----------
    blocks : int
        Of 500 starts each; 0 leaves them out.
    whole : bool
        Whether all searches are made, or FEW alone.

    Returns
    -------
    list of PlannedCell
        Labels ``role``, ``strategy`` (the problem) and ``variant`` (the search).
    """
    return list(_items(blocks, SEARCHES if whole else FEW)) if blocks else []


def _items(blocks: int, variants: Iterable[str]) -> Iterator[PlannedCell]:
    for variant in variants:
        search = SEARCHES[variant]
        for problem in FRAMES:
            labels = {"role": ROLE, "strategy": problem, "variant": variant}
            yield PlannedCell(_cell(problem, search), blocks, ROLE, labels, group=ROLE)


def _cell(problem: str, search: Search) -> PointsCell:
    every = search.steps // MOMENTS
    watched = [part_record("observers", o, {"every": every}) for o in ("places", "tested_moves")]
    return make_points_cell(
        problem,
        METHOD,
        search.steps,
        every,
        None,
        _settings(FRAMES[problem], search),
        observers=tuple(part.record() for part in watched),
    )


def _settings(frame: Frame, search: Search) -> dict[str, Any]:
    """Return the settings of the method; the loss is a function, so it is not looked at afresh."""
    degrees = {"hot": frame.hot, "cold": frame.cold, "frozen": FROZEN}
    first, last = degrees[search.first], degrees[search.last]
    # twelve digits are the same on every machine, and name the cell
    cooling = round((last / first) ** (1.0 / (search.steps - 1)), 12)
    found = {"deviation": frame.deviation, "temperature": first, "cooling": cooling}
    return found | {"fresh": False, "floor": FROZEN}
