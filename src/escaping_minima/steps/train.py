"""Train: run the blocks of one job that are not there yet.

Needs torch, numpy, scipy, pandas and pyarrow alone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima import __version__
from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.run_blocks import BlockSettings, Interrupted, run_blocks
from escaping_minima.errors import UserError
from escaping_minima.plan.jobs import Job, PlannedBlocks, read_plan
from escaping_minima.provenance.circumstances import commit, machine, versions
from escaping_minima.registry import load_method, load_problem
from escaping_minima.results.atomic import write_json
from escaping_minima.results.blocks import block_status, manifest_path, write_block
from escaping_minima.results.locks import wait_for
from escaping_minima.results.paths import ResultPaths

#: Blocks of one cell that run in one tensor; more no longer pay.
SIDE_BY_SIDE = 10


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
    device = resolve_device(run["device"])
    circumstances = _circumstances(device)
    with _stop_flag() as stopped:
        for planned in job.cells:
            lock = paths.cell_lock(job.study, planned.cell.id)
            with wait_for(lock, f"cell {planned.cell.id}", stopped.leave_if_set):
                _train_cell(job, planned, run, paths, device, circumstances, stopped)
    write_json(paths.trained(job.key), {c.cell.id: c.blocks for c in job.cells})


def _train_cell(
    job: Job,
    planned: PlannedBlocks,
    run: dict[str, Any],
    paths: ResultPaths,
    device: str,
    circumstances: dict[str, Any],
    stopped: _StopFlag,
) -> None:
    wanted = None if run["keep_stale"] else planned.source_hash
    cell = planned.cell
    missing = [
        block
        for block in range(planned.blocks)
        if block_status(paths.block(job.study, cell.id, block), cell.id, wanted) != "done"
    ]
    for first in range(0, len(missing), SIDE_BY_SIDE):
        blocks = missing[first : first + SIDE_BY_SIDE]
        # the name carries blocks and sources: no other state may be resumed from this checkpoint
        name = f"b{'_'.join(map(str, blocks))}.{planned.source_hash}.pt"
        checkpoint = paths.checkpoints(job.study, cell.id) / name
        settings = BlockSettings(
            checkpoint=checkpoint,
            checkpoint_seconds=run["checkpoint_seconds"],
            should_stop=stopped,
            device=device,
        )
        try:
            _train_blocks(
                planned,
                {b: paths.block(job.study, cell.id, b) for b in blocks},
                settings,
                circumstances,
            )
        except Interrupted:
            print(f"stopped; cell {cell.id}, blocks {blocks} have saved their state", flush=True)
            raise SystemExit(128 + stopped.signal) from None
        checkpoint.unlink(missing_ok=True)


def _train_blocks(
    planned: PlannedBlocks,
    paths: dict[int, Path],
    settings: BlockSettings,
    circumstances: dict[str, Any],
) -> None:
    cell = planned.cell
    function = load_problem(cell.problem, cell.problem_settings)
    method = load_method(cell.method, cell.method_settings)
    began = time.monotonic()
    results = run_blocks(
        cell.problem, function, method, cell.steps, cell.snapshot_every, list(paths), settings
    )
    seconds = (time.monotonic() - began) / len(paths)
    for (block, path), columns in zip(paths.items(), results, strict=True):
        table = pd.DataFrame(columns)
        lost = int((~np.isfinite(table[["end_x", "end_y"]]).all(axis=1)).sum())
        manifest = {
            "cell_id": cell.id,
            "cell": cell.record(),
            "block": block,
            "source_hash": planned.source_hash,
            "outcome": "diverged" if lost == len(table) else "done",
            "diverged_replicates": lost,
            "gradient_evaluations": int(table["gradient_evaluations"].sum()),
            "loss_evaluations": int(table["loss_evaluations"].sum()),
            "wall_seconds": round(seconds, 3),
            "blocks_side_by_side": len(paths),
            "data": {},
            **circumstances,
        }
        # the old manifest goes first: a kill in between leaves "missing", never a wrong pair
        manifest_path(path).unlink(missing_ok=True)
        write_block(path, table, manifest)


def _circumstances(device: str) -> dict[str, Any]:
    import torch

    # one thread: a block's numbers must not depend on how many cores happened to be free
    torch.set_num_threads(1)
    head, dirty = commit(Path(__file__).parent)
    return {
        "commit": head,
        "dirty": dirty,
        "device": device,
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
