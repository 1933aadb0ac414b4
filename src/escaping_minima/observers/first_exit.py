"""When a replicate first left the ball around its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.observers.watchers import PointsWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan
    from escaping_minima.methods.protocol import State


@dataclass(frozen=True)
class FirstExit:
    """Column ``first_exit``: the number of steps after which a replicate was first outside.

    -1 where it never was: the time is then censored at the number of steps of the cell. A point
    that is not finite is outside.

    Attributes
    ----------
    radius : float
        Of the ball around the start, in units of the weights.
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        require(self.radius > 0, "radius", self.radius, "above 0")

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.radius, replicates, device)


class _Watcher(PointsWatcher):
    def __init__(self, radius: float, replicates: int, device: torch.device) -> None:
        import torch

        self._radius = radius
        self._start: Tensor | None = None
        self._exit = torch.full((replicates, 1), -1, dtype=torch.int64, device=device)

    def before_step(self, step: int, w: Tensor) -> None:
        """See `PointsWatcher.before_step`."""
        if self._start is None:
            self._start = w.clone()

    def after_step(self, step: int, w: Tensor, state: State) -> None:
        """See `PointsWatcher.after_step`."""
        assert self._start is not None
        distance = w.sub(self._start).square_().sum(1, keepdim=True).sqrt_()
        inside = distance <= self._radius
        first = inside.logical_not_().logical_and_(self._exit < 0)
        self._exit.masked_fill_(first, step + 1)

    def columns(self, end: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `PointsWatcher.columns`."""
        return {"first_exit": self._exit[:, 0].cpu().numpy()}

    def state(self) -> dict[str, Any]:
        """See `PointsWatcher.state`."""
        return {"exit": self._exit, "start": self._start}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `PointsWatcher.restore`."""
        self._exit.copy_(state["exit"])
        self._start = None if state["start"] is None else state["start"].to(self._exit.device)


OBSERVER = FirstExit
