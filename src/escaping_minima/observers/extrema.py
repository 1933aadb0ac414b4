"""The smallest and the largest weight after each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.observers.watchers import TrainingWatcher

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run


@dataclass(frozen=True)
class Extrema:
    """Columns ``parameter_min``, ``parameter_max``, ``weight_min``, ``weight_max``.

    Over the weights and biases of convolutions and dense layers, and over the weights alone; a
    network without biases has the same in both.
    """

    def watch_training(self, run: Run) -> _Watcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(run)


class _Watcher(TrainingWatcher):
    def __init__(self, run: Run) -> None:
        self._run = run

    def row(self) -> Mapping[str, Tensor | float]:
        """See `TrainingWatcher.row`."""
        import torch

        dense = self._run.network.dense_parameters()
        weight_min, weight_max = _ends(dense["weights"])
        low, high = weight_min, weight_max
        if dense["biases"]:
            bias_min, bias_max = _ends(dense["biases"])
            low, high = torch.minimum(low, bias_min), torch.maximum(high, bias_max)
        return {
            "parameter_min": low,
            "parameter_max": high,
            "weight_min": weight_min,
            "weight_max": weight_max,
        }


def _ends(tensors: list[Tensor]) -> tuple[Tensor, Tensor]:
    import torch

    ends = torch.stack([torch.stack(t.detach().aminmax()) for t in tensors])
    return ends[:, 0].min(), ends[:, 1].max()


OBSERVER = Extrema
