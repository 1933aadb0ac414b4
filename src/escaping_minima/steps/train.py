"""Train: run the blocks of one job that are not there yet.

Needs torch, numpy, scipy, pandas and pyarrow alone.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from escaping_minima import __version__
from escaping_minima.errors import UserError
from escaping_minima.plan.jobs import Job, PlannedBlocks, read_plan
from escaping_minima.provenance.circumstances import commit, machine, versions
from escaping_minima.results.atomic import write_json
from escaping_minima.results.blocks import block_status, manifest_path, write_block
from escaping_minima.results.locks import wait_for
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.runners import FinishedBlock, Interrupted, Surroundings, run_missing


def train(plan_path: Path, job_key: str) -> None:
    """Run what is left of a job.

    Only manifests decide what is left: cell, source hash and checksum. A block that is done is
    never computed again, whoever asks.

    Raises
    ------
    UserError
        If there is no such job, the device is missing, or the disk refuses (exit code 1).
    SystemExit
        143 after SIGTERM, 130 after SIGINT, once the running block has saved its state.
    """
    run, jobs = read_plan(plan_path)
    if job_key not in jobs:
        raise UserError(f"{plan_path}: there is no job {job_key!r}; it has {', '.join(jobs)}")
    job = jobs[job_key]
    paths = ResultPaths(Path(run["results"]), run["scale"])
    circumstances = _circumstances()
    with _stop_flag() as stopped:
        for planned in job.cells:
            lock = paths.cell_lock(job.study, planned.cell.id, planned.first)
            with wait_for(lock, f"cell {planned.cell.id}", stopped.leave_if_set):
                _train_cell(job, planned, run, paths, circumstances, stopped)
    write_json(paths.trained(job.key), [[c.cell.id, b] for c in job.cells for b in c.indices])


def _train_cell(
    job: Job,
    planned: PlannedBlocks,
    run: dict[str, Any],
    paths: ResultPaths,
    circumstances: dict[str, Any],
    stopped: _StopFlag,
) -> None:
    wanted = None if run["keep_stale"] else planned.source_hash
    cell = planned.cell
    missing = [
        block
        for block in planned.indices
        if block_status(paths.block(job.study, cell.id, block), cell.id, wanted) != "done"
    ]
    folder = paths.checkpoints(job.study, cell.id)
    around = Surroundings(
        device=run["device"],
        checkpoint_seconds=run["checkpoint_seconds"],
        should_stop=stopped,
        data_folder=Path(run["data_folder"]) if run["data_folder"] else None,
        gpu_locks=paths.root / "gpus",
    )
    try:
        for finished in run_missing(cell, missing, folder, planned.source_hash, around):
            for one in finished:
                _write(one, planned, paths.block(job.study, cell.id, one.block), circumstances)
    except Interrupted:
        print(f"stopped; what was running of cell {cell.id} has saved its state", flush=True)
        raise SystemExit(128 + stopped.signal) from None


def _write(
    finished: FinishedBlock, planned: PlannedBlocks, path: Path, circumstances: dict[str, Any]
) -> None:
    manifest = {
        "cell_id": planned.cell.id,
        "cell": planned.cell.record(),
        "block": finished.block,
        "source_hash": planned.source_hash,
        **circumstances,
        **finished.manifest,
    }
    # the old manifest goes first: a kill in between leaves "missing", never a wrong pair
    manifest_path(path).unlink(missing_ok=True)
    write_block(path, finished.table, manifest)


def _circumstances() -> dict[str, Any]:
    import torch

    # one thread: a block's numbers must not depend on how many cores happened to be free
    torch.set_num_threads(1)
    head, dirty = commit(Path(__file__).parent)
    return {
        "commit": head,
        "dirty": dirty,
        "machine": machine(),
        "versions": versions(),
        "package": __version__,
        "threads": 1,
    }


class _StopFlag:
    """Set by a signal, asked by the running block."""

    def __init__(self) -> None:
        self.signal = 0

    def __call__(self) -> bool:
        return self.signal != 0

    def leave_if_set(self) -> None:
        """End the process as the signal asked."""
        if self.signal:
            raise SystemExit(128 + self.signal)

    def catch(self, number: int, frame: FrameType | None) -> None:
        self.signal = number


@contextmanager
def _stop_flag() -> Iterator[_StopFlag]:
    flag = _StopFlag()
    previous: dict[int, Callable[..., Any] | int | None] = {
        number: signal.signal(number, flag.catch) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield flag
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
