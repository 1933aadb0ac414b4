"""The cells of the study, the most telling blocks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.modality.layout import SAMPLE, Item, Layout
from escaping_minima.studies.modality.settings import MNIST_BLOCK, Settings

#: Core-seconds below which several blocks share a job: starting one costs seconds.
JOB_COST = 60.0


@dataclass(frozen=True)
class _Part:
    """Some blocks of some cells that are run one after another.

    Attributes
    ----------
    name : str
        That of its jobs.
    items : callable
        Makes the cells.
    blocks : range
        Of each of them.
    """

    name: str
    items: Callable[[], Sequence[Item]]
    blocks: range


@dataclass(frozen=True)
class PricedCell:
    """A planned block with the core-seconds that it takes.

    Attributes
    ----------
    planned : PlannedCell
    seconds : float
    """

    planned: PlannedCell
    seconds: float


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study.

    Raises
    ------
    UserError
        If nothing would be run.
    """
    planned = [priced.planned for priced in price_cells(settings)]
    if not planned:
        raise UserError(
            "modality: found 0 for xor_samples, xor_large_samples, mnist_walks and control_walks; "
            "allowed: at least one of them above 0; change one, or leave the study out of studies"
        )
    return planned


def price_cells(settings: Settings) -> list[PricedCell]:
    """Lay out every cell of the study with what it takes; none if nothing would be run."""
    parts = _parts(Layout(settings), settings)
    return [priced for part in parts if part.blocks for priced in _pack(part)]


def _parts(layout: Layout, settings: Settings) -> list[_Part]:
    """Return the parts in order of value: a first sample of all that XOR has, then the rest.

    A part that reads what another keeps is one of its own: a job that makes points may not wait for
    another that reads them. So is each role, since a job has one name for families of claims.
    """
    small = _samples(min(1, settings.xor_samples))
    large = _samples(min(1, settings.xor_large_samples))
    control = range(settings.control_walks // MNIST_BLOCK)
    return [
        _Part("xor_small", layout.xor_small_walks, small),
        _Part("xor_large", layout.xor_large_walks, large),
        _Part("xor_small_curvature", partial(layout.xor_curvature, large=False), small),
        _Part("xor_large_curvature", partial(layout.xor_curvature, large=True), large),
        _Part("xor_random", layout.xor_random, small if settings.xor_controls else range(0)),
        _Part("xor_descents", layout.xor_descents, small[: settings.descent_blocks]),
        _Part("mnist", layout.mnist_walks, range(settings.mnist_walks // MNIST_BLOCK)),
        _Part("mnist_random", layout.mnist_random, control),
        _Part("mnist_two_draws", layout.mnist_two_draws, control),
        _Part("mnist_long_steps", layout.mnist_long_steps, control),
        _Part("xor_small_more", layout.xor_small_walks, _samples(settings.xor_samples, 1)),
        _Part("xor_large_more", layout.xor_large_walks, _samples(settings.xor_large_samples, 1)),
    ]


def _samples(count: int, first: int = 0) -> range:
    """Return the blocks of samples, from one of them on."""
    return range(SAMPLE * first, SAMPLE * count)


def _pack(part: _Part) -> Iterator[PricedCell]:
    """Spread blocks over jobs of JOB_COST or more, block by block over all cells of the part."""
    number, cost = 0, 0.0
    items = part.items()
    for block in part.blocks:
        for item in items:
            if cost >= JOB_COST:
                number, cost = number + 1, 0.0
            cost += item.seconds
            job = f"{part.name}_{number:03d}"
            # families of claims name what is learnt and roles
            group = f"{item.labels['data_set']}_{item.labels['role']}"
            planned = PlannedCell(item.cell, 1, job, item.labels, first=block, group=group)
            yield PricedCell(planned, item.seconds)
