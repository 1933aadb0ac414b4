"""The cells of the study: Table 1, the sweeps of radii and of starts, and the named variants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.problems.plane import BLOCK
from escaping_minima.studies.stationary_distributions.settings import Settings
from escaping_minima.studies.stationary_distributions.start_settings import OTHER_STARTS

FUNCTIONS = ("himmelblau", "three_hump_camel", "six_hump_camel")

#: Methods of Table 1 in printed order, with the radius of the main run. They were fitted to the
#: printed table (the paper names none), so they are no evidence for it; hence the sweep. Noise in
#: the gradient has its unit: the step of 0.001 turns NiG-BH's 100 into the displacement of NiM-BH.
RADII: dict[str, float | None] = {
    "gd": None,
    "nig": 25.0,
    "nim": 0.1,
    "sam": 0.33,
    "nig_bh": 100.0,
    "nim_bh": 0.1,
    "nig_mbh": 100.0,
    "nim_mbh": 0.1,
}
METHODS = tuple(RADII)

#: The sweep multiplies the main radius by 10^(k/4).
GRID = tuple(range(-4, 5))

SNAPSHOT_EVERY = 200

#: Other readings of ambiguous passages: name, function, method, changed problem, changed method,
#: changed number of steps.
_Variant = tuple[str, str, str, dict[str, Any], dict[str, Any], int | None]


def sweep_points(sweep_every: int) -> tuple[int, ...]:
    """Return the points k of the sweep: those divisible by ``sweep_every``, 0 always among them."""
    return tuple(k for k in GRID if k % sweep_every == 0)


def radius(method: str, k: int) -> float | None:
    """Return the radius of a method at point k of the sweep, None where it has none."""
    main = RADII[method]
    return None if main is None else main * 10.0 ** (k / 4)


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study, the longest jobs first: none is more telling than another.

    Later methods take longer; starting them first keeps all cores busy to the end.
    """
    blocks = settings.starts // BLOCK
    cells = [*_variants(blocks, settings.steps)] if settings.variants else []
    cells += _main(blocks, settings.steps, settings.sweep_every)
    return [*cells, *_start_sweep(blocks, settings.steps, settings.start_settings)]


def _main(blocks: int, steps: int, sweep_every: int) -> Iterator[PlannedCell]:
    for method in reversed(METHODS):
        points = (0,) if RADII[method] is None else sweep_points(sweep_every)
        for function in FUNCTIONS:
            for k in points:
                settings = {} if RADII[method] is None else {"radius": radius(method, k)}
                cell = make_points_cell(function, method, steps, SNAPSHOT_EVERY, None, settings)
                labels = {"role": "main" if k == 0 else "sweep", "k": k}
                yield PlannedCell(cell, blocks, method, labels)


def _start_sweep(blocks: int, steps: int, count: int) -> Iterator[PlannedCell]:
    for start in OTHER_STARTS[:count]:
        labels = {"role": "start_sweep", "variant": start.label}
        for function in FUNCTIONS:
            box, rate = start.problem_settings(function), {"learning_rate": start.learning_rate}
            cell = make_points_cell(function, "gd", steps, SNAPSHOT_EVERY, box, rate)
            yield PlannedCell(cell, blocks, "gd", labels)


def _variants(blocks: int, steps: int) -> Iterator[PlannedCell]:
    for name, function, method, problem, settings, other_steps in _variant_list():
        if RADII[method] is not None:
            settings = {"radius": RADII[method], **settings}
        cell = make_points_cell(
            function, method, other_steps or steps, SNAPSHOT_EVERY, problem, settings
        )
        yield PlannedCell(cell, blocks, "variants", {"role": "variant", "variant": name})


def _variant_list() -> list[_Variant]:
    found: list[_Variant] = [
        ("coefficient 1.04 as printed", "three_hump_camel", "gd", {"coefficient": 1.04}, {}, None),
    ]
    for function in FUNCTIONS:
        found += [
            ("gradient divided by its norm", function, "gd", {}, {"normalised": True}, None),
            ("2,000 steps", function, "gd", {}, {}, 2000),
            (
                "ascent step never taken back, as listed",
                function,
                "sam",
                {},
                {"restore": False},
                None,
            ),
            (
                "waiting time since the last perturbation",
                function,
                "nim",
                {},
                {"since_last_perturbation": True},
                None,
            ),
            (
                "compared with the perturbed point, as listed",
                function,
                "nim_mbh",
                {},
                {"compare": "perturbed_point"},
                None,
            ),
        ]
    return found
