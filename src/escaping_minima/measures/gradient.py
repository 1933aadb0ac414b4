"""Loss and gradient over a whole split, as a network is after training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from escaping_minima.engine.flat_network import FlatNetwork


@dataclass(frozen=True)
class Gradient:
    """Columns ``loss`` and ``gradient_norm`` of the training set, in inference mode; one row.

    Attributes
    ----------
    batch : int
        Items at once; the mean over all items does not depend on it but for rounding.
    """

    batch: int = 500

    def __post_init__(self) -> None:
        require(self.batch >= 1, "batch", self.batch, "1 or more")

    def at_state(self, network: FlatNetwork, task: Any) -> Mapping[str, list[float]]:
        """Measure a network in inference mode."""
        import torch

        network.bind(network.w)
        total = torch.zeros_like(network.w, dtype=torch.float64)
        loss_sum = 0.0
        for begin in range(0, task.size, self.batch):
            rows = torch.arange(begin, min(begin + self.batch, task.size), device=network.w.device)
            inputs, targets = task.batch(rows)
            with torch.enable_grad():
                loss = task.loss(network.module(inputs), targets)
                parts = torch.autograd.grad(loss, network.parameters)
            flat = torch.cat([part.reshape(-1) for part in parts])
            total[0].add_(flat, alpha=float(len(rows)))
            loss_sum += float(loss) * len(rows)
        norm = float(torch.linalg.vector_norm(total)) / task.size
        return {"loss": [loss_sum / task.size], "gradient_norm": [norm]}


MEASURE = Gradient
