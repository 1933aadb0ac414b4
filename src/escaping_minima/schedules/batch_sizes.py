"""How large the minibatches of each epoch are, and where they begin and end."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class BatchSizes:
    """A batch size on a straight line from the first epoch to the last; equal ends fix it.

    Attributes
    ----------
    first, last : int
        Sizes N1 in the first epoch and N2 in the last.
    line : str
        What the size is a straight line in: "epochs", or "updates", which grows faster at first.

    Raises
    ------
    ValueError
        If a size is below 2, or ``line`` is neither.

    References
    ----------
    Takase, Oyama and Kurihara 2018, Algorithm 3 and Figure 5.
    """

    first: int
    last: int
    line: str = "epochs"

    def __post_init__(self) -> None:
        if min(self.first, self.last) < 2:
            raise ValueError(f"batch sizes are {self.first} and {self.last}; allowed: 2 or more")
        if self.line not in ("epochs", "updates"):
            raise ValueError(f"line is {self.line!r}; allowed: epochs, updates")

    def size(self, epoch: int, epochs: int) -> int:
        """Return the batch size of an epoch.

        Parameters
        ----------
        epoch : int
            1 .. epochs.
        epochs : int
            All epochs of the run.
        """
        done, whole = epoch - 1, max(epochs - 1, 1)
        if self.line == "epochs":
            # integers: a quotient of floats could fall just short of a whole number
            return self.first + (self.last - self.first) * done // whole
        squares = self.first**2 * (whole - done) + self.last**2 * done
        return math.isqrt(squares // whole)


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
        len(batch_bounds(images, sizes.size(epoch, epochs))) for epoch in range(1, epochs + 1)
    )
