"""Every point of every replicate, binned by loss and gradient as it passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.observers.watchers import Columns, PointsWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan


@dataclass(frozen=True)
class Cloud:
    """Table ``cloud``: ``replicate, loss_bin, gradient_bin, count``, bins that were hit alone.

    Bins are even in log10; the first and the last take what lies outside, and a point that is not
    finite falls into the last ones. Bin i of ``bins`` holds values from
    10^(low + i (high - low) / bins).

    Attributes
    ----------
    bins : int
        Along each axis.
    loss_low, loss_high, gradient_low, gradient_high : float
        log10 of the edges of the loss and of the norm of the gradient.
    """

    bins: int = 64
    loss_low: float = -6.0
    loss_high: float = 2.0
    gradient_low: float = -6.0
    gradient_high: float = 2.0

    def __post_init__(self) -> None:
        require(self.bins >= 1, "bins", self.bins, "1 or more")
        require(self.loss_low < self.loss_high, "loss_high", self.loss_high, "above loss_low")
        above = self.gradient_low < self.gradient_high
        require(above, "gradient_high", self.gradient_high, "above gradient_low")

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self, plan, replicates, device)


class _Watcher(PointsWatcher):
    def __init__(
        self, settings: Cloud, plan: PointsPlan, replicates: int, device: torch.device
    ) -> None:
        import torch

        from escaping_minima.engine.points_objective import evaluator

        self._settings = settings
        self._evaluate = evaluator(plan.problem)
        size = settings.bins**2
        self._counts = torch.zeros(replicates, size, dtype=torch.int32, device=device)
        self._one = torch.ones(replicates, 1, dtype=torch.int32, device=device)

    def before_step(self, step: int, w: Tensor) -> None:
        """See `PointsWatcher.before_step`."""
        import torch

        chosen, settings = self._evaluate, self._settings
        norm = torch.linalg.vector_norm(chosen.gradients(w), dim=1, keepdim=True)
        loss_bin = self._bin(chosen.values(w), settings.loss_low, settings.loss_high)
        gradient_bin = self._bin(norm, settings.gradient_low, settings.gradient_high)
        self._counts.scatter_add_(1, loss_bin * settings.bins + gradient_bin, self._one)

    def _bin(self, values: Tensor, low: float, high: float) -> Tensor:
        place = values.log10().sub_(low).mul_(self._settings.bins / (high - low))
        # log10 of 0 is -inf, of a negative loss NaN; both count as below the first edge
        place = place.nan_to_num_(nan=-1.0, posinf=float(self._settings.bins), neginf=-1.0)
        lost = values.isfinite().logical_not_()
        return (
            place.floor_()
            .clamp_(0, self._settings.bins - 1)
            .masked_fill_(lost, self._settings.bins - 1)
            .long()
        )

    def after_last(self) -> Mapping[str, Columns]:
        """See `PointsWatcher.after_last`."""
        import numpy as np

        counts = self._counts.cpu().numpy()
        replicate, place = np.nonzero(counts)
        return {
            "cloud": {
                "replicate": replicate.astype(np.int32),
                "loss_bin": (place // self._settings.bins).astype(np.int16),
                "gradient_bin": (place % self._settings.bins).astype(np.int16),
                "count": counts[replicate, place],
            }
        }

    def state(self) -> dict[str, Any]:
        """See `PointsWatcher.state`."""
        return {"counts": self._counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `PointsWatcher.restore`."""
        self._counts.copy_(state["counts"])


OBSERVER = Cloud
