"""How far the loss of a minibatch lies from that of all training items, along a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.observers.watchers import Columns, TrainingWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run
    from escaping_minima.methods.protocol import Method, Noise, Objective, State

_LOSSES = ("training_loss", "inference_loss", "full_loss", "sigma")
_WHERE = ("epoch", "update", "batch_size")


@dataclass(frozen=True)
class LossDeviation:
    """Table ``deviations``: a row an update that is looked at, evenly spread over each epoch.

    Columns: ``epoch``; ``update``, its number in the run, from 1; ``batch_size``;
    ``training_loss``, E_t: the update's first loss, in training mode; ``inference_loss``, that of
    the same minibatch in inference mode; ``full_loss``, mu_t: that of the whole training split in
    inference mode; and ``sigma``, the standard deviation of the losses of single items in that
    split, divided by their number. All are of the weights before the update; those of inference
    mode are of the running statistics before it too, which know nothing of the minibatch.

    What is looked at takes a pass over the training split each time. It is no evaluation of the
    method, and moves nothing.

    Attributes
    ----------
    updates_per_epoch : int
        An epoch is cut into so many parts of equal length; the update in the middle of each is
        looked at, each one once.
    """

    updates_per_epoch: int = 4

    def __post_init__(self) -> None:
        allowed = "1 or more"
        require(self.updates_per_epoch >= 1, "updates_per_epoch", self.updates_per_epoch, allowed)

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.updates_per_epoch, run)


class _Watcher(TrainingWatcher):
    def __init__(self, parts: int, run: Run) -> None:
        import torch

        self._parts = parts
        self._run = run
        rows = parts * run.plan.epochs
        self._where = torch.zeros(rows, len(_WHERE), dtype=torch.int64)
        self._losses = torch.zeros(rows, len(_LOSSES), dtype=torch.float64, device=run.device)
        # on the host: rows so far
        self._count = torch.zeros((), dtype=torch.int64)
        # of the present batch size: they are asked for at every update
        self._chosen: dict[int, set[int]] = {}
        self._is_chosen = False
        run.method = _Preceded(run.method, self._before)

    def looks_at(self, begin: int, end: int) -> bool:
        """See `TrainingWatcher.looks_at`."""
        run = self._run
        size = run.plan.sizes.size(run.at.epoch, run.plan.epochs)
        if size not in self._chosen:
            self._chosen = {size: self._choose(size)}
        return begin // size in self._chosen[size]

    def _choose(self, size: int) -> set[int]:
        """Return which updates of an epoch of this batch size are looked at."""
        updates = len(self._run.plan.sizes.bounds(self._run.task.size, size))
        parts = self._parts
        return {(2 * part + 1) * updates // (2 * parts) for part in range(parts)}

    def _before(self) -> None:
        """Look at the update that is about to be done, if it is one of those."""
        run, items = self._run, self._run.objective.items
        self._is_chosen = self.looks_at(run.at.item, run.at.item + items)
        if self._is_chosen:
            where = [run.at.epoch, run.at.updates + 1, items]
            self._where[int(self._count)] = self._where.new_tensor(where)
            self._losses[int(self._count), 1:] = self._look(run.at.item, run.at.item + items)

    def _look(self, begin: int, end: int) -> Tensor:
        import torch

        from escaping_minima.engine.item_losses import inference_losses

        run = self._run
        each = inference_losses(run.network, run.task, run.task.size, run.plan.numerics)
        of_batch = each[run.order[begin:end]].mean()
        return torch.stack([of_batch, each.mean(), each.std(correction=0)])

    def updated(self) -> None:
        """See `TrainingWatcher.updated`."""
        if self._is_chosen:
            self._losses[int(self._count), 0] = self._run.objective.first_loss
            self._count += 1

    def tables(self) -> Mapping[str, Columns]:
        """See `TrainingWatcher.tables`."""
        count = int(self._count)
        where, losses = self._where[:count].numpy(), self._losses[:count].cpu().numpy()
        columns: dict[str, Any] = {name: where[:, i] for i, name in enumerate(_WHERE)}
        columns |= {name: losses[:, i] for i, name in enumerate(_LOSSES)}
        return {"deviations": columns}

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {"where": self._where, "losses": self._losses, "count": self._count}


class _Preceded:
    """A method before whose steps something is done that changes nothing."""

    def __init__(self, method: Method, before: Callable[[], None]) -> None:
        self._method = method
        self._before = before
        # updates before which something is done are not captured
        self.capturable = getattr(method, "capturable", False)

    def start(self, w: Tensor) -> State:
        """See `Method.start`."""
        return self._method.start(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """See `Method.step`."""
        self._before()
        self._method.step(w, state, objective, noise)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """See `Method.finish`."""
        self._method.finish(w, state, objective)


OBSERVER = LossDeviation
