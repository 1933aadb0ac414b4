"""One run of network training in progress: what the loop moves, and what a state holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.dropout import DropoutBits, HalfDropout, NamedDropout
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.draws.transfer import to_device
from escaping_minima.engine.capture import CapturedUpdate, Update
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.numerics import Numerics
from escaping_minima.engine.objective import NetworkObjective
from escaping_minima.engine.rows import PendingRow
from escaping_minima.engine.scheduled import Moved

if TYPE_CHECKING:
    from escaping_minima.methods.protocol import Method, State
    from escaping_minima.problems.network import NetworkProblem
    from escaping_minima.problems.tasks.protocol import Evaluation
    from escaping_minima.schedules.batch_sizes import BatchSizes
    from escaping_minima.schedules.protocol import Schedule


@dataclass(frozen=True)
class TrainingPlan:
    """The parts of a cell of network training.

    Attributes
    ----------
    name : str
        Of the problem; names the random streams.
    problem : NetworkProblem
    method : Method
    sizes : BatchSizes
    epochs : int
    schedules : Mapping of str to Schedule
        By the setting of the method that each moves.
    modifiers : sequence
        Of ``modifiers``, the innermost first.
    observers : sequence
        Of ``observers``.
    numerics : Numerics
    seeds : Mapping of str to int
        By purpose, the block whose draws are taken instead of the run's own.
    keep_epochs : sequence of int
        Epochs at whose end the state is kept; 0 is the start.
    reshuffle : bool
        Whether each epoch has an order of its own, or all have that of the first.
    """

    name: str
    problem: NetworkProblem
    method: Method
    sizes: BatchSizes
    epochs: int
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    modifiers: Sequence[Any] = ()
    observers: Sequence[Any] = ()
    numerics: Numerics = field(default_factory=Numerics)
    seeds: Mapping[str, int] = field(default_factory=dict)
    keep_epochs: Sequence[int] = ()
    reshuffle: bool = True


@dataclass
class Position:
    """Where a run is, besides its tensors: all plain numbers, as a state holds them.

    Attributes
    ----------
    epoch : int
        The present one, from 1.
    item : int
        Place in the epoch's order up to which it was trained.
    updates, gradient_evaluations, loss_evaluations : int
    seconds : float
        At work, over all sessions.
    finite : bool
        Whether the losses while training were finite so far.
    rows : list of dict
        The block's table so far, one row an epoch.
    """

    epoch: int = 1
    item: int = 0
    updates: int = 0
    gradient_evaluations: int = 0
    loss_evaluations: int = 0
    seconds: float = 0.0
    finite: bool = True
    rows: list[dict[str, float]] = field(default_factory=list)


class Run:
    """One run in progress.

    Parameters
    ----------
    plan : TrainingPlan
    data : object
        What the problem placed on the device, shared by runs.
    block : int
        Index of the run.
    device : torch.device

    Attributes
    ----------
    running : Tensor, scalar of float64
        The sum over the epoch's items of the first loss of each update; where some are left out,
        scaled to all of them.
    table : dict
        The block's table, one row an epoch; once the run has ended.
    further : dict of dict
        Its further tables, by name; likewise.
    """

    def __init__(self, plan: TrainingPlan, data: Any, block: int, device: torch.device) -> None:
        self.block = block
        self.device = device
        self.streams = Streams(plan.name, block, tuple(sorted(plan.seeds.items())))
        self.plan = replace(plan, sizes=plan.sizes.drawn(self.streams, plan.epochs))
        self.draws = DeviceDraws(self.streams, device)
        self.network = FlatNetwork(plan.problem.network(), device, plan.numerics.layout)
        plan.problem.start(self.network.module, self.streams)
        if hasattr(plan.problem, "start_from"):
            plan.problem.start_from(self.network.module, data)
        self.task = plan.problem.task(data, self.streams)
        self._take_dropout()
        self.objective = NetworkObjective(self.network, self.task.loss, plan.numerics)
        self.noise = NetworkNoise(self.draws, self.network.w)
        self._moved: list[Moved] = []
        self.method = self._method()
        self.state: State = self.method.start(self.network.w)
        self.running = torch.zeros((), dtype=torch.float64, device=device)
        self.order = torch.empty(0)
        self._trained = self.task.size
        self.at = Position()
        self._evaluations: dict[str, Evaluation] = {}
        self._kept: dict[str, dict[str, Tensor]] = {}
        self.table: dict[str, Any] = {}
        self.further: dict[str, Any] = {}
        self.watchers = [observer.watch_training(self) for observer in plan.observers]
        self._step: Update = self._updates
        if device.type == "cuda" and getattr(self.method, "capturable", False):
            self._step = CapturedUpdate(self._updates, self.objective, self.draws)

    def _take_dropout(self) -> None:
        modules = list(self.network.module.modules())
        self._halves = [m for m in modules if isinstance(m, HalfDropout)]
        self._bits = DropoutBits(self._halves, self.streams, self.task.size, self.device)
        self._dropouts = [m for m in modules if isinstance(m, NamedDropout)]
        for index, layer in enumerate(self._dropouts):
            layer.name(f"dropout {index}", self.draws)

    def _method(self) -> Method:
        method = self.plan.method
        for setting, schedule in self.plan.schedules.items():
            moved = Moved(method, setting, schedule, self.device)
            self._moved.append(moved)
            method = moved.method
        for modifier in self.plan.modifiers:
            method = modifier.around(method)
        return method

    def begin_epoch(self, batch_size: int) -> None:
        """Draw what belongs to the present epoch: its order, dropout bits, crops and flips."""
        drawn = self.at.epoch if self.plan.reshuffle else 1
        order = self.streams.generator("order", drawn).permutation(self.task.size)
        bounds = self.plan.sizes.bounds(self.task.size, batch_size)
        self._trained = bounds[-1][1]
        if hasattr(self.task, "arrange"):
            order = self.task.arrange(order, bounds, drawn)
        self.order = to_device(torch.from_numpy(order), self.device)
        self._bits.draw(self.at.epoch)
        self.task.begin_epoch(self.at.epoch)
        if isinstance(self._step, CapturedUpdate):
            self._step.forget({end - begin for begin, end in bounds})

    def turns(self, batch_size: int) -> Iterator[tuple[int, int, int]]:
        """Cut what is left of the present epoch into what `update` does at a time.

        Parameters
        ----------
        batch_size : int

        Yields
        ------
        (int, int, int)
            ``begin``, ``end`` and ``count`` of `update`.
        """
        every = self.plan.sizes.bounds(self.task.size, batch_size)
        bounds = [one for one in every if one[0] >= self.at.item]
        while bounds:
            count = self._at_once(bounds)
            yield bounds[0][0], bounds[count - 1][1], count
            del bounds[:count]

    def _at_once(self, bounds: Sequence[tuple[int, int]]) -> int:
        """Return how many of the next updates are one launch: all of one size, none by itself."""
        if not isinstance(self._step, CapturedUpdate) or self._moved:
            return 1
        size = bounds[0][1] - bounds[0][0]
        count = self._step.at_once(size)
        ahead = bounds[:count]
        is_whole = len(ahead) == count and ahead[-1][1] - ahead[-1][0] == size
        return count if is_whole and not any(self._is_by_itself(*one) for one in ahead) else 1

    def _is_by_itself(self, begin: int, end: int) -> bool:
        """Return whether an update is one that is not captured."""
        # what comes after the last update sees its minibatch, as after any that was not replayed
        is_last = self.at.epoch == self.plan.epochs and end == self._trained
        return is_last or any(watcher.looks_at(begin, end) for watcher in self.watchers)

    def update(self, begin: int, end: int, count: int = 1) -> None:
        """Do updates with the items at places ``begin .. end`` of the epoch's order.

        Parameters
        ----------
        begin, end : int
        count : int
            Updates, one after another, each with as many of the items; several only as `turns` has
            them.
        """
        self._evaluations.clear()
        self.noise.begin(self.at.updates)
        done = (self.at.epoch - 1 + begin / self.task.size) / self.plan.epochs
        for moved in self._moved:
            moved.move(self.at.epoch, self.plan.epochs, done)
        step = self._updates if self._is_by_itself(begin, end) else self._step
        step(self.order[begin:end], self._bits.parts(begin, end), count)
        self.at.updates += count
        self.at.item = end

    def _updates(self, rows: Tensor, bits: Sequence[Tensor], count: int) -> None:
        batches = self._batches(rows, count)
        apart = zip(*(part.chunk(count) for part in bits), strict=True) if bits else [()] * count
        for batch, parts in zip(batches, apart, strict=True):
            self._update(batch, parts)

    def _batches(self, rows: Tensor, count: int) -> Sequence[tuple[Any, Tensor]]:
        if count > 1 and hasattr(self.task, "batches"):
            return list(self.task.batches(rows, count))
        return [self.task.batch(part) for part in rows.chunk(count)]

    def _update(self, batch: tuple[Any, Tensor], bits: Sequence[Tensor]) -> None:
        for layer, part in zip(self._halves, bits, strict=True):
            layer.bits = part
        for dropout in self._dropouts:
            dropout.begin()
        self.objective.take(*batch)
        self.method.step(self.network.w, self.state, self.objective, self.noise)
        # where items are left out, the mean is over those that are trained on
        scale = self.task.size / self._trained
        self.running.add_(self.objective.first_loss, alpha=self.objective.items * scale)
        for watcher in self.watchers:
            watcher.updated()

    def end_epoch(self) -> None:
        """Go on to the next epoch."""
        ended = getattr(self.plan.method, "end_epoch", None)
        if ended is not None:
            ended(self.state)
        self.at.epoch, self.at.item = self.at.epoch + 1, 0
        self.running.zero_()

    def evaluation(self, split: str) -> Evaluation:
        """Return what the network of now makes of a split; it is computed once."""
        if split not in self._evaluations:
            self.network.bind(self.network.w)
            module = self.network.module
            self._evaluations[split] = self.task.evaluate(module, split, self.plan.numerics)
        return self._evaluations[split]

    def measure(self, batch_size: int) -> PendingRow:
        """Queue the measurements of the epoch that has ended, or of the start."""
        self._evaluations.clear()
        self.network.bind(self.network.w)
        started = bool(self.at.rows)
        values: dict[str, Tensor | float] = {
            "epoch": float(self.at.epoch if started else 0),
            "batch_size": float(batch_size if started else 0),
            "updates": float(self.at.updates),
        }
        for watcher in self.watchers:
            values |= watcher.row()
        return PendingRow(values | {_FINITE: self.running.isfinite()}, self.device)

    def take(self, row: Mapping[str, float]) -> None:
        """Add a row of measurements that has arrived."""
        found = dict(row)
        self.at.finite = bool(found.pop(_FINITE))
        self.at.rows.append(found)
        self._note_state()

    @property
    def diverged(self) -> bool:
        """Whether a loss of the newest row, or one while training, is not finite."""
        row = self.at.rows[-1]
        # the start has no loss while training
        losses = [v for n, v in row.items() if n.endswith("_loss") and n != "running_loss"]
        return not (self.at.finite and all(map(math.isfinite, losses)))

    def conclude(self) -> None:
        """Make the tables of a run that has ended, while its stream is current."""
        self.table, self.further = self._columns(), self._tables()

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {k: [row[k] for row in self.at.rows] for k in self.at.rows[0]}
        for watcher in self.watchers:
            for name, value in watcher.last().items():
                columns[name] = [b""] * (len(self.at.rows) - 1) + [value]
        return columns

    def _tables(self) -> dict[str, Any]:
        return {name: t for watcher in self.watchers for name, t in watcher.tables().items()}

    def close(self) -> None:
        """Let go of what refers back to the run, so that its memory is free at once."""
        self._step = _closed
        self.watchers.clear()

    def take_kept(self) -> dict[str, dict[str, Tensor]]:
        """Return the states that were noted since the last call, by name."""
        kept, self._kept = self._kept, {}
        return kept

    def _note_state(self) -> None:
        """Note weights and running statistics of now by name, where the cell asks for them."""
        done = int(self.at.rows[-1]["epoch"])
        if done in self.plan.keep_epochs:
            self.network.bind(self.network.w)
            self._kept[f"epoch{done}"] = {
                # in their own order, whatever the memory format of this run is
                name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in self.network.module.state_dict().items()
            }

    def pack(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        self.at.gradient_evaluations = self.objective.gradient_evaluations
        self.at.loss_evaluations = self.objective.loss_evaluations
        return {
            "at": vars(self.at),
            "running": self.running,
            "w": self.network.w,
            "method": dict(self.state),
            "network": self.network.buffers(),
            "watchers": [watcher.state() for watcher in self.watchers],
        }

    def restore(self, packed: Mapping[str, Any]) -> None:
        """Take up a state from `pack`."""
        self.at = Position(**packed["at"])
        self.objective.count(self.at.gradient_evaluations, self.at.loss_evaluations)
        pairs = [({"w": self.network.w, "running": self.running}, packed)]
        pairs += [(self.state, packed["method"]), (self.network.buffers(), packed["network"])]
        pairs += zip([w.state() for w in self.watchers], packed["watchers"], strict=True)
        for own, kept in pairs:
            for name, tensor in own.items():
                tensor.copy_(kept[name])


#: What a row brings besides the columns of the block's table.
_FINITE = "finite"


def _closed(rows: Tensor, bits: Sequence[Tensor], count: int) -> None:
    raise RuntimeError("the run has ended")


def count_parameters(run: Run) -> int:
    """Return the number of weights and biases of convolutions and dense layers."""
    return sum(p.numel() for ps in run.network.dense_parameters().values() for p in ps)
