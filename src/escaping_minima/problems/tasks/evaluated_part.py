"""Images of which the training set is evaluated on a part, drawn anew each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from escaping_minima.draws.transfer import to_device
from escaping_minima.problems.tasks.images import ImageTask, Split

if TYPE_CHECKING:
    from torch import nn

    from escaping_minima.draws.streams import Streams
    from escaping_minima.engine.numerics import Numerics
    from escaping_minima.problems.tasks.pixels import Pixels
    from escaping_minima.problems.tasks.protocol import Evaluation
    from escaping_minima.problems.tasks.targets import Targets


class EvaluatedPart(ImageTask):
    """An `ImageTask` that evaluates "train" on so many of its images; trains on all of them.

    Before the first epoch the part is that of index 0.

    Parameters
    ----------
    splits, pixels, targets, streams
        See `ImageTask`.
    count : int
        Images of the part, drawn without replacement; all of them where there are fewer.
    """

    def __init__(
        self,
        splits: Mapping[str, Split],
        pixels: Pixels,
        targets: Targets,
        streams: Streams,
        count: int,
    ) -> None:
        super().__init__(splits, pixels, targets, streams)
        self._count = count
        self._part = self._draw_part(0)

    def begin_epoch(self, epoch: int) -> None:
        """See `Task.begin_epoch`; the part that is evaluated is drawn as well."""
        super().begin_epoch(epoch)
        self._part = self._draw_part(epoch)

    def evaluate(self, network: nn.Module, split: str, numerics: Numerics) -> Evaluation:
        """See `Task.evaluate`; of "train" the part alone, in the order in which it was drawn."""
        if split == "train":
            return self._part.evaluate(network, split, numerics)
        return super().evaluate(network, split, numerics)

    def _draw_part(self, epoch: int) -> ImageTask:
        images, targets = self._data["train"]
        drawn = self._streams.generator("evaluated", epoch).permutation(self.size)[: self._count]
        rows = to_device(torch.from_numpy(drawn), images.device)
        part = {"train": (images[rows], targets[rows])}
        return ImageTask(part, self._pixels, self._targets, self._streams)
