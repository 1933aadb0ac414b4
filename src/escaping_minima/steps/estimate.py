"""Estimate: jobs, hours and disk space of a run, from a short calibration on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from escaping_minima.kinds.kind import kind_of
from escaping_minima.plan.gpus import count_gpus, uses_gpus
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.plan.run_plan import RunPlan, make_plan
from escaping_minima.results.blocks import block_status
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.trainer import companies, pieces

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

#: Bytes of one block's table and manifest on disk, measured on this study.
BLOCK_BYTES = 40_000
#: Seconds to start a job (import torch), and to collect, judge, render and build the site.
JOB_SECONDS = 4.0
REPORT_SECONDS = 60.0


def estimate(settings: Resolved, cores: int) -> list[str]:
    """Return the estimate as lines of text.

    Parameters
    ----------
    settings : Resolved
    cores : int
        Cores that will work at once.
    """
    plan = make_plan(settings)
    if not plan.jobs:
        return [f"published tables: nothing to train; about {REPORT_SECONDS:.0f} s to render"]
    cost = _seconds_per_block(plan)
    seconds = {
        job.key: _job_seconds(job, plan.paths, settings.rerun_stale, cost) for job in plan.jobs
    }
    left = {key: value for key, value in seconds.items() if value > 0}
    blocks = sum(c.blocks for job in plan.jobs for c in job.cells)
    todo = sum(
        _missing(c, job, plan.paths, settings.rerun_stale) for job in plan.jobs for c in job.cells
    )
    on_gpus = {job.key for job in plan.jobs if _is_on_gpu(job, settings.device)}
    slots = {True: max(count_gpus(), 1), False: cores}
    ends = [
        _schedule([s for key, s in left.items() if (key in on_gpus) == gpu], count)
        for gpu, count in slots.items()
    ]
    wall = max(ends) + REPORT_SECONDS
    free = shutil.disk_usage(_existing(plan.paths.root)).free
    return [
        f"scale {plan.label}: {len(left)} of {len(plan.jobs)} jobs and {todo} of {blocks} blocks "
        "are to run",
        f"training: {_words(sum(left.values()))} of one {'core or GPU' if on_gpus else 'core'}; "
        f"with {cores} core{'s' if cores > 1 else ''} and the report about {_words(wall)}",
        f"disk: {todo * BLOCK_BYTES / 1e6:.0f} MB in {plan.paths.base}, "
        f"where {free / 1e9:.1f} GB are free",
        *(f"  {key}: {_words(value)}" for key, value in sorted(left.items())),
    ]


def _seconds_per_block(plan: RunPlan) -> dict[str, float]:
    seconds: dict[str, float] = {}
    pack = plan.settings.runs_side_by_side or 0
    for job in plan.jobs:
        for group in companies(job.cells):
            unknown = [piece for piece in pieces(group) if piece.cell.id not in seconds]
            if unknown:
                kind = kind_of(group[0].cell)
                seconds |= kind.calibrate(unknown, plan.settings.device, pack)
    return seconds


def _is_on_gpu(job: Job, device: str) -> bool:
    return uses_gpus(device) and all(planned.cell.uses_gpu for planned in job.cells)


def _missing(planned: PlannedBlocks, job: Job, paths: ResultPaths, rerun_stale: bool) -> int:
    wanted = planned.source_hash if rerun_stale else None
    return sum(
        block_status(paths.block(job.study, planned.cell.id, b), planned.cell.id, wanted) != "done"
        for b in planned.indices
    )


def _job_seconds(
    job: Job, paths: ResultPaths, rerun_stale: bool, cost: Mapping[str, float]
) -> float:
    seconds = sum(_missing(c, job, paths, rerun_stale) * cost[c.cell.id] for c in job.cells)
    return seconds + JOB_SECONDS if seconds else 0.0


def _schedule(seconds: list[float], cores: int) -> float:
    """Return the time of the last of these jobs, started longest first on free cores."""
    ends = [0.0] * cores
    for value in sorted(seconds, reverse=True):
        ends[ends.index(min(ends))] += value
    return max(ends)


def _existing(path: Path) -> Path:
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
