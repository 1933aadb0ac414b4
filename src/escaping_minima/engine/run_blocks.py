"""Run blocks on a function of the plane: the loop, its checkpoints, and what it measures.

Blocks of a function of the plane are small, so several of them run side by side in one tensor,
which spares most of the cost of an operation: blocks of one cell, and of cells that differ in
their radius alone. Every operation works on each replicate alone, so a block's numbers are the
same whatever runs beside it; the tests compare them bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.engine.plane import BallNoise, PlaneObjective
from escaping_minima.engine.side_by_side import join
from escaping_minima.engine.streams import PAGE, Streams
from escaping_minima.engine.training_checkpoints import TrainingCheckpoint
from escaping_minima.landscape.basins import count_basins
from escaping_minima.problems.plane import BLOCK, PlaneFunction, draw_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.methods.protocol import Method, State


class Interrupted(Exception):  # noqa: N818 - a request obeyed, not an error
    """The block was asked to stop; its state is in the checkpoint."""


@dataclass(frozen=True)
class BlockSettings:
    """What the outside decides about a run without touching its numbers.

    Attributes
    ----------
    checkpoint : Path or None
        Where the state is kept while the blocks run; it belongs to this list of blocks.
    checkpoint_seconds : float
        At least this long between two checkpoints.
    should_stop : callable
        Asked between pages of steps; true means: save and raise Interrupted.
    device : str
        A torch device.
    """

    checkpoint: Path | None = None
    checkpoint_seconds: float = 30.0
    should_stop: Callable[[], bool] = bool
    device: str = "cpu"


@dataclass
class _Run:
    """The state between two steps: all that a checkpoint holds."""

    step: int
    w: torch.Tensor
    state: State
    objective: PlaneObjective
    snapshots: list[NDArray[np.float64]]


def run_blocks(
    problem_name: str,
    function: PlaneFunction,
    methods: Sequence[Method],
    steps: int,
    snapshot_every: int,
    blocks: Sequence[int],
    settings: BlockSettings,
) -> list[dict[str, NDArray[Any]]]:
    """Run blocks of BLOCK starts each of a function of the plane, side by side.

    Parameters
    ----------
    problem_name : str
        Names the random streams.
    function : PlaneFunction
        What is minimised.
    methods : sequence of Method
        How, for each block; equal but for their radius.
    steps : int
        Iterations of the method.
    snapshot_every : int
        Steps between the points of a trajectory whose basins are counted.
    blocks : sequence of int
        Indices of the blocks.
    settings : BlockSettings

    Returns
    -------
    list of dict of ndarray, one for each block, each array of shape (BLOCK,)
        ``start_x, start_y, end_x, end_y, loss, gradient_norm, gradient_evaluations,
        loss_evaluations, basins``. A diverged replicate has non-finite or huge end points.

    Raises
    ------
    ValueError
        If the methods differ in more than their radius.
    Interrupted
        If ``should_stop`` said so; a later call goes on from the checkpoint, bit for bit.
    """
    device = torch.device(settings.device)
    streams = [Streams(problem_name, block) for block in blocks]
    starts = np.concatenate([draw_starts(function, s) for s in streams])
    with torch.inference_mode():
        method = join(methods, BLOCK, device)
        run = _start(function, method, starts, device)
        if settings.checkpoint is not None:
            _restore(run, settings.checkpoint)
        noise = BallNoise(streams, BLOCK, 2, device)
        _advance(run, method, noise, steps, snapshot_every, settings)
        method.finish(run.w, run.state, run.objective)
        columns = _measure(run, starts)
    return [
        {name: column[i * BLOCK : (i + 1) * BLOCK] for name, column in columns.items()}
        for i in range(len(blocks))
    ]


def _start(
    function: PlaneFunction, method: Method, starts: NDArray[np.float64], device: torch.device
) -> _Run:
    # columns of the block are contiguous: x and y are read as whole vectors in every evaluation
    w = torch.from_numpy(starts.T.copy()).to(device).T
    return _Run(0, w, method.start(w), PlaneObjective(function, len(starts), device), [])


def _advance(
    run: _Run,
    method: Method,
    noise: BallNoise,
    steps: int,
    snapshot_every: int,
    settings: BlockSettings,
) -> None:
    saved_at = time.monotonic()
    while run.step < steps:
        if run.step % PAGE == 0:
            stop = settings.should_stop()
            due = time.monotonic() - saved_at >= settings.checkpoint_seconds
            if settings.checkpoint is not None and (stop or due):
                TrainingCheckpoint(settings.checkpoint).save(_pack(run))
                saved_at = time.monotonic()
            if stop:
                raise Interrupted
        if run.step % snapshot_every == 0:
            run.snapshots.append(run.w.cpu().numpy().copy())
        noise.step = run.step
        method.step(run.w, run.state, run.objective, noise)
        run.step += 1


def _measure(run: _Run, starts: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    end = run.w.cpu().numpy().copy()
    function = run.objective.function
    with np.errstate(all="ignore"):
        loss = function.value(end[:, 0], end[:, 1])
        gradient_norm = np.hypot(*function.gradient(end[:, 0], end[:, 1]))
    return {
        "start_x": starts[:, 0],
        "start_y": starts[:, 1],
        "end_x": end[:, 0],
        "end_y": end[:, 1],
        "loss": loss,
        "gradient_norm": gradient_norm,
        "gradient_evaluations": _counts(run.objective.gradient_evaluations),
        "loss_evaluations": _counts(run.objective.loss_evaluations),
        "basins": count_basins(function, np.stack([*run.snapshots, end])),
    }


def _counts(evaluations: torch.Tensor) -> NDArray[np.int64]:
    return evaluations[:, 0].cpu().numpy().astype(np.int64)


def _pack(run: _Run) -> dict[str, Any]:
    return {
        "step": run.step,
        "w": run.w,
        "state": run.state,
        "gradient_evaluations": run.objective.gradient_evaluations,
        "loss_evaluations": run.objective.loss_evaluations,
        "snapshots": torch.from_numpy(np.array(run.snapshots)),
    }


def _restore(run: _Run, path: Path) -> None:
    packed = TrainingCheckpoint(path).load()
    if packed is None:
        return
    run.step = packed["step"]
    run.w.copy_(packed["w"])
    for name, tensor in packed["state"].items():
        run.state[name].copy_(tensor)
    run.objective.gradient_evaluations.copy_(packed["gradient_evaluations"])
    run.objective.loss_evaluations.copy_(packed["loss_evaluations"])
    run.snapshots.extend(packed["snapshots"].numpy())
