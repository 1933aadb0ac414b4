"""On a GPU a job is a pack: several blocks of network training in one process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from escaping_minima.plan.jobs import Job, PlannedBlocks

#: Blocks in one job, where the configuration does not say how many run side by side: as many as run
#: at once at most. Where it says, twice as many, so that one that has ended is followed by another.
USUAL = 16


def pack_jobs(jobs: Iterable[Job], side_by_side: int | None) -> list[Job]:
    """Return the jobs with those that use a GPU gathered into packs.

    Packs do not cross the groups of jobs that families of claims name, and keep the order.

    Parameters
    ----------
    jobs : iterable of Job
    side_by_side : int or None
        Runs at once on a GPU, where the configuration says.
    """
    size = 2 * side_by_side if side_by_side else USUAL
    together: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        alone = not all(planned.cell.uses_gpu for planned in job.cells)
        together.setdefault((job.study, job.key if alone else job.group), []).append(job)
    return [packed for members in together.values() for packed in _pack(members, size)]


def _pack(members: Sequence[Job], size: int) -> Iterator[Job]:
    """Gather the jobs of a group; one that does not use a GPU stands alone and stays."""
    first = members[0]
    if not all(planned.cell.uses_gpu for planned in first.cells):
        yield from members
        return
    blocks = [block for job in members for planned in job.cells for block in _single(planned)]
    for number, pack in enumerate(_chunks(blocks, size)):
        yield Job(first.study, f"{first.group}_pack_{number:03d}", tuple(pack), first.group)


def _single(planned: PlannedBlocks) -> Iterator[PlannedBlocks]:
    for index in planned.indices:
        yield replace(planned, blocks=1, first=index)


def _chunks(blocks: Sequence[PlannedBlocks], size: int) -> Iterator[Sequence[PlannedBlocks]]:
    for first in range(0, len(blocks), size):
        yield blocks[first : first + size]
