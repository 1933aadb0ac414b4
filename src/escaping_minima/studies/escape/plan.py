"""The cells of the study, the most telling blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.escape import examined
from escaping_minima.studies.escape.layout import Item, Layout
from escaping_minima.studies.escape.settings import Settings

#: Core-seconds below which several cells share a job: starting one costs seconds.
JOB_COST = 30.0


@dataclass(frozen=True)
class _Part:
    """Cells that are run one after another, block by block.

    Attributes
    ----------
    name, group : str
        Those of its jobs. A job is of one group, by which families of claims name it.
    items : callable
        Makes the cells.
    blocks : range
        Of each of them.
    """

    name: str
    group: str
    items: Callable[[], Sequence[Item]]
    blocks: range


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study."""
    return list(_pack(_parts(Layout(settings), settings)))


def _parts(layout: Layout, settings: Settings) -> list[_Part]:
    """Return the parts in order of value: the first block of all, then the others.

    Searches are apart from what rests on them: a job may not wait for another of its own blocks.
    """
    first, more = range(1), range(1, settings.blocks)
    untuned = (layout.rates, layout.restarts, layout.resets, layout.batches, layout.posterior)
    tuned = (layout.arena, layout.coolings, layout.sources, layout.networks, layout.cheap)
    looked = (
        *(examined.gradients, partial(examined.critical, settings)),
        *(partial(examined.leaving, settings), examined.trees),
    )
    return [
        *(_Part("examine", "examine", items, first) for items in looked),
        *(_Part("plain", "plain", items, first) for items in untuned),
        _Part("search", "search", layout.searches, first),
        *(_Part("tuned", "tuned", items, first) for items in tuned),
        _Part("without", "without", layout.without, first),
        *(_Part("plain_more", "plain", items, more) for items in untuned),
        *(_Part("tuned_more", "tuned", items, more) for items in tuned),
        _Part("without_more", "without", layout.without, more),
    ]


def _pack(parts: Sequence[_Part]) -> Iterator[PlannedCell]:
    """Spread blocks over jobs of JOB_COST or more, block by block over all cells of a part."""
    spent: dict[str, tuple[int, float]] = {}
    for part in parts:
        items = part.items() if part.blocks else ()
        for block in part.blocks:
            for item in items:
                number, cost = spent.get(part.name, (0, 0.0))
                if cost >= JOB_COST:
                    number, cost = number + 1, 0.0
                spent[part.name] = number, cost + item.cell.cost
                job = f"{part.name}_{number:03d}"
                yield PlannedCell(item.cell, 1, job, item.labels, first=block, group=part.group)
