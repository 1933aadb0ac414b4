"""What the test of Metropolis did in each epoch: by move, and by how much worse a move was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.errors import UserError
from escaping_minima.observers.watchers import Columns, TrainingWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run

#: What is counted of each move, in the order of the table's columns.
COUNTED = ("tried", "accepted", "worse", "accepted_worse", "probability", "worsening")
#: The first bin of worsenings ends at 10^LEAST, and so many bins make a decade.
LEAST, A_DECADE, BINS = -8, 4, 52
_NEEDED = ("tried", "accepted", "move", "worsening", "probability")


@dataclass(frozen=True)
class Annealing:
    """Tables ``moves`` and ``worsenings`` of a method that tests its moves.

    The method says what it did in its state, (k, 1) each: see
    `escaping_minima.methods.metropolis.start_annealing`.

    ``moves`` has a row an epoch and move: ``epoch, move, tried, accepted``; ``worse``, how many
    made the loss worse, and ``accepted_worse`` of these; ``probability``, the sum over the worse of
    the probability of keeping them; ``worsening``, the sum over them of the worsening of the mean
    loss. Where no loss was looked at, the last four are 0.

    ``worsenings`` has a row an epoch and bin in which there was one: ``epoch, bin, accepted,
    rejected``. Bin i holds worsenings of the mean loss below 10^(-8 + i / 4); the last one all
    others.

    Attributes
    ----------
    moves : int
        How many different moves the method has.
    """

    moves: int = 1

    def __post_init__(self) -> None:
        require(self.moves >= 1, "moves", self.moves, "1 or more")

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.moves, run)


class _Watcher(TrainingWatcher):
    def __init__(self, moves: int, run: Run) -> None:
        import torch

        if missing := sorted(set(_NEEDED) - run.state.keys()):
            raise UserError(
                f"observers: annealing needs {missing[0]!r} in the state of the method, which it "
                "does not say; leave the observer out of the cell, or take a method that tests its "
                "moves"
            )
        self._run = run
        self._moves = torch.zeros(len(COUNTED), moves, dtype=torch.float64, device=run.device)
        self._bins = self._moves.new_zeros(2, BINS)
        # one slot an epoch, written on the device and read at the end
        self._all_moves = self._moves.new_zeros(run.plan.epochs, len(COUNTED), moves)
        self._all_bins = self._bins.new_zeros(run.plan.epochs, 2, BINS)

    def updated(self) -> None:
        """See `TrainingWatcher.updated`."""
        import torch

        state = self._run.state
        worsening = state["worsening"].double()
        worse = worsening > 0
        accepted = state["accepted"].bool()
        seen = (
            state["tried"].double(),
            accepted.double(),
            worse.double(),
            worse.logical_and(accepted).double(),
            state["probability"].double().masked_fill(~worse, 0.0),
            worsening.masked_fill(~worse, 0.0),
        )
        each = torch.cat(seen, 1).T
        self._moves.scatter_add_(1, state["move"].T.expand(len(COUNTED), -1), each)
        place = worsening.masked_fill(~worse, 1.0).log10().sub_(LEAST).mul_(A_DECADE).floor_()
        place = place.add_(1.0).clamp_(0, BINS - 1).long()
        both = torch.cat([worse.logical_and(accepted), worse.logical_and(~accepted)], 1)
        self._bins.scatter_add_(1, place.T.expand(2, -1), both.double().T)

    def row(self) -> Mapping[str, Tensor | float]:
        """Note the counts of the epoch that has ended; they are no columns of the curves."""
        if self._run.at.rows:
            epoch = self._run.at.epoch - 1
            self._all_moves[epoch].copy_(self._moves)
            self._all_bins[epoch].copy_(self._bins)
            self._moves.zero_()
            self._bins.zero_()
        return {}

    def tables(self) -> Mapping[str, Columns]:
        """See `TrainingWatcher.tables`."""
        # a run that diverged ends earlier
        epochs = len(self._run.at.rows) - 1
        return {"moves": self._table_of_moves(epochs), "worsenings": self._table_of_bins(epochs)}

    def _table_of_moves(self, epochs: int) -> Columns:
        import numpy as np

        found = self._all_moves[:epochs].cpu().numpy()
        moves = found.shape[2]
        columns = {name: found[:, index].ravel() for index, name in enumerate(COUNTED)}
        whole = {name: columns[name].astype(np.int64) for name in COUNTED[:4]}
        return {
            "epoch": np.repeat(np.arange(1, epochs + 1), moves),
            "move": np.tile(np.arange(moves), epochs),
            **columns,
            **whole,
        }

    def _table_of_bins(self, epochs: int) -> Columns:
        import numpy as np

        found = self._all_bins[:epochs].cpu().numpy().astype(np.int64)
        epoch, place = np.nonzero(found.sum(1))
        return {
            "epoch": epoch + 1,
            "bin": place,
            "accepted": found[epoch, 0, place],
            "rejected": found[epoch, 1, place],
        }

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {
            "moves": self._moves,
            "bins": self._bins,
            "all_moves": self._all_moves,
            "all_bins": self._all_bins,
        }


OBSERVER = Annealing
