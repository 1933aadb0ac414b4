"""The cells of the study, the most telling blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.sgd_sa.layout import Item, Layout
from escaping_minima.studies.sgd_sa.settings import Settings

#: Makes the cells of a group.
Items = Callable[[], Sequence[Item]]

#: Core-seconds below which several blocks share a job: starting one costs seconds.
JOB_COST = 60.0


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study.

    Raises
    ------
    UserError
        If nothing would be run.
    """
    groups = [group for group in _groups(Layout(settings), settings) if group[-1]]
    if not groups:
        raise UserError(
            "sgd_sa: found 0 for seeds, fashion_seeds, control_seeds, source_seeds, "
            "selection_seeds and small_seeds; allowed: at least one of them above 0; change one, "
            "or leave the study out of studies"
        )
    return [p for name, items, seeds in groups for p in _pack(name, items(), seeds)]


def _groups(layout: Layout, settings: Settings) -> list[tuple[str, Items, int]]:
    """Return (name, cells, seeds) in order of value; runs of one network are side by side."""
    control, source = settings.control_seeds, settings.source_seeds
    selection = settings.selection_seeds
    rest = ("resnet34",) if settings.all_networks else ()
    return [
        ("vgg16", partial(layout.main, "vgg16"), settings.seeds),
        ("controls", layout.telling_controls, control),
        ("resnet34", partial(layout.main, "resnet34"), settings.seeds),
        ("fashion", layout.fashion, settings.fashion_seeds),
        ("small", layout.small, settings.small_seeds),
        ("sources", partial(layout.sources, "vgg16"), source),
        ("further_controls", layout.controls, control),
        ("directions", layout.states, control),
        # apart: a job that makes a state may not wait for another that reads one
        ("directions_probes", layout.probes, control),
        ("selection", partial(layout.selection, "vgg16"), selection),
        ("selection_resnet34", partial(layout.selection, "resnet34"), selection),
        *((f"sources_{name}", partial(layout.sources, name), source) for name in rest),
        *((f"controls_{name}", partial(layout.telling_controls, name), control) for name in rest),
        *((f"further_controls_{name}", partial(layout.controls, name), control) for name in rest),
        ("numerics", layout.numerics, control if settings.precision != "float32" else 0),
    ]


def _pack(group: str, items: Sequence[Item], seeds: int) -> Iterator[PlannedCell]:
    """Spread blocks over jobs of JOB_COST or more, seed by seed over all cells of the group."""
    number, cost = 0, 0.0
    for seed in range(seeds):
        for item in items:
            if cost >= JOB_COST:
                number, cost = number + 1, 0.0
            cost += item.cell.cost
            job = f"{group}_{number:03d}"
            # families of claims name roles
            role = str(item.labels["role"])
            yield PlannedCell(item.cell, 1, job, item.labels, first=seed, group=role)
