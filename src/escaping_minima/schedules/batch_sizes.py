"""How large the minibatches of each epoch are, and where they begin and end."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from escaping_minima.parts.settings import added

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams

ORDERS = ("increasing", "decreasing", "random")
LAST_BATCHES = ("kept", "left_out")


@dataclass(frozen=True)
class BatchSizes:
    """A batch size on a straight line from the first epoch to the last; equal ends fix it.

    Attributes
    ----------
    first, last : int
        Sizes N1 in the first epoch and N2 in the last.
    line : str
        What the size is a straight line in: "epochs", or "updates", which grows faster at first.
    order : str
        How the epochs take the sizes of the line: "increasing", from its start to its end;
        "decreasing", the other way; "random", in an order that each run draws (see `drawn`). Each
        has the same sizes, equally often.
    last_batch : str
        What becomes of the images of an epoch that fill no batch: "kept", as a short one; or
        "left_out", so that this epoch is not trained on them.

    Raises
    ------
    ValueError
        If a size is below 2, or another setting has a value that is not named here.

    References
    ----------
    Takase, Oyama and Kurihara 2018, Algorithm 3 and Figure 5.
    """

    first: int
    last: int
    line: str = "epochs"
    order: str = added("increasing")
    last_batch: str = added("kept")

    def __post_init__(self) -> None:
        if min(self.first, self.last) < 2:
            raise ValueError(f"batch sizes are {self.first} and {self.last}; allowed: 2 or more")
        _require_one_of("line", self.line, ("epochs", "updates"))
        _require_one_of("order", self.order, ORDERS)
        _require_one_of("last_batch", self.last_batch, LAST_BATCHES)

    def size(self, epoch: int, epochs: int) -> int:
        """Return the batch size of an epoch.

        Before a random order is drawn, sizes are those of the increasing one.

        Parameters
        ----------
        epoch : int
            1 .. epochs.
        epochs : int
            All epochs of the run.
        """
        return self._on_line(epochs + 1 - epoch if self.order == "decreasing" else epoch, epochs)

    def drawn(self, streams: Streams, epochs: int) -> BatchSizes:
        """Return the sizes of one run: those of a random order in the order that it draws.

        Parameters
        ----------
        streams : Streams
            Of the run. Strategies that are compared draw the same places on their lines.
        epochs : int
            All epochs of the run.
        """
        return _draw(self, streams, epochs) if self.order == "random" else self

    def bounds(self, images: int, size: int) -> list[tuple[int, int]]:
        """Return where the minibatches of an epoch of this batch size begin and end.

        As `batch_bounds`, but for a last batch that is left out. Where the images fill no batch,
        they are one.
        """
        cut = batch_bounds if self.last_batch == "kept" else _whole_batches
        return cut(images, size)

    def _on_line(self, epoch: int, epochs: int) -> int:
        done, whole = epoch - 1, max(epochs - 1, 1)
        if self.line == "epochs":
            # integers: a quotient of floats could fall just short of a whole number
            return self.first + (self.last - self.first) * done // whole
        squares = self.first**2 * (whole - done) + self.last**2 * done
        return math.isqrt(squares // whole)


@dataclass(frozen=True)
class _DrawnSizes(BatchSizes):
    """The sizes of a run whose random order has been drawn.

    Attributes
    ----------
    places : tuple of int
        The place on the line, from 0, that each epoch has.
    """

    places: tuple[int, ...] = ()

    def size(self, epoch: int, epochs: int) -> int:
        """See `BatchSizes.size`."""
        return self._on_line(self.places[epoch - 1] + 1, epochs)


def batch_bounds(images: int, size: int) -> list[tuple[int, int]]:
    """Return where the minibatches of an epoch begin and end.

    The last one may be short. A single image that is left over joins the batch before it, because
    batch normalisation cannot normalise one value.

    Parameters
    ----------
    images, size : int

    Returns
    -------
    list of (int, int)
        Half-open ranges that cover 0 .. images.
    """
    starts = list(range(0, images, size))
    if len(starts) > 1 and images - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], images], strict=True))


def count_updates(sizes: BatchSizes, images: int, epochs: int) -> int:
    """Return the number of updates of a whole run."""
    return sum(
        len(sizes.bounds(images, sizes.size(epoch, epochs))) for epoch in range(1, epochs + 1)
    )


def _draw(sizes: BatchSizes, streams: Streams, epochs: int) -> BatchSizes:
    generator = streams.generator("sizes", 0)
    settings = {field.name: getattr(sizes, field.name) for field in fields(sizes)}
    return _DrawnSizes(**settings, places=tuple(generator.permutation(epochs).tolist()))


def _whole_batches(images: int, size: int) -> list[tuple[int, int]]:
    whole = [(end - size, end) for end in range(size, images + 1, size)]
    return whole or [(0, images)]


def _require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; allowed: {', '.join(allowed)}")
