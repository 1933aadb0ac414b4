"""Walk over a loss surface: the loop over steps, whole.

The walks of a block are rows of one tensor of float32, and small blocks stand side by side in it.
Every operation works on each row alone, so a block's numbers are the same whatever stands beside
it; the tests compare them bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.draws.rows import RowsNoise
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.session import Session, Stopped
from escaping_minima.engine.walk_points import PointsSampler, Sampling
from escaping_minima.engine.walk_tables import SEEN, tables_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.methods.protocol import Method, State
    from escaping_minima.problems.walked import Surface, WalkedProblem


@dataclass(frozen=True)
class WalkPlan:
    """What blocks of walks side by side have in common.

    Attributes
    ----------
    name : str
        Of the problem; names the random streams.
    problem : WalkedProblem
    placed : object
        What the problem has placed on the device.
    method : Method
    steps : int
        Points that a walk records, each before a step.
    sampling : Sampling
        Which points keep their coordinates.
    """

    name: str
    problem: WalkedProblem
    placed: Any
    method: Method
    steps: int
    sampling: Sampling


class _Here:
    """The objective of one step: what was seen at the present points, handed to the method."""

    items = 1

    def __init__(self, surface: Surface, w: Tensor) -> None:
        self._surface = surface
        self._g = torch.empty_like(w)
        self.seen: Mapping[str, Tensor] = {}
        self.gradient_evaluations = 0

    def look(self, step: int, w: Tensor) -> None:
        """Look at the points of a step, before they move."""
        self._surface.begin(step)
        self.seen = self._surface.look(w, self._g)

    def norms(self) -> Tensor:
        """Return the gradient norms there, shape (k,)."""
        found: Tensor = torch.linalg.vector_norm(self._g, dim=1)
        return found

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """See `Objective.gradient`; asked at the points that were looked at."""
        out.copy_(self._g)
        self.gradient_evaluations += 1


@dataclass
class _Run:
    """The state between two steps: all that a checkpoint holds."""

    step: int
    w: Tensor
    state: State
    here: _Here
    seen: dict[str, Tensor]
    pieces: int = 0


def run_walks(
    plan: WalkPlan,
    blocks: Sequence[int],
    keys: Sequence[str],
    device: torch.device,
    session: Session,
) -> list[dict[str, dict[str, NDArray[Any]]]]:
    """Walk the blocks of one cell side by side.

    Parameters
    ----------
    plan : WalkPlan
    blocks : sequence of int
        Their indices.
    keys : sequence of str
        What the session calls each block; the first names the state of them all.
    device : torch.device
    session : Session

    Returns
    -------
    list of dict, one for each block
        By name, the tables that `escaping_minima.engine.walk_tables.tables_of` makes; ``""`` is
        that with a row a walk. Sampled points are kept as pieces of a table ``points``.

    Raises
    ------
    Stopped
        If the session said so; a later call goes on from the saved state, bit for bit.
    """
    settle()
    problem = plan.problem
    walks = problem.BLOCK
    streams = [Streams(plan.name, block) for block in blocks]
    with torch.inference_mode():
        run = _start(plan, streams, device)
        if (state := session.load(keys[0])) is not None:
            _restore(run, state)
        noise = RowsNoise(streams, walks, problem.weights, device)
        sampler = PointsSampler(plan.sampling, streams, blocks, walks, plan.steps)
        while run.step < plan.steps:
            if run.step % PAGE == 0:
                _look_around(run, keys, sampler, session)
            run.here.look(run.step, run.w)
            _record(run)
            sampler.take(run.step, run.w, run.seen)
            noise.begin(run.step)
            plan.method.step(run.w, run.state, run.here, noise)  # type: ignore[arg-type]
            run.step += 1
        _keep_points(run, keys, sampler, session)
    seen = {name: values.cpu().numpy() for name, values in run.seen.items()}
    evaluations = run.here.gradient_evaluations
    return [
        tables_of({name: _of_block(values, i, walks) for name, values in seen.items()}, evaluations)
        for i in range(len(blocks))
    ]


def _of_block(values: NDArray[Any], index: int, walks: int) -> NDArray[Any]:
    return values[:, index * walks : (index + 1) * walks]


def _start(plan: WalkPlan, streams: Sequence[Streams], device: torch.device) -> _Run:
    w = torch.from_numpy(np.concatenate([_starts(plan.problem, s) for s in streams])).to(device)
    surface = plan.problem.surface(plan.placed, streams)
    seen = {name: torch.full((plan.steps, len(w)), float("nan"), device=device) for name in SEEN}
    return _Run(0, w, plan.method.start(w), _Here(surface, w), seen)


def _starts(problem: WalkedProblem, streams: Streams) -> NDArray[np.float32]:
    """Draw the starts of a block, uniform in the box, shape (walks, m)."""
    shape = (problem.BLOCK, problem.weights)
    unit = streams.generator("start", 0).random(shape, dtype=np.float32)
    return (2.0 * np.float32(problem.bound) * unit - np.float32(problem.bound)).astype(np.float32)


def _record(run: _Run) -> None:
    for name, values in run.here.seen.items():
        run.seen[name][run.step] = values
    run.seen["gradient_norm"][run.step] = run.here.norms()


def _look_around(run: _Run, keys: Sequence[str], sampler: PointsSampler, session: Session) -> None:
    """Keep what has gathered, save if it is time to, and stop if asked."""
    _keep_points(run, keys, sampler, session)
    stop = session.should_stop()
    if stop or session.is_due(keys[0]):
        session.save(keys[0], _pack(run))
    if stop:
        raise Stopped


def _keep_points(run: _Run, keys: Sequence[str], sampler: PointsSampler, session: Session) -> None:
    kept = [(k, t) for k, t in zip(keys, sampler.gathered(), strict=True) if t is not None]
    for key, table in kept:
        session.keep_piece(key, "points", run.pieces, table)
    # a piece that is taken again after a kill must get the number that it had
    run.pieces += bool(kept)


def _pack(run: _Run) -> dict[str, Any]:
    return {
        "step": run.step,
        "w": run.w,
        "state": run.state,
        "seen": run.seen,
        "pieces": run.pieces,
        "gradient_evaluations": run.here.gradient_evaluations,
    }


def _restore(run: _Run, packed: Mapping[str, Any]) -> None:
    run.step = packed["step"]
    run.w.copy_(packed["w"])
    for name, tensor in packed["state"].items():
        run.state[name].copy_(tensor)
    for name, values in packed["seen"].items():
        run.seen[name].copy_(values)
    run.pieces = packed["pieces"]
    run.here.gradient_evaluations = packed["gradient_evaluations"]
