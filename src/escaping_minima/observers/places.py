"""Where every replicate of a small problem is, every so many steps and at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.observers.watchers import Columns, PointsWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.points import PointsPlan


@dataclass(frozen=True)
class Places:
    """Table ``places``: ``step, replicate, w0, w1, ...`` before every so many steps.

    And columns of the block, ``end_0``, ``end_1``, ...: where each replicate ended. Of problems of
    any dimension.

    Attributes
    ----------
    every : int
        Steps between two looks; the first is before the first step.
    """

    every: int = 100

    def __post_init__(self) -> None:
        require(self.every >= 1, "every", self.every, "1 or more")

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.every)


class _Watcher(PointsWatcher):
    def __init__(self, every: int) -> None:
        self._every = every
        self._steps: list[int] = []
        self._seen: list[NDArray[np.float64]] = []

    def before_step(self, step: int, w: Tensor) -> None:
        """See `PointsWatcher.before_step`."""
        if step % self._every == 0:
            self._steps.append(step)
            self._seen.append(w.cpu().numpy().copy())

    def pieces(self) -> Mapping[str, Columns]:
        """See `PointsWatcher.pieces`."""
        import numpy as np

        if not self._steps:
            return {}
        seen = np.stack(self._seen)
        times, replicates, dimension = seen.shape
        columns: dict[str, Any] = {
            "step": np.repeat(np.array(self._steps, np.int32), replicates),
            "replicate": np.tile(np.arange(replicates, dtype=np.int32), times),
        }
        columns |= {f"w{axis}": seen[:, :, axis].ravel() for axis in range(dimension)}
        self._steps, self._seen = [], []
        return {"places": columns}

    def columns(self, end: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """See `PointsWatcher.columns`."""
        return {f"end_{axis}": end[:, axis] for axis in range(end.shape[1])}


OBSERVER = Places
