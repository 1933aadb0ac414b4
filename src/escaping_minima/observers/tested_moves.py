"""What the test of Metropolis did on a small problem, in stretches of so many steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.errors import UserError
from escaping_minima.observers.watchers import Columns, PointsWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan
    from escaping_minima.methods.protocol import State

#: What is added up over a stretch, in the order of the table's columns.
COUNTED = ("tried", "accepted", "worse", "accepted_worse", "climbed")
_NEEDED = ("tried", "accepted", "worsening")


@dataclass(frozen=True)
class MetropolisCounts:
    """Table ``tested_moves``, a row for each stretch of steps and replicate.

    ``step``, the number of steps after which the stretch ended; ``replicate``; ``tried`` and
    ``accepted`` moves; ``worse``, how many of them made the loss worse, and ``accepted_worse`` of
    these; ``climbed``, by how much the accepted ones made it worse, all together. The last stretch
    may be shorter than the others.

    The method says what it did in its state, (k, 1) each: see
    `escaping_minima.methods.metropolis.start_annealing`.

    Attributes
    ----------
    every : int
        Steps of a stretch.
    """

    every: int = 100

    def __post_init__(self) -> None:
        require(self.every >= 1, "every", self.every, "1 or more")

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.every, plan.steps, replicates, device)


class _Watcher(PointsWatcher):
    def __init__(self, every: int, steps: int, replicates: int, device: torch.device) -> None:
        import torch

        self._every = every
        self._steps = steps
        shape = (replicates, len(COUNTED))
        self._counts = torch.zeros(shape, dtype=torch.float64, device=device)
        self._ended: list[tuple[int, Tensor]] = []

    def after_step(self, step: int, w: Tensor, state: State) -> None:
        """See `PointsWatcher.after_step`."""
        import torch

        if missing := sorted(set(_NEEDED) - state.keys()):
            raise UserError(
                f"observers: tested_moves needs {missing[0]!r} in the state of the method, which "
                "it does not say; leave the observer out of the cell, or take a method that tests "
                "its moves"
            )
        worsening, accepted = state["worsening"].double(), state["accepted"].bool()
        worse = worsening > 0
        climbed = worse.logical_and(accepted)
        seen = (state["tried"], accepted, worse, climbed, worsening.where(climbed, 0.0))
        self._counts.add_(torch.cat([each.double() for each in seen], 1))
        if (step + 1) % self._every == 0 or step + 1 == self._steps:
            self._ended.append((step + 1, self._counts.clone()))
            self._counts.zero_()

    def pieces(self) -> Mapping[str, Columns]:
        """See `PointsWatcher.pieces`."""
        import numpy as np

        if not self._ended:
            return {}
        seen = np.stack([counts.cpu().numpy() for _, counts in self._ended])
        times, replicates, _ = seen.shape
        columns: dict[str, Any] = {
            "step": np.repeat(np.array([step for step, _ in self._ended], np.int32), replicates),
            "replicate": np.tile(np.arange(replicates, dtype=np.int32), times),
        }
        for index, name in enumerate(COUNTED):
            values = seen[:, :, index].ravel()
            columns[name] = values if name == "climbed" else values.astype(np.int32)
        self._ended = []
        return {"tested_moves": columns}

    def state(self) -> dict[str, Any]:
        """See `PointsWatcher.state`."""
        return {"counts": self._counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `PointsWatcher.restore`."""
        self._counts.copy_(state["counts"])


OBSERVER = MetropolisCounts
