"""Train: run the blocks of one job that are not there yet.

Needs torch, numpy, scipy, pandas and pyarrow alone.
"""

from __future__ import annotations

from pathlib import Path

from escaping_minima.errors import UserError
from escaping_minima.plan.jobs import read_plan
from escaping_minima.results.atomic import write_json
from escaping_minima.steps.stop_flag import stop_flag
from escaping_minima.steps.trainer import Trainer


def train(plan_path: Path, job_key: str) -> None:
    """Run what is left of a job.

    Only manifests decide what is left: cell, source hash and checksum. A block that is done is
    never computed again, whoever asks.

    Raises
    ------
    UserError
        If there is no such job, the device is missing, or the disk refuses (exit code 1).
    SystemExit
        143 after SIGTERM, 130 after SIGINT, once what was running has saved its state.
    """
    run, jobs = read_plan(plan_path)
    if job_key not in jobs:
        raise UserError(f"{plan_path}: there is no job {job_key!r}; it has {', '.join(jobs)}")
    job = jobs[job_key]
    with stop_flag() as stopped:
        trainer = Trainer(run, stopped)
        trainer.train(job.study, job.cells)
    mark = trainer.paths.trained(job.key)
    write_json(mark, [[c.cell.id, b] for c in job.cells for b in c.indices])
