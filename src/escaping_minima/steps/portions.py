"""What is handed to a trainer at once: on a GPU as many jobs as keep the card full."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from escaping_minima.engine.devices import resolve_training_device
from escaping_minima.kinds.training.width import WIDTHS
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.steps.trainer import companies, company_of

#: The most runs that are worth having side by side on any card.
PACK = max(width for _, width in WIDTHS)


@dataclass(frozen=True)
class Portion:
    """What a trainer runs in one go.

    Attributes
    ----------
    study : str
    groups : tuple of list of PlannedBlocks
        Groups of one company, in order of value.
    """

    study: str
    groups: tuple[list[PlannedBlocks], ...]


def portions(
    jobs: Sequence[Job], device: str, count_missing: Callable[[Portion], int]
) -> Iterator[Portion]:
    """Hand out jobs in order of value.

    Parameters
    ----------
    jobs : sequence of Job
    device : str
        "auto", "cpu" or "cuda".
    count_missing : callable
        Returns how many blocks of a portion are left to run; asked when its turn comes.

    Yields
    ------
    Portion
        One group of one job; of networks on a GPU, those of later jobs of the same study and
        company too, until there are `PACK` runs, unless they rest on what is still to be run. More
        would not wait for their turn: a kernel starts the longest first.
    """
    waiting = [Portion(job.study, (group,)) for job in jobs for group in companies(job.cells)]
    on_gpu = any(_uses_gpu(one) for one in waiting) and resolve_training_device(device) == "cuda"
    while waiting:
        if on_gpu and _uses_gpu(waiting[0]):
            portion, waiting = _fill(waiting, count_missing)
        else:
            portion = waiting.pop(0)
        yield portion


def _fill(
    waiting: Sequence[Portion], count_missing: Callable[[Portion], int]
) -> tuple[Portion, list[Portion]]:
    """Return the first with those that may run beside it, and the others."""
    taken: list[Portion] = []
    others: list[Portion] = []
    runs = 0
    before: set[str] = set()
    for one in waiting:
        cells = [planned.cell for planned in one.groups[0]]
        is_ready = before.isdisjoint(other for cell in cells for other in cell.rests_on)
        if runs < PACK and is_ready and _company(one) == _company(waiting[0]):
            taken.append(one)
            runs += count_missing(one)
        else:
            others.append(one)
        before |= {cell.id for cell in cells}
    return Portion(waiting[0].study, tuple(g for one in taken for g in one.groups)), others


def _company(portion: Portion) -> tuple[str, str]:
    return portion.study, company_of(portion.groups[0][0].cell)


def _uses_gpu(portion: Portion) -> bool:
    return portion.groups[0][0].cell.uses_gpu
