"""How often a method accepted what it tried, by the move that it tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.errors import UserError
from escaping_minima.observers.watchers import Columns, PointsWatcher, TrainingWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan
    from escaping_minima.engine.run import Run
    from escaping_minima.methods.protocol import State


@dataclass(frozen=True)
class Acceptance:
    """Of network training a table ``acceptance``; of small problems columns of the block.

    The method says what it did in its state, (k, 1) each: ``tried``, whether it tried a move in
    this step; ``move``, which one, int64; ``accepted``, whether it kept the result. The table has a
    row an epoch and move: ``epoch, move, tried, accepted``. The columns are ``tried_<move>`` and
    ``accepted_<move>`` of each replicate.

    Attributes
    ----------
    moves : int
        How many there are.
    """

    moves: int = 1

    def __post_init__(self) -> None:
        require(self.moves >= 1, "moves", self.moves, "1 or more")

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _OfRun(self.moves, run)

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _OfPoints(self.moves, replicates, device)


def _count(counts: Tensor, state: State) -> None:
    """Add a step: ``counts`` is (k, 2, moves), tried and accepted."""
    if missing := sorted({"tried", "move", "accepted"} - state.keys()):
        raise UserError(
            f"observers: acceptance needs {missing[0]!r} in the state of the method, which it does "
            "not say; leave the observer out of the cell, or take a method that accepts and rejects"
        )
    move = state["move"]
    counts[:, 0].scatter_add_(1, move, state["tried"].to(counts.dtype))
    counts[:, 1].scatter_add_(1, move, state["accepted"].to(counts.dtype))


class _OfRun(TrainingWatcher):
    def __init__(self, moves: int, run: Run) -> None:
        import torch

        self._run = run
        self._counts = torch.zeros(1, 2, moves, dtype=torch.float64, device=run.device)
        epochs = run.plan.epochs
        # one slot an epoch, written on the device and read at the end
        self._history = torch.zeros(epochs, 2, moves, dtype=torch.float64, device=run.device)

    def updated(self) -> None:
        """See `TrainingWatcher.updated`."""
        _count(self._counts, self._run.state)

    def row(self) -> Mapping[str, Tensor | float]:
        """Note the counts of the epoch that has ended; they are no columns of the curves."""
        if self._run.at.rows:
            self._history[self._run.at.epoch - 1].copy_(self._counts[0])
            self._counts.zero_()
        return {}

    def tables(self) -> Mapping[str, Columns]:
        """See `TrainingWatcher.tables`."""
        import numpy as np

        found = self._history.cpu().numpy()
        # a run that diverged ends earlier
        epochs, moves = len(self._run.at.rows) - 1, found.shape[2]
        columns = {
            "epoch": np.repeat(np.arange(1, epochs + 1), moves),
            "move": np.tile(np.arange(moves), epochs),
            "tried": found[:epochs, 0].ravel().astype(np.int64),
            "accepted": found[:epochs, 1].ravel().astype(np.int64),
        }
        return {"acceptance": columns}

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {"counts": self._counts, "history": self._history}


class _OfPoints(PointsWatcher):
    def __init__(self, moves: int, replicates: int, device: torch.device) -> None:
        import torch

        self._counts = torch.zeros(replicates, 2, moves, dtype=torch.float64, device=device)

    def after_step(self, step: int, w: Tensor, state: State) -> None:
        """See `PointsWatcher.after_step`."""
        _count(self._counts, state)

    def columns(self, end: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `PointsWatcher.columns`."""
        found = self._counts.cpu().numpy().astype("int64")
        names = ("tried", "accepted")
        return {
            f"{name}_{move}": found[:, which, move]
            for which, name in enumerate(names)
            for move in range(found.shape[2])
        }

    def state(self) -> dict[str, Any]:
        """See `PointsWatcher.state`."""
        return {"counts": self._counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `PointsWatcher.restore`."""
        self._counts.copy_(state["counts"])


OBSERVER = Acceptance
