"""The cells that examine the problems themselves, and those of networks with skip connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from escaping_minima.kinds.examine.cell import make_examine_cell
from escaping_minima.studies.escape.layout import Item
from escaping_minima.studies.escape.terrain import TERRAIN, WAVES

if TYPE_CHECKING:
    from escaping_minima.studies.escape.settings import Settings

#: Sums whose batches are looked at, and networks whose attractors are.
SUMS, TREES = ("scattered", "interpolating"), ("xor_2", "xor_4")
#: Steps that perturbed descent has to leave a point, and its rate as a share of what is stable on
#: the steepest waves: a semicircle of radius 2 about 0.3.
LEAVING = {"steps": 1000}
LEAVER = {"learning_rate": 0.1, "radius": 0.01, "gradient_tolerance": 1e-3, "patience": 20}


def gradients() -> list[Item]:
    """Return the gradients of batches at the minima of both scattered sums."""
    return [_examined(problem, "gradients", "batch_gradients") for problem in SUMS]


def trees(settings: Settings) -> list[Item]:
    """Return the attractors of XOR and the barriers between them."""
    own = {"starts": settings.attractors}
    problems = TREES if settings.attractors else ()
    return [_examined(problem, "tree", "attractor_tree", measured=own) for problem in problems]


def critical(settings: Settings) -> list[Item]:
    """Return the critical points of every random function."""
    return [
        _examined(problem, "critical", "critical_points", function, {"starts": settings.searches})
        for problem, function in _functions(settings)
    ]


def leaving(settings: Settings) -> list[Item]:
    """Return how perturbed gradient descent leaves them."""
    return [
        _examined(
            *(problem, "leaving", "saddle_escape", function),
            {**LEAVING, "starts": settings.searches},
            method="perturbed_gradient",
            method_settings={**LEAVER, "stays": False},
        )
        for problem, function in _functions(settings)
    ]


def _functions(settings: Settings) -> list[tuple[str, int]]:
    return [
        (problem, function)
        for problem, dimension in WAVES.items()
        for function in range(settings.functions)
        if dimension <= settings.dimension
    ]


def _examined(
    problem: str,
    role: str,
    measure: str,
    function: int = 0,
    measured: Mapping[str, Any] | None = None,
    **more: Any,
) -> Item:
    terrain = TERRAIN[problem]
    own = {"instance": function} if terrain.problem == "random_waves" else {}
    cell = make_examine_cell(
        terrain.problem, measure, {**terrain.settings, **own}, measured, **more
    )
    labels = {"role": role, "problem": problem, "arm": "", "point": "", "function": function}
    return Item(cell, labels)
