"""Collect: turn the blocks of a study into its compact tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.parts.studies import find_study
from escaping_minima.plan.jobs import Job, read_plan
from escaping_minima.results.blocks import block_status, read_block, set_aside
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables


def collect(plan_path: Path, study: str, output: Path | None, jobs: Sequence[str]) -> Path:
    """Write the collected tables of a study.

    Parameters
    ----------
    plan_path : Path
    study : str
    output : Path or None
        The study's folder of tables by default.
    jobs : sequence of str
        Collect only the cells of these groups of jobs of the study; empty means all.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UserError
        If a block is missing, the study is not in the plan, or a block does not match its
        manifest: it is then set aside, so that the next run computes it anew.
    """
    run, planned = read_plan(plan_path)
    chosen = [j for j in planned.values() if j.study == study and (not jobs or j.group in jobs)]
    if not chosen:
        raise UserError(f"{plan_path}: nothing planned for study {study!r}, jobs {list(jobs)}")
    paths = ResultPaths(Path(run["results"]), run["scale"])

    def read(cell: str, block: int) -> tuple[Any, dict[str, Any]]:
        try:
            return read_block(paths.block(study, cell, block), cell)
        except UserError:
            _set_corrupt_aside(chosen, paths)
            raise

    tables = find_study(study).collect([cell for job in chosen for cell in job.cells], read)
    folder = output or paths.tables(study)
    write_tables(folder, tables)
    return folder


def _set_corrupt_aside(jobs: Sequence[Job], paths: ResultPaths) -> None:
    moved = []
    for job in jobs:
        for planned in job.cells:
            for number in planned.indices:
                path = paths.block(job.study, planned.cell.id, number)
                if block_status(path, planned.cell.id, None) == "corrupt":
                    moved.append(set_aside(path))
    if moved:
        more = f" (and {len(moved) - 1} more blocks)" if len(moved) > 1 else ""
        raise UserError(
            f"{moved[0].with_suffix('')}: the block is corrupt{more}; it was set aside as "
            f"{moved[0].name}; start again: only what is corrupt is computed anew",
            exit_code=1,
        ) from None
