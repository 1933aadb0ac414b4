"""Estimate: jobs, hours and disk space of a run, from a short calibration on this machine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escaping_minima.engine.batch_sizes import BatchSizes
from escaping_minima.plan.cells import Cell, PlaneCell, TrainingCell
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.plan.run_plan import RunPlan, make_plan
from escaping_minima.registry import load_method, load_problem
from escaping_minima.results.blocks import block_status
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.runners import SIDE_BY_SIDE, pieces, side_by_side

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

#: Steps of the calibration run of each method and problem.
CALIBRATION_STEPS = 200
#: What it costs to evaluate an image, in images trained on: measured at batches of 10 to 500.
EVALUATION_SHARE = 0.25
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
    wall = _schedule(list(left.values()), cores) + REPORT_SECONDS
    free = shutil.disk_usage(_existing(plan.paths.root)).free
    return [
        f"scale {plan.label}: {len(left)} of {len(plan.jobs)} jobs and {todo} of {blocks} blocks "
        "are to run",
        f"training: {_words(sum(left.values()))} of one core; with {cores} cores and the report "
        f"about {_words(wall)}",
        f"disk: {todo * BLOCK_BYTES / 1e6:.0f} MB in {plan.paths.base}, "
        f"where {free / 1e9:.1f} GB are free",
        *(f"  {key}: {_words(value)}" for key, value in sorted(left.items())),
    ]


def _seconds_per_block(plan: RunPlan) -> dict[str, float]:
    import torch

    torch.set_num_threads(1)
    rates: dict[tuple[Any, ...], float] = {}
    seconds = {}
    for group in (group for job in plan.jobs for group in side_by_side(job.cells)):
        cell = group[0].cell
        if isinstance(cell, TrainingCell):
            sizes = BatchSizes(**cell.batch_size)
            middle = sizes.size((cell.epochs + 1) // 2, cell.epochs)
            key: tuple[Any, ...] = (cell.problem, cell.method, middle)
            rates[key] = rates.get(key) or _seconds_per_image(cell, middle, plan.settings.device)
            seconds[cell.id] = rates[key] * cell.epochs * _images_an_epoch(cell.problem_settings)
        elif isinstance(cell, PlaneCell):
            together = pieces(group)[:SIDE_BY_SIDE]
            key = (cell.problem, cell.method, len(together))
            rates[key] = rates.get(key) or _seconds_per_step(cell, together)
            seconds |= {planned.cell.id: rates[key] * cell.steps for planned in group}
    return seconds


def _seconds_per_step(cell: PlaneCell, together: Sequence[tuple[Cell, int]]) -> float:
    """Return the cost of a step of one of the blocks that run together."""
    from escaping_minima.engine.run_blocks import BlockSettings, run_blocks

    function = load_problem(cell.problem, cell.problem_settings)
    methods = [load_method(c.method, c.method_settings) for c, _ in together]
    began = time.perf_counter()
    # one snapshot alone: else the basins of far starts would be timed, not the steps
    run_blocks(
        cell.problem,
        function,
        methods,
        CALIBRATION_STEPS,
        CALIBRATION_STEPS,
        [block for _, block in together],
        BlockSettings(),
    )
    return (time.perf_counter() - began) / CALIBRATION_STEPS / len(together)


def _seconds_per_image(cell: TrainingCell, size: int, device: str) -> float:
    """Return the cost of an image in training, from one epoch on generated data."""
    from escaping_minima.data.load import load_images
    from escaping_minima.engine.devices import resolve_training_device
    from escaping_minima.engine.run_training import TrainingSettings, run_training

    settings = dict(cell.problem_settings) | {"data": "generated"}
    generated = load_images(load_problem(cell.problem, settings).DATA_SET, "generated")
    settings["train_images"] = len(generated.train_images)
    settings["test_images"] = len(generated.test_images)
    result = run_training(
        cell.problem,
        load_problem(cell.problem, settings),
        generated,
        load_method(cell.method, cell.method_settings),
        BatchSizes(size, size),
        1,
        0,
        TrainingSettings(device=resolve_training_device(device)),
    )
    # the start is evaluated as well
    evaluated = EVALUATION_SHARE * (settings["train_images"] + settings["test_images"])
    return float(result.seconds / (_images_an_epoch(settings) + evaluated))


def _images_an_epoch(settings: Mapping[str, Any]) -> float:
    """Return what an epoch costs, in images trained on."""
    train, test = settings["train_images"], settings["test_images"]
    return float(train + EVALUATION_SHARE * (train + test))


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
