"""On a GPU a job is a pack: several blocks of network training in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from escaping_minima.plan.jobs import Job, PlannedBlocks

#: Blocks in one job, where the configuration does not say how many run side by side: as many as run
#: at once at most. Where it says, twice as many, so that one that has ended is followed by another.
USUAL = 16


def pack_jobs(jobs: Iterable[Job], side_by_side: int | None) -> list[Job]:
    """Return the jobs with those that use a GPU gathered into packs, in the same order.

    A pack is of jobs that follow one another and bear one name for families of claims.

    Parameters
    ----------
    jobs : iterable of Job
    side_by_side : int or None
        Runs at once on a GPU, where the configuration says.
    """
    size = 2 * side_by_side if side_by_side else USUAL
    counts: Counter[tuple[str, str]] = Counter()
    found: list[Job] = []
    for (study, group, on_gpu), members in groupby(jobs, _company):
        if not on_gpu:
            found += members
            continue
        blocks = [block for job in members for planned in job.cells for block in _single(planned)]
        for pack in _chunks(blocks, size):
            name = f"{group}_pack_{counts[study, group]:03d}"
            found.append(Job(study, name, tuple(pack), group))
            counts[study, group] += 1
    return found


def _company(job: Job) -> tuple[str, str, bool]:
    """Return what jobs that follow one another have in common if they are to be one."""
    return job.study, job.group, all(planned.cell.uses_gpu for planned in job.cells)


def _single(planned: PlannedBlocks) -> Iterator[PlannedBlocks]:
    for index in planned.indices:
        yield replace(planned, blocks=1, first=index)


def _chunks(blocks: Sequence[PlannedBlocks], size: int) -> Iterator[Sequence[PlannedBlocks]]:
    for first in range(0, len(blocks), size):
        yield blocks[first : first + size]
