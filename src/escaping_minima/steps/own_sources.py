"""Whether a plan was made from the sources that are about to run it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escaping_minima.errors import UserError
from escaping_minima.plan.jobs import read_plan
from escaping_minima.provenance.sources import cell_hashes


def require_own_sources(
    plan_path: Path, job_key: str | None = None, studies: Sequence[str] = ()
) -> None:
    """See that blocks will bear the hash of the sources that compute them, which the plan names.

    The command asks this before it trains; `escaping_minima.steps.train.train` itself takes the
    hashes as they come.

    Parameters
    ----------
    plan_path : Path
    job_key : str, optional
        This job alone.
    studies : sequence of str
        Jobs of these alone; empty means all.

    Raises
    ------
    UserError
        If a cell of these jobs has another source hash in the plan than here (exit code 1).
    """
    _, jobs = read_plan(plan_path)
    planned = {
        blocks.cell.id: blocks
        for job in jobs.values()
        if job_key in (None, job.key) and (not studies or job.study in studies)
        for blocks in job.cells
    }
    own = cell_hashes([blocks.cell for blocks in planned.values()])
    for blocks, here in zip(planned.values(), own, strict=True):
        if blocks.source_hash != here:
            raise UserError(
                f"{plan_path}: made from other sources: cell {blocks.cell.id} has the source hash "
                f"{blocks.source_hash} there and {here} here; make it again with 'escaping-minima "
                "plan', or run it with the sources that it was made from",
                exit_code=1,
            )
