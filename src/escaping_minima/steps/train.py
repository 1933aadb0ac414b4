"""Train: run the blocks of jobs that are not there yet, for as long as there is time.

Needs torch, numpy, scipy, pandas and pyarrow alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_json
from escaping_minima.plan.jobs import Job, needed_jobs, read_plan
from escaping_minima.steps.left import what_is_left
from escaping_minima.steps.portions import Portion, portions
from escaping_minima.steps.stop_flag import stop_flag
from escaping_minima.steps.time_limit import TimeLimit
from escaping_minima.steps.trainer import Trainer

#: What a commit given by hand must look like: names such as HEAD mean another one elsewhere.
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def train(
    plan_path: Path,
    job_key: str | None = None,
    studies: Sequence[str] = (),
    limit: TimeLimit | None = None,
    commit: str = "",
    results: Path | None = None,
) -> list[str]:
    """Run what is left of jobs, in the plan's order of value.

    Only manifests decide what is left: cell, source hash and checksum. A block that is done is
    never computed again, whoever asks.

    Parameters
    ----------
    plan_path : Path
    job_key : str, optional
        This job alone.
    studies : sequence of str
        Jobs of these alone; empty means all.
    limit : TimeLimit, optional
        What runs when it is over saves its state.
    commit : str, optional
        The commit of the sources, for a copy of them outside a checkout.
    results : Path, optional
        The results folder; the plan's by default.

    Returns
    -------
    list of str
        Lines that say what is left; none for one whole job.

    Raises
    ------
    UserError
        If there is no such job, study or commit (exit code 2), the device is missing, or the disk
        refuses (exit code 1).
    SystemExit
        143 after SIGTERM, 130 after SIGINT, 129 after SIGHUP, once what was running has saved its
        state.
    """
    run, jobs = read_plan(plan_path)
    chosen = _choose(plan_path, jobs, job_key, studies)
    if commit and not _COMMIT.fullmatch(commit):
        raise UserError(f"--commit: found {commit!r}; allowed: 7 or more hex digits of a commit")
    if results is not None:
        run["results"] = str(results)
    limit = limit or TimeLimit()
    with stop_flag() as stopped:
        trainer = Trainer(run, stopped, limit, commit)
        whole = _train_in_turn(trainer, chosen, run["device"])
        if whole:
            for job in chosen:
                blocks = [[c.cell.id, b] for c in job.cells for b in c.indices]
                write_json(trainer.paths.trained(job.key), blocks)
        if whole and job_key:
            return []
        return what_is_left(trainer, chosen)


def _choose(
    plan_path: Path, jobs: Mapping[str, Job], job_key: str | None, studies: Sequence[str]
) -> list[Job]:
    if job_key is not None and job_key not in jobs:
        raise UserError(f"{plan_path}: there is no job {job_key!r}; it has {', '.join(jobs)}")
    planned = dict.fromkeys(job.study for job in jobs.values())
    for study in studies:
        if study not in planned:
            allowed = ", ".join(planned)
            raise UserError(f"{plan_path}: nothing of study {study!r}; it has {allowed}")
    wanted = [jobs[job_key]] if job_key is not None else list(jobs.values())
    chosen = [job for job in wanted if not studies or job.study in studies]
    if not chosen:
        raise UserError(f"{plan_path}: found no job {job_key!r} of {', '.join(studies)}")
    return _needed_first(chosen)


def _needed_first(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs in their order, but each after those whose blocks it reads."""
    found: dict[str, Job] = {}

    def add(job: Job) -> None:
        if job.key not in found:
            for other in needed_jobs(job, jobs):
                add(other)
            found[job.key] = job

    for job in jobs:
        add(job)
    return list(found.values())


def _train_in_turn(trainer: Trainer, jobs: Sequence[Job], device: str) -> bool:
    """Return whether all of it is there now."""

    def count_missing(portion: Portion) -> int:
        return sum(len(trainer.missing(portion.study, group)) for group in portion.groups)

    turns = portions(jobs, device, count_missing)
    return all(trainer.train(turn.study, turn.groups) for turn in turns)
