"""Updates as CUDA graphs: at small batches a GPU waits for launches, and a graph is one launch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from escaping_minima.draws.device import DeviceDraws
    from escaping_minima.engine.objective import NetworkObjective

#: Updates of a batch size that run eagerly before it is captured: they warm up the libraries, and
#: the one short batch of an epoch is not worth a graph for long.
EAGER_FIRST = 10

#: Most updates, and most items of them all, in one graph: below them the host, which copies what a
#: graph reads and starts it, takes longer than the card.
MOST_UPDATES, MOST_ITEMS = 16, 640

#: Does so many updates, one after another, with equal parts of these rows and of these dropout bits
#: (one tensor a layer).
Update = Callable[[Tensor, Sequence[Tensor], int], None]


@dataclass(frozen=True)
class _Captured:
    graph: torch.cuda.CUDAGraph
    rows: Tensor
    bits: Sequence[Tensor]
    gradients: int
    losses: int


class CapturedUpdate:
    """Updates that are captured once for each batch size, alone or several together, and replayed.

    Only for methods that read nothing back to the host: what runs on the host during capture does
    not run again. It belongs to the stream that is current when it is called, which must not be
    the default one: cuBLAS keeps a workspace for each stream, and graphs that replay at the same
    time must not share one.

    Parameters
    ----------
    update : callable
        The eager updates; their tensors must stay where they are.
    objective : NetworkObjective
        Whose counts a replay advances.
    draws : DeviceDraws
        Whose generators a graph must know.
    """

    def __init__(self, update: Update, objective: NetworkObjective, draws: DeviceDraws) -> None:
        self._update = update
        self._objective = objective
        self._draws = draws
        self._seen: Counter[int] = Counter()
        self._captured: dict[tuple[int, int], _Captured] = {}
        # the replays of one run follow one another, so its graphs can use the same memory
        self._pool = torch.cuda.graph_pool_handle()

    def at_once(self, size: int) -> int:
        """Return how many updates of a batch size one call may do at best.

        What draws on the device is told before every update where its stream begins, so it does
        one at a time.
        """
        if self._seen[size] < EAGER_FIRST or self._draws.generators():
            return 1
        return max(1, min(MOST_UPDATES, MOST_ITEMS // size))

    def __call__(self, rows: Tensor, bits: Sequence[Tensor], count: int) -> None:
        """Do ``count`` updates with equal parts of ``rows``; no more than `at_once` says."""
        size = len(rows) // count
        self._seen[size] += count
        if self._seen[size] <= EAGER_FIRST:
            self._update(rows, bits, count)
            return
        if (size, count) not in self._captured:
            self._captured[size, count] = self._capture(rows, bits, count)
        captured = self._captured[size, count]
        captured.rows.copy_(rows)
        for static, part in zip(captured.bits, bits, strict=True):
            static.copy_(part)
        captured.graph.replay()
        self._objective.gradients += captured.gradients
        self._objective.losses += captured.losses

    def forget(self, sizes: Collection[int]) -> None:
        """Drop the graphs of batch sizes other than these, which will not come again."""
        passed = [key for key in self._captured if key[0] not in sizes]
        if passed:
            torch.cuda.current_stream().synchronize()
        for size, count in passed:
            del self._captured[size, count]
            # should it come again, it is warmed up again
            self._seen.pop(size, None)
        if passed and not self._captured:
            # memory of which all graphs are gone may still hold tensors, and is not taken up again
            self._pool = torch.cuda.graph_pool_handle()

    def _capture(self, rows: Tensor, bits: Sequence[Tensor], count: int) -> _Captured:
        # as integers of the type that they are looked up by, which the copy makes on its way
        static_rows, static_bits = rows.clone(), [part.int() for part in bits]
        gradients, losses = self._objective.gradients, self._objective.losses
        graph = torch.cuda.CUDAGraph()
        for generator in self._draws.generators():
            graph.register_generator_state(generator)
        stream = torch.cuda.current_stream()
        with torch.cuda.graph(graph, pool=self._pool, stream=stream):
            self._update(static_rows, static_bits, count)
        # capturing counted updates without doing them
        gradients, losses = self._objective.gradients - gradients, self._objective.losses - losses
        self._objective.gradients -= gradients
        self._objective.losses -= losses
        return _Captured(graph, static_rows, static_bits, gradients, losses)
