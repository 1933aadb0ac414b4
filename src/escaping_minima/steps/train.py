"""Train: run the blocks of one job that are not there yet.

Needs torch, numpy, scipy, pandas and pyarrow alone.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import Cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, read_plan
from escaping_minima.provenance.circumstances import circumstances
from escaping_minima.results.atomic import write_json
from escaping_minima.results.blocks import block_status, manifest_path, write_block
from escaping_minima.results.locks import wait_for
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.runners import (
    FinishedBlock,
    Interrupted,
    Surroundings,
    pieces,
    present_data,
    run_missing,
    side_by_side,
)


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
    surroundings = _circumstances()
    with _stop_flag() as stopped:
        for group in side_by_side(job.cells):
            with _locked(job, group, paths, stopped):
                _train_group(job, group, run, paths, surroundings, stopped)
    write_json(paths.trained(job.key), [[c.cell.id, b] for c in job.cells for b in c.indices])


def _missing(
    job: Job,
    group: Sequence[PlannedBlocks],
    keep_stale: bool,
    paths: ResultPaths,
    around: Surroundings,
) -> list[tuple[Cell, int]]:
    """Return the blocks of a group that are not there, or rest on other sources or data."""
    wanted = None if keep_stale else group[0].source_hash
    files = {(cell.id, b): paths.block(job.study, cell.id, b) for cell, b in pieces(group)}
    # the data are read to be compared only where there is something to compare them with
    data = present_data(group[0].cell, around) if any(f.exists() for f in files.values()) else None
    return [
        (cell, block)
        for cell, block in pieces(group)
        if block_status(files[cell.id, block], cell.id, wanted, data) != "done"
    ]


@contextmanager
def _locked(
    job: Job, group: Sequence[PlannedBlocks], paths: ResultPaths, stopped: _StopFlag
) -> Iterator[None]:
    """Hold the locks of a group of cells."""
    locks = {paths.cell_lock(job.study, c.cell.id, c.first): c.cell.id for c in group}
    with ExitStack() as held:
        # everyone takes them in the order of their names, so that no two wait for each other
        for lock in sorted(locks):
            held.enter_context(wait_for(lock, f"cell {locks[lock]}", stopped.leave_if_set))
        yield


def _train_group(
    job: Job,
    group: Sequence[PlannedBlocks],
    run: dict[str, Any],
    paths: ResultPaths,
    circumstances: dict[str, Any],
    stopped: _StopFlag,
) -> None:
    # the cells of a group have method and problem in common, hence their sources
    source_hash = group[0].source_hash
    around = Surroundings(
        device=run["device"],
        checkpoint_seconds=run["checkpoint_seconds"],
        should_stop=stopped,
        data_folder=Path(run["data_folder"]) if run["data_folder"] else None,
        accepted=tuple(run["accept_checksums"]),
        # a GPU belongs to the machine: runs with other result folders share it
        gpu_locks=Path(tempfile.gettempdir()) / f"escaping-minima-gpus-{os.getuid()}",
    )
    missing = _missing(job, group, run["keep_stale"], paths, around)
    folder = paths.checkpoints(job.study, group[0].cell.id)
    try:
        for finished in run_missing(missing, folder, source_hash, around):
            for one in finished:
                path = paths.block(job.study, one.cell.id, one.block)
                _write(one, source_hash, path, circumstances)
    except Interrupted:
        print(f"stopped; what was running of {_names(group)} has saved its state", flush=True)
        raise SystemExit(128 + stopped.signal) from None


def _names(group: Sequence[PlannedBlocks]) -> str:
    first, others = group[0].cell.id, len(group) - 1
    return f"cell {first}" + (f" and {others} beside it" if others else "")


def _write(
    finished: FinishedBlock, source_hash: str, path: Path, circumstances: dict[str, Any]
) -> None:
    manifest = {
        "cell_id": finished.cell.id,
        "cell": finished.cell.record(),
        "block": finished.block,
        "source_hash": source_hash,
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
    return circumstances()


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
