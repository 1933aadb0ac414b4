"""The cells of the study, the most telling blocks first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.escape import examined
from escaping_minima.studies.escape.layout import Item, Layout
from escaping_minima.studies.escape.settings import Settings
from escaping_minima.studies.escape.skip_cells import skip_items

#: Core-seconds below which several cells share a job: starting one costs seconds.
JOB_COST = 20.0


@dataclass(frozen=True)
class _Part:
    """Cells that are run one after another.

    Attributes
    ----------
    name, group : str
        Those of its jobs. A job is of one group, by which families of claims name it.
    items : sequence of Item
        The cells.
    blocks : range
        Of each of them.
    """

    name: str
    group: str
    items: Sequence[Item]
    blocks: range


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study."""
    return [*_pack(_parts(Layout(settings), settings)), *skip_items(settings)]


def _parts(layout: Layout, settings: Settings) -> list[_Part]:
    """Return the parts in order of value: the first block of all, then the others.

    Searches are apart from what rests on them: a job may not wait for another of its own blocks.
    """
    first, more = range(1), range(1, settings.blocks)
    looked = [
        *(*examined.gradients(), *examined.critical(settings), *examined.leaving(settings)),
        *examined.trees(settings),
    ]
    plain = [
        *(*layout.rates(), *layout.restarts(), *layout.resets(), *layout.batches()),
        *layout.posterior(),
    ]
    tuned = [
        *(*layout.arena(), *layout.coolings(), *layout.sources(), *layout.networks()),
        *layout.cheap(),
    ]
    without = layout.without()
    return [
        _Part("examine", "examine", looked, first),
        _Part("plain", "plain", plain, first),
        _Part("search", "search", layout.searches(), first),
        _Part("tuned", "tuned", tuned, first),
        _Part("without", "without", without, first),
        _Part("plain_more", "plain", plain, more),
        _Part("tuned_more", "tuned", tuned, more),
        _Part("without_more", "without", without, more),
    ]


def _pack(parts: Sequence[_Part]) -> Iterator[PlannedCell]:
    """Spread the cells of each part over jobs of JOB_COST or more."""
    for part in parts:
        number, cost = 0, 0.0
        count = len(part.blocks)
        for item in part.items if count else ():
            if cost >= JOB_COST:
                number, cost = number + 1, 0.0
            cost += count * item.cell.cost
            job = f"{part.name}_{number:03d}"
            yield PlannedCell(
                item.cell, count, job, item.labels, first=part.blocks.start, group=part.group
            )
