"""Updates as CUDA graphs: at small batches a GPU waits for launches, and a graph is one launch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from escaping_minima.engine.network_objective import NetworkObjective

#: Updates of a batch size that run eagerly before it is captured: they warm up the libraries, and
#: the one short batch of an epoch is not worth a graph for long.
EAGER_FIRST = 10

#: Does one update with the images of these rows and these dropout bits, one tensor a layer.
Update = Callable[[Tensor, Sequence[Tensor]], None]


@dataclass(frozen=True)
class _Captured:
    graph: torch.cuda.CUDAGraph
    rows: Tensor
    bits: Sequence[Tensor]
    gradients: int
    losses: int


class CapturedUpdate:
    """An update that is captured once for each batch size, and replayed.

    Only for methods that read nothing back to the host and draw no noise: what runs on the host
    during capture does not run again.

    Parameters
    ----------
    update : callable
        The eager update; its tensors must stay where they are.
    objective : NetworkObjective
        Whose counts a replay advances.
    """

    def __init__(self, update: Update, objective: NetworkObjective) -> None:
        self._update = update
        self._objective = objective
        self._seen: Counter[int] = Counter()
        self._captured: dict[int, _Captured] = {}
        # replays follow one another, so all graphs can use the same memory
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, rows: Tensor, bits: Sequence[Tensor]) -> None:
        """Do one update."""
        size = len(rows)
        self._seen[size] += 1
        if self._seen[size] <= EAGER_FIRST:
            self._update(rows, bits)
            return
        if size not in self._captured:
            self._captured[size] = self._capture(rows, bits)
        captured = self._captured[size]
        captured.rows.copy_(rows)
        for static, part in zip(captured.bits, bits, strict=True):
            static.copy_(part)
        captured.graph.replay()
        self._objective.gradient_evaluations += captured.gradients
        self._objective.loss_evaluations += captured.losses

    def _capture(self, rows: Tensor, bits: Sequence[Tensor]) -> _Captured:
        static_rows, static_bits = rows.clone(), [part.clone() for part in bits]
        gradients = self._objective.gradient_evaluations
        losses = self._objective.loss_evaluations
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            self._update(static_rows, static_bits)
        # capturing counted an update without doing it
        gradients = self._objective.gradient_evaluations - gradients
        losses = self._objective.loss_evaluations - losses
        self._objective.gradient_evaluations -= gradients
        self._objective.loss_evaluations -= losses
        return _Captured(graph, static_rows, static_bits, gradients, losses)
