"""Texts on the device, batched by length and judged by their class or labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from escaping_minima.problems.tasks.by_length import arrange_by_length
from escaping_minima.problems.tasks.protocol import Evaluation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from escaping_minima.draws.streams import Streams
    from escaping_minima.engine.numerics import Numerics
    from escaping_minima.problems.tasks.placed_texts import Inputs, PlacedSplit
    from escaping_minima.problems.tasks.targets import Targets


class TextTask:
    """See `escaping_minima.problems.tasks.protocol.Task`.

    Parameters
    ----------
    splits : Mapping of str to PlacedSplit
        "train", "validation" and "test".
    targets : Targets
    streams : Streams
        Of (problem, block), for how batches change places.
    length : int
        Tokens of the longest text that there may be.
    """

    def __init__(
        self, splits: Mapping[str, PlacedSplit], targets: Targets, streams: Streams, length: int
    ) -> None:
        self._data = splits
        self._targets = targets
        self._streams = streams
        self._length = length
        self._batches = {name: split.sorted_batches() for name, split in splits.items()}
        self.splits = tuple(splits)
        self.size = len(splits["train"])

    def begin_epoch(self, epoch: int) -> None:
        """See `Task.begin_epoch`: nothing of a text is drawn."""

    def arrange(
        self, order: NDArray[np.int64], bounds: Sequence[tuple[int, int]], epoch: int
    ) -> NDArray[np.int64]:
        """See `Task`; batches of similar length, by draws that go with the order's."""
        draws = self._streams.generator("order batches", epoch)
        return arrange_by_length(order, self._data["train"].on_host, bounds, draws)

    def batch(self, rows: Tensor) -> tuple[Inputs, Tensor]:
        """See `Task.batch`: on a GPU as long as a text may be, since a graph has one shape."""
        train = self._data["train"]
        is_cut = rows.device.type == "cpu"
        longest = int(train.lengths[rows].max()) if is_cut else self._length
        return train.inputs(rows, longest), train.targets[rows]

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Task.loss`."""
        return self._targets.mean_loss(outputs, targets)

    def evaluate(self, network: nn.Module, split: str, numerics: Numerics) -> Evaluation:
        """See `Task.evaluate`; batches are of similar length, each cut to its longest text."""
        data = self._data[split]
        device = data.values.device
        total = torch.zeros((), dtype=torch.float64, device=device)
        said = torch.empty_like(data.targets)
        network.eval()
        with torch.inference_mode():
            for rows, longest in self._batches[split]:
                with numerics.autocast(device):
                    outputs = network(data.inputs(rows, longest))
                    loss = self._targets.summed_loss(outputs, data.targets[rows])
                total += loss
                said[rows] = self._targets.decide(outputs)
        network.train()
        scores = {"loss": total.div(len(data)), **self._targets.scores(said, data.targets)}
        return Evaluation(scores, self._targets.wrong(said, data.targets))
