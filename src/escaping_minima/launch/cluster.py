"""What a cluster needs of the machine that submits to it."""

from __future__ import annotations

import shutil

from escaping_minima.errors import UserError

#: The command that submits a job, by the name of Snakemake's executor.
_SUBMITS = {"slurm": "sbatch"}


def require_cluster(executor: str) -> None:
    """Refuse an executor that has nothing to submit jobs with here.

    Each job would be tried, and its failure told, before a run ended.

    Parameters
    ----------
    executor : str
        Snakemake's name of it.

    Raises
    ------
    UserError
        Exit code 1.
    """
    command = _SUBMITS.get(executor)
    if command and not shutil.which(command):
        raise UserError(
            f"executor: found {executor!r}, but there is no {command} in PATH; start on a machine "
            "that submits to the cluster, or leave out the profile to run here",
            exit_code=1,
        )
