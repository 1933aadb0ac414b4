"""How many basins of attraction a trajectory on a function of the plane was seen in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from escaping_minima.landscape.basins import count_basins
from escaping_minima.observers.watchers import PointsWatcher

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan


@dataclass(frozen=True)
class Basins:
    """Column ``basins``: of the points every ``snapshot_every`` steps, and of the end."""

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(plan)


class _Watcher(PointsWatcher):
    def __init__(self, plan: PointsPlan) -> None:
        self._plan = plan
        self._seen: list[NDArray[np.float64]] = []

    def before_step(self, step: int, w: Tensor) -> None:
        """See `PointsWatcher.before_step`."""
        if step % self._plan.snapshot_every == 0:
            self._seen.append(w.cpu().numpy().copy())

    def columns(self, end: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `PointsWatcher.columns`."""
        return {"basins": count_basins(self._plan.problem, np.stack([*self._seen, end]))}

    def state(self) -> dict[str, Any]:
        """See `PointsWatcher.state`."""
        import torch

        return {"seen": torch.from_numpy(np.array(self._seen))}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `PointsWatcher.restore`."""
        self._seen = list(state["seen"].numpy())


OBSERVER = Basins
