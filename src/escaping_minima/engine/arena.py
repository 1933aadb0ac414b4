"""Run methods in the arena: until every replicate has spent its budget, lanes side by side.

A lane is a block of starts with one method and its settings. Every operation works on each
replicate alone, so a lane's numbers are the same whatever runs beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.draws.boxes import draw_in_box
from escaping_minima.draws.lane_noise import LaneNoise
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.engine.arena_measures import Looks
from escaping_minima.engine.arena_objective import ArenaObjective, BatchLine
from escaping_minima.engine.arena_places import Nowhere, Places
from escaping_minima.engine.columns import Joined
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.points_objective import is_of_rows
from escaping_minima.engine.session import Session, Stopped
from escaping_minima.problems.starting import start_box

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.methods.protocol import Method, State


#: What stands beside the state of a method, by names that no method has.
_W, _TALLY = ":w", ":tally"


@dataclass(frozen=True)
class ArenaPlan:
    """What lanes side by side have in common.

    Attributes
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    starts : int
        Replicates of a lane.
    budget : int
        Sample evaluations of each.
    gradient_cost : float
        What the gradient of an item counts.
    batch : Mapping
        ``first`` and ``last``, the items of a step; empty for all.
    places : Places
    targets : tuple of float
        Losses to be reached, the highest first.
    path_of : tuple of int
        Replicates of each lane whose path is kept.
    is_watched : bool
        Whether anything but the two ends is looked at.
    """

    problem: Any
    starts: int
    budget: int
    gradient_cost: float
    batch: Mapping[str, int] = field(default_factory=dict)
    places: Places = field(default_factory=Nowhere)
    targets: tuple[float, ...] = ()
    path_of: tuple[int, ...] = ()
    is_watched: bool = True


@dataclass(frozen=True)
class Lane:
    """A method on a block of starts.

    Attributes
    ----------
    method : Method
    streams : Streams
        Of the block: whose starts, batches and draws it has.
    """

    method: Method
    streams: Streams


@dataclass
class _Run:
    """The state between two steps: all that a checkpoint holds."""

    step: int
    w: Tensor
    state: State
    objective: ArenaObjective
    looks: Looks
    #: As the step before found it, and as it was when the budget was spent.
    before: dict[str, Tensor]
    ended: dict[str, Tensor]
    has_ended: Tensor


def run_arena(
    plan: ArenaPlan, lanes: Sequence[Lane], key: str, device: torch.device, session: Session
) -> list[dict[str, dict[str, NDArray[Any]]]]:
    """Run lanes side by side.

    Parameters
    ----------
    plan : ArenaPlan
    lanes : sequence of Lane
        Their methods differ in numbers alone; see `escaping_minima.engine.columns`.
    key : str
        What the session calls the state of them all.
    device : torch.device
    session : Session

    Returns
    -------
    list of dict, one for each lane: tables of columns, by name
        ``""``: ``start_loss, loss, lowest_loss, cost, start_region, end_region, best,
        escape_cost, best_cost, returns, gradient_evaluations, loss_evaluations``, the last two in
        items; each of shape (starts,). A replicate that diverged has a loss that is not finite.
        ``targets``: ``replicate, target, cost`` of each that was
        reached. ``paths``: ``replicate, cost, loss, w0, ...``, where some are kept.

    Raises
    ------
    ValueError
        If the methods differ in more.
    Stopped
        If the session said so; a later call goes on from the saved state, bit for bit.
    """
    settle()
    in_rows = is_of_rows(plan.problem)
    streams = [lane.streams for lane in lanes]
    with torch.inference_mode():
        method = Joined([lane.method for lane in lanes], plan.starts, device)
        run = _start(plan, method, streams, device)
        if (kept := session.load(key)) is not None:
            _restore(run, kept)
        noise = LaneNoise(streams, plan.starts, run.w.shape[1], device, in_rows)
        schedule = _LookSchedule(plan)
        while not bool(run.has_ended.all()):
            if run.step % PAGE == 0:
                _pause(run, key, session)
            noise.begin(run.step)
            run.objective.begin(run.step)
            _step(run, method, noise, plan.budget)
            if schedule.is_due(run.step):
                run.looks.look(run.w, run.objective.spent)
            run.step += 1
        return _finish(plan, run, method, len(lanes))


def draw_starts(problem: Any, streams: Streams, count: int) -> Tensor:
    """Draw uniform starts in the box of a problem, shape (count, d).

    The first are the same, however many there are.
    """
    return draw_in_box(start_box(problem), streams, "start", count)


class _LookSchedule:
    """Says after which steps there is a look: once a step, or once a pass over all items."""

    def __init__(self, plan: ArenaPlan) -> None:
        self._line = _batches(plan)
        self._items = int(getattr(plan.problem, "items", 1))
        self._is_watched = plan.is_watched
        self._cost = plan.gradient_cost
        self._passes = [0]
        self._spent = 0.0

    def is_due(self, step: int) -> bool:
        if self._line is None or not self._is_watched:
            return self._is_watched
        while len(self._passes) <= step + 1:
            self._spent += self._cost * self._line.size(len(self._passes) - 1)
            self._passes.append(int(self._spent / self._items))
        return self._passes[step + 1] > self._passes[step]


def _batches(plan: ArenaPlan) -> BatchLine | None:
    if not plan.batch:
        return None
    return BatchLine(plan.batch["first"], plan.batch["last"], plan.budget, plan.gradient_cost)


def _start(
    plan: ArenaPlan, method: Joined, streams: Sequence[Streams], device: torch.device
) -> _Run:
    starts = [draw_starts(plan.problem, one, plan.starts) for one in streams]
    w = _lay_out(plan.problem, torch.cat(starts)).to(device)
    costs = (device, plan.gradient_cost, _batches(plan))
    objective = ArenaObjective(plan.problem, streams, plan.starts, *costs)
    state = method.start(w)
    followed = [lane * plan.starts + one for lane in range(len(streams)) for one in plan.path_of]
    looks = Looks(plan.problem, plan.places, plan.targets, plan.budget, w, followed)
    now = {_W: w, **state, _TALLY: objective.tally}
    before, ended = ({n: t.clone() for n, t in now.items()} for _ in range(2))
    return _Run(0, w, state, objective, looks, before, ended, objective.spent > plan.budget)


def _lay_out(problem: Any, starts: Tensor) -> Tensor:
    """Return starts (k, d) in memory as the problem reads them: rows, or columns of the plane."""
    return starts if is_of_rows(problem) else starts.T.contiguous().T


def _step(run: _Run, method: Joined, noise: LaneNoise, budget: float) -> None:
    """Do a step; who has spent more than the budget ends as it was before."""
    now = {_W: run.w, **run.state, _TALLY: run.objective.tally}
    for name, tensor in now.items():
        run.before[name].copy_(tensor)
    method.step(run.w, run.state, run.objective, noise)
    # who looks at nothing must come to an end too
    torch.maximum(run.objective.spent, run.before[_TALLY][0] + 1.0, out=run.objective.spent)
    ends = (run.objective.spent > budget).logical_and_(run.has_ended.logical_not())
    if bool(ends.any()):
        for name, tensor in run.before.items():
            # a scalar of the state is of all replicates: that of the last to end stays
            run.ended[name].copy_(tensor.where(ends, run.ended[name]) if tensor.dim() else tensor)
        run.has_ended.logical_or_(ends)


def _finish(
    plan: ArenaPlan, run: _Run, method: Joined, lanes: int
) -> list[dict[str, dict[str, NDArray[Any]]]]:
    """Settle the ends and return the tables of each lane."""
    w, tally = run.ended.pop(_W), run.ended.pop(_TALLY)
    run.objective.settle()
    method.finish(w, run.ended, run.objective)
    spent, gradients, losses = tally[:, :, 0].cpu().numpy()
    table = {"replicate": np.arange(len(w), dtype=np.int32), **run.looks.end(w, spent)}
    table |= {"gradient_evaluations": gradients, "loss_evaluations": losses}
    tables = {"": table, "targets": run.looks.targets()}
    if plan.path_of:
        tables["paths"] = run.looks.paths()
    return [
        {name: _of_lane(table, lane, plan.starts) for name, table in tables.items()}
        for lane in range(lanes)
    ]


def _of_lane(table: Mapping[str, NDArray[Any]], lane: int, starts: int) -> dict[str, NDArray[Any]]:
    is_own = table["replicate"] // starts == lane
    own = {name: column[is_own] for name, column in table.items()}
    return own | {"replicate": own["replicate"] % starts}


def _pause(run: _Run, key: str, session: Session) -> None:
    """Save if it is time to, and stop if asked."""
    stop = session.should_stop()
    if stop or session.is_due(key):
        session.save(key, _pack(run))
    if stop:
        raise Stopped


def _pack(run: _Run) -> dict[str, Any]:
    return {
        "step": run.step,
        "w": run.w,
        "state": run.state,
        "tally": run.objective.tally,
        "looks": run.looks.state(),
        "ended": run.ended,
        "has_ended": run.has_ended,
    }


def _restore(run: _Run, kept: Mapping[str, Any]) -> None:
    run.step = kept["step"]
    run.w.copy_(kept["w"])
    for name, tensor in kept["state"].items():
        run.state[name].copy_(tensor)
    run.objective.tally.copy_(kept["tally"])
    run.looks.restore(kept["looks"])
    for name, tensor in kept["ended"].items():
        run.ended[name].copy_(tensor)
    run.has_ended.copy_(kept["has_ended"])
