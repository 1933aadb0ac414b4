"""Run blocks of a small problem: the loop over steps, whole.

Blocks of a small problem are cheap, so several of them run side by side in one tensor, which spares
most of the cost of an operation: blocks of one cell, and of cells that differ in their radius
alone. Every operation works on each replicate alone, so a block's numbers are the same whatever
runs beside it; the tests compare them bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.points_objective import PointsObjective, evaluator, is_of_rows
from escaping_minima.engine.session import Session, Stopped
from escaping_minima.engine.side_by_side import join
from escaping_minima.problems.points import draw_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.methods.protocol import Method, State
    from escaping_minima.observers.watchers import PointsWatcher


@dataclass(frozen=True)
class PointsPlan:
    """The parts that cells of blocks side by side have in common.

    Attributes
    ----------
    name : str
        Of the problem; names the random streams.
    problem : PointsProblem or PlaneFunction
    steps : int
        Iterations of the method.
    snapshot_every : int
        Steps between two looks at where a trajectory is.
    observers : sequence
        Of ``observers``.
    """

    name: str
    problem: Any
    steps: int
    snapshot_every: int
    observers: Sequence[Any] = ()


@dataclass
class _Run:
    """The state between two steps: all that a checkpoint holds."""

    step: int
    w: torch.Tensor
    state: State
    objective: PointsObjective
    watchers: list[PointsWatcher]
    pieces: dict[str, int]


def run_points(
    plan: PointsPlan,
    methods: Sequence[Method],
    blocks: Sequence[int],
    keys: Sequence[str],
    device: torch.device,
    session: Session,
) -> list[dict[str, NDArray[Any]]]:
    """Run blocks of a small problem side by side.

    Parameters
    ----------
    plan : PointsPlan
    methods : sequence of Method
        One for each block; equal but for their radius.
    blocks : sequence of int
        Indices of the blocks.
    keys : sequence of str
        What the session calls each block; the first names the state of them all.
    device : torch.device
    session : Session

    Returns
    -------
    list of dict of ndarray, one for each block, each array of shape (BLOCK,)
        On the plane ``start_x, start_y, end_x, end_y``; then ``loss, gradient_norm,
        gradient_evaluations, loss_evaluations``, and the columns of the observers. A diverged
        replicate has a loss that is not finite, or huge end points.

    Raises
    ------
    ValueError
        If the methods differ in more than their radius.
    Stopped
        If the session said so; a later call goes on from the saved state, bit for bit.
    """
    settle()
    problem = plan.problem
    streams = [Streams(plan.name, block) for block in blocks]
    starts = np.concatenate([draw_starts(problem, s) for s in streams])
    with torch.inference_mode():
        method = join(methods, problem.BLOCK, device)
        run = _start(plan, method, starts, device)
        if (state := session.load(keys[0])) is not None:
            _restore(run, state)
        shape = (problem.BLOCK, starts.shape[1])
        noise = PagedNoise(streams, *shape, device, in_rows=is_of_rows(problem))
        while run.step < plan.steps:
            if run.step % PAGE == 0:
                _look(run, keys, problem.BLOCK, session)
            for watcher in run.watchers:
                watcher.before_step(run.step, run.w)
            noise.begin(run.step)
            method.step(run.w, run.state, run.objective, noise)
            for watcher in run.watchers:
                watcher.after_step(run.step, run.w, run.state)
            run.step += 1
        method.finish(run.w, run.state, run.objective)
        _keep_pieces(run, keys, problem.BLOCK, session)
        for watcher in run.watchers:
            _keep(watcher.after_last(), run, keys, problem.BLOCK, session)
        columns = _measure(run, starts)
    size = problem.BLOCK
    return [
        {name: column[i * size : (i + 1) * size] for name, column in columns.items()}
        for i in range(len(blocks))
    ]


def _start(
    plan: PointsPlan, method: Method, starts: NDArray[np.float64], device: torch.device
) -> _Run:
    w = _lay_out(plan.problem, starts).to(device)
    objective = PointsObjective(plan.problem, len(starts), device)
    watchers = [observer.watch_points(plan, len(starts), device) for observer in plan.observers]
    return _Run(0, w, method.start(w), objective, watchers, {})


def _lay_out(problem: Any, starts: NDArray[np.float64]) -> torch.Tensor:
    """Return starts (k, d) in memory as the problem reads them.

    On the plane the columns are contiguous: coordinates are read as whole vectors. Elsewhere rows
    are: a sum over many contiguous columns would be grouped by where a replicate stands, and its
    last digit would depend on who runs beside it.
    """
    if is_of_rows(problem):
        return torch.from_numpy(starts.copy())
    return torch.from_numpy(starts.T.copy()).T


def _look(run: _Run, keys: Sequence[str], block: int, session: Session) -> None:
    """Keep what has gathered, save if it is time to, and stop if asked."""
    _keep_pieces(run, keys, block, session)
    stop = session.should_stop()
    if stop or session.is_due(keys[0]):
        session.save(keys[0], _pack(run))
    if stop:
        raise Stopped


def _keep_pieces(run: _Run, keys: Sequence[str], block: int, session: Session) -> None:
    for watcher in run.watchers:
        _keep(watcher.pieces(), run, keys, block, session)


def _keep(
    tables: Mapping[str, Mapping[str, Any]],
    run: _Run,
    keys: Sequence[str],
    block: int,
    session: Session,
) -> None:
    """Give each block its own rows of tables that all blocks have in common."""
    for name, columns in tables.items():
        number = run.pieces.get(name, 0)
        run.pieces[name] = number + 1
        owner = columns["replicate"] // block
        for index, key in enumerate(keys):
            own = {c: values[owner == index] for c, values in columns.items()}
            own["replicate"] = own["replicate"] % block
            session.keep_piece(key, name, number, own)


def _measure(run: _Run, starts: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    end = run.w.cpu().numpy().copy()
    columns: dict[str, NDArray[Any]] = {}
    if end.shape[1] == 2:
        columns |= {"start_x": starts[:, 0], "start_y": starts[:, 1]}
        columns |= {"end_x": end[:, 0], "end_y": end[:, 1]}
    columns |= _judge_ends(run, end)
    for watcher in run.watchers:
        columns |= watcher.columns(end)
    return columns


def _judge_ends(run: _Run, end: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    problem = run.objective.problem
    counts = {
        "gradient_evaluations": _counts(run.objective.gradient_evaluations),
        "loss_evaluations": _counts(run.objective.loss_evaluations),
    }
    with np.errstate(all="ignore"):
        if is_of_rows(problem):
            w, evaluate = torch.from_numpy(end), evaluator(problem)
            loss = evaluate.values(w)[:, 0].numpy()
            norm = np.linalg.norm(evaluate.gradients(w).numpy(), axis=1)
        else:
            # in NumPy, whose last digits the first published tables have
            loss = problem.value(end[:, 0], end[:, 1])
            norm = np.hypot(*problem.gradient(end[:, 0], end[:, 1]))
    return {"loss": loss, "gradient_norm": norm, **counts}


def _counts(evaluations: torch.Tensor) -> NDArray[np.int64]:
    return evaluations[:, 0].cpu().numpy().astype(np.int64)


def _pack(run: _Run) -> dict[str, Any]:
    return {
        "step": run.step,
        "w": run.w,
        "state": run.state,
        "gradient_evaluations": run.objective.gradient_evaluations,
        "loss_evaluations": run.objective.loss_evaluations,
        "watchers": [watcher.state() for watcher in run.watchers],
        "pieces": dict(run.pieces),
    }


def _restore(run: _Run, packed: Mapping[str, Any]) -> None:
    run.step = packed["step"]
    run.w.copy_(packed["w"])
    for name, tensor in packed["state"].items():
        run.state[name].copy_(tensor)
    run.objective.gradient_evaluations.copy_(packed["gradient_evaluations"])
    run.objective.loss_evaluations.copy_(packed["loss_evaluations"])
    for watcher, state in zip(run.watchers, packed["watchers"], strict=True):
        watcher.restore(state)
    run.pieces.update(packed["pieces"])
