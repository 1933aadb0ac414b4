"""Images on the device, gathered by index and judged by their classes or labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from escaping_minima.problems.tasks.pixels import Pixels
from escaping_minima.problems.tasks.protocol import Evaluation

if TYPE_CHECKING:
    from torch import nn

    from escaping_minima.draws.streams import Streams
    from escaping_minima.engine.numerics import Numerics
    from escaping_minima.problems.tasks.targets import Targets

#: Images in one batch of evaluation, where it is fastest; part of what decides the last digits.
BATCH = {"cpu": 125, "cuda": 5000}

#: Images (n, c, h, w) uint8 and targets of a split.
Split = tuple[Tensor, Tensor]


class ImageTask:
    """See `escaping_minima.problems.tasks.protocol.Task`.

    Parameters
    ----------
    splits : Mapping of str to (Tensor, Tensor)
        Images and targets of "train", "test" and others, on the device.
    pixels : Pixels
    targets : Targets
    streams : Streams
        Of (problem, block), for crops and flips.
    """

    def __init__(
        self, splits: Mapping[str, Split], pixels: Pixels, targets: Targets, streams: Streams
    ) -> None:
        self._data = splits
        self._pixels = pixels
        self._targets = targets
        self._streams = streams
        self._moves = torch.empty(0)
        self._channels = pixels.channels(splits["train"][0].device)
        self.splits = tuple(splits)
        self.size = len(splits["train"][1])

    def begin_epoch(self, epoch: int) -> None:
        """See `Task.begin_epoch`."""
        if self._pixels.is_drawn:
            device = self._data["train"][0].device
            moves = self._pixels.draw_moves(self._streams, epoch, self.size, device)
            # where they are does not change: a captured graph reads them there
            self._moves = self._moves.copy_(moves) if len(self._moves) else moves

    def batch(self, rows: Tensor) -> tuple[Any, Tensor]:
        """See `Task.batch`."""
        images, targets = self._data["train"]
        chosen = images[rows]
        if self._pixels.is_drawn:
            chosen = self._pixels.drawn(chosen, self._moves[rows])
        return self._pixels.inputs(chosen, self._channels), targets[rows]

    def batches(self, rows: Tensor, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See `Task`."""
        inputs, targets = self.batch(rows)
        return zip(inputs.chunk(count), targets.chunk(count), strict=True)

    def loss(self, outputs: Any, targets: Tensor) -> Tensor:
        """See `Task.loss`."""
        return self._targets.mean_loss(outputs, targets)

    def evaluate(self, network: nn.Module, split: str, numerics: Numerics) -> Evaluation:
        """See `Task.evaluate`."""
        images, targets = self._data[split]
        total = torch.zeros((), dtype=torch.float64, device=images.device)
        decided = []
        size = BATCH[images.device.type]
        network.eval()
        with torch.inference_mode():
            for begin in range(0, len(images), size):
                rows = slice(begin, begin + size)
                with numerics.autocast(images.device):
                    outputs = network(self._pixels.inputs(images[rows], self._channels))
                    loss = self._targets.summed_loss(outputs, targets[rows])
                total += loss
                decided.append(self._targets.decide(outputs))
        network.train()
        said = torch.cat(decided)
        scores = {"loss": total.div(len(images)), **self._targets.scores(said, targets)}
        return Evaluation(scores, self._targets.wrong(said, targets))
