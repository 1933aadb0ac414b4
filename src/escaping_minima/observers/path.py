"""The path of every replicate, step by step, kept in pieces so that memory is bounded."""

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
class Path:
    """Table ``path``: ``step, replicate, loss, gradient_norm`` of the point before each step.

    Evaluations that a path needs are the observer's own and are not counted as the method's.

    Attributes
    ----------
    every : int
        Steps between two points.
    coordinates : tuple of int
        Replicates of a block whose coordinates are kept as well, in columns ``w0``, ``w1``, ...; of
        others these are NaN. Empty: no coordinates.
    """

    every: int = 1
    coordinates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require(self.every >= 1, "every", self.every, "1 or more")
        least = min(self.coordinates, default=0)
        require(least >= 0, "coordinates", self.coordinates, "replicates, 0 or more")

    def watch_points(
        self, plan: PointsPlan, replicates: int, device: torch.device
    ) -> PointsWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self, plan, replicates)


class _Watcher(PointsWatcher):
    def __init__(self, settings: Path, plan: PointsPlan, replicates: int) -> None:
        from escaping_minima.engine.points_objective import evaluator

        self._settings = settings
        self._evaluate = evaluator(plan.problem)
        within = range(replicates)
        chosen = set(settings.coordinates)
        self._chosen = [row for row in within if row % plan.problem.BLOCK in chosen]
        self._steps: list[int] = []
        self._seen: list[Tensor] = []
        self._where: list[Tensor] = []

    def before_step(self, step: int, w: Tensor) -> None:
        """See `PointsWatcher.before_step`."""
        import torch

        if step % self._settings.every:
            return
        norm = torch.linalg.vector_norm(self._evaluate.gradients(w), dim=1, keepdim=True)
        self._steps.append(step)
        self._seen.append(torch.cat([self._evaluate.values(w), norm], dim=1))
        if self._chosen:
            self._where.append(w[self._chosen])

    def pieces(self) -> Mapping[str, Columns]:
        """See `PointsWatcher.pieces`."""
        import numpy as np
        import torch

        if not self._steps:
            return {}
        seen = torch.stack(self._seen).cpu().numpy()
        times, replicates, _ = seen.shape
        columns: dict[str, Any] = {
            "step": np.repeat(np.array(self._steps, np.int32), replicates),
            "replicate": np.tile(np.arange(replicates, dtype=np.int32), times),
            "loss": seen[:, :, 0].ravel(),
            "gradient_norm": seen[:, :, 1].ravel(),
        }
        if self._chosen:
            where = torch.stack(self._where).cpu().numpy()
            all_where = np.full((times, replicates, where.shape[2]), np.nan)
            all_where[:, self._chosen] = where
            for axis in range(where.shape[2]):
                columns[f"w{axis}"] = all_where[:, :, axis].ravel()
        self._steps, self._seen, self._where = [], [], []
        return {"path": columns}


OBSERVER = Path
