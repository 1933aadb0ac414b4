"""The cells of the study, the most telling blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.populations.layout import Item, Layout
from escaping_minima.studies.populations.names import SLUGS
from escaping_minima.studies.populations.settings import Settings
from escaping_minima.studies.populations.tasks import Task

#: Core-seconds below which several blocks share a job: starting one costs seconds.
JOB_COST = 60.0
#: Epochs of a trajectory for each model that is taken of it.
SHARE = 3


@dataclass(frozen=True)
class _Part:
    """Cells whose blocks are run one after another, task by task.

    Attributes
    ----------
    name : str
        That of its jobs.
    items : callable
        Makes the cells of a task.
    blocks : callable
        Says how many blocks each of these has.
    """

    name: str
    items: Callable[[Task], Sequence[Item]]
    blocks: Callable[[Task], int]


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study.

    Raises
    ------
    UserError
        If nothing would be run, or trajectories are too short for the sets taken of them.
    """
    _require_long(settings)
    layout = Layout(settings)
    planned = [cell for part in _parts(layout, settings) for cell in _pack(part, layout.tasks)]
    if not planned:
        names = ", ".join(f"{slug}_trajectories" for slug in SLUGS.values())
        raise UserError(
            f"populations: found nothing to run; allowed: one of {names} above 0, with base, "
            "search_trials or another part; change one, or leave the study out of studies"
        )
    return planned


def _require_long(settings: Settings) -> None:
    for name in ("epochs", "text_epochs"):
        epochs = getattr(settings, name)
        if epochs < SHARE * settings.models:
            raise UserError(
                f"populations.{name}: found {epochs}; allowed: {SHARE * settings.models} or more, "
                f"{SHARE} for each of {settings.models} models; change it or populations.models"
            )


def _parts(layout: Layout, settings: Settings) -> list[_Part]:
    """Return the parts in order of value: what is cheap and says what the rest is worth first.

    Searches are apart from what rests on them: a job may not wait for another of its own blocks.
    """
    search, acting = settings.search_trials, settings.acting_trials
    return [
        _Part("floor", layout.floors, lambda task: int(settings.floors)),
        _Part("activity", layout.activity, lambda task: int(settings.activity_grid > 0)),
        _Part("base", layout.base, lambda task: settings.base * task.trajectories),
        _Part("search", lambda task: layout.searches("tuned", task), lambda task: search),
        _Part(
            "tuned",
            lambda task: layout.tuned("tuned", task),
            lambda task: task.trajectories if search else 0,
        ),
        _Part("search_acting", lambda task: layout.searches("acting", task), lambda task: acting),
        _Part(
            "acting",
            lambda task: layout.tuned("acting", task),
            lambda task: task.trajectories if acting else 0,
        ),
        _Part("plain", layout.plain, lambda task: settings.plain_trajectories),
        _Part("monotonic", layout.monotonic, lambda task: settings.monotonic_trajectories),
    ]


def _pack(part: _Part, tasks: Sequence[Task]) -> Iterator[PlannedCell]:
    """Spread blocks over jobs of JOB_COST or more, block by block over all cells of a task."""
    number, cost = 0, 0.0
    for task in tasks:
        blocks = part.blocks(task)
        items = part.items(task) if blocks else ()
        for block in range(blocks):
            for item in items:
                if cost >= JOB_COST:
                    number, cost = number + 1, 0.0
                cost += item.cell.cost
                job = f"{part.name}_{number:03d}"
                # families of claims name roles
                role = str(item.labels["role"])
                yield PlannedCell(item.cell, 1, job, item.labels, first=block, group=role)
