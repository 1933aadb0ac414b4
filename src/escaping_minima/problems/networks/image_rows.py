"""The loss of k networks on images that each of them draws anew in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from escaping_minima.draws.streams import PAGE
from escaping_minima.problems.networks.elu_rows import EluRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.placed import PlacedImages

#: Walks that are looked at together: what their images take stays in a cache. Part of what decides
#: the last digits.
TOGETHER = 5
#: By what grey values are divided.
SCALE = 255.0


class ImageRows:
    """See `escaping_minima.problems.walked.Surface`.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    placed : PlacedImages
    items : int
        Images of a draw.
    apart : bool
        Whether loss and accuracy are of other training images than the gradient.
    streams : sequence of Streams
        One for each block.
    walks : int
        Of a block.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        placed: PlacedImages,
        items: int,
        apart: bool,
        streams: Sequence[Streams],
        walks: int,
    ) -> None:
        self._networks = EluRows(sizes)
        self._train = _Split(placed.train_images, placed.train_labels)
        self._test = _Split(placed.test_images, placed.test_labels)
        self._apart = apart
        shape = (walks, items)
        self._gradient_rows = _Rows("train items", streams, shape, self._train)
        self._loss_rows = _Rows("loss items", streams, shape, self._train)
        self._test_rows = _Rows("test items", streams, shape, self._test)
        self._step = 0

    def begin(self, step: int) -> None:
        """See `Surface.begin`."""
        self._step = step

    def look(self, w: Tensor, gradient: Tensor) -> Mapping[str, Tensor]:
        """See `Surface.look`."""
        of_gradient = self._gradient_rows.at(self._step)
        of_loss = self._loss_rows.at(self._step) if self._apart else of_gradient
        of_test = self._test_rows.at(self._step)
        found = []
        for first in range(0, len(w), TOGETHER):
            some = slice(first, first + TOGETHER)
            trained = self._descend(w[some], of_gradient[some], gradient[some])
            if self._apart:
                trained = self._judge(w[some], self._train, of_loss[some])
            found.append((*trained, *self._judge(w[some], self._test, of_test[some])))
        names = ("loss", "train_accuracy", "test_loss", "test_accuracy")
        return dict(zip(names, map(torch.cat, zip(*found, strict=True)), strict=True))

    def _descend(self, w: Tensor, rows: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
        """Write the gradients into ``out``; return losses and accuracies."""
        inputs, labels = self._train.gather(rows)
        passed = self._networks.forward(w, inputs)
        logs = passed[-1].log_softmax(2)
        delta = logs.exp()
        delta.scatter_add_(2, labels, delta.new_full(labels.shape, -1.0))
        self._networks.backward(w, passed, delta.div_(labels.shape[1]), out)
        return _scores(logs, labels)

    def _judge(self, w: Tensor, split: _Split, rows: Tensor) -> tuple[Tensor, Tensor]:
        inputs, labels = split.gather(rows)
        return _scores(self._networks.forward(w, inputs)[-1].log_softmax(2), labels)


class _Split:
    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self._images = images.reshape(len(images), -1)
        self._labels = labels
        self.size = len(labels)
        self.device = labels.device

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return images (k, n, inputs) and labels (k, n, 1) by their index (k, n)."""
        flat = rows.reshape(-1)
        inputs = self._images.index_select(0, flat).float().div_(SCALE)
        return inputs.view(*rows.shape, -1), self._labels[flat].view(*rows.shape, 1)


class _Rows:
    """Which items each walk draws in each step, uniform with replacement."""

    def __init__(
        self, purpose: str, streams: Sequence[Streams], shape: tuple[int, int], split: _Split
    ) -> None:
        self._purpose = purpose
        self._streams = streams
        self._shape = (PAGE, *shape)
        self._split = split
        self._page = -1
        self._drawn = torch.empty(0)

    def at(self, step: int) -> Tensor:
        """Return the items of a step, shape (k, items)."""
        page, within = divmod(step, PAGE)
        if page != self._page:
            drawn = [self._draw(one.generator(self._purpose, page)) for one in self._streams]
            self._page = page
            self._drawn = torch.from_numpy(np.concatenate(drawn, axis=1)).to(self._split.device)
        return self._drawn[within]

    def _draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.integers(0, self._split.size, self._shape)


def _scores(logs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean losses and the shares of items that are named rightly, each of shape (k,)."""
    losses = logs.gather(2, labels).squeeze(2).mean(1).neg()
    right = logs.argmax(2).eq(labels.squeeze(2))
    return losses, right.to(logs.dtype).mean(1)
