"""Where a replicate is: in the region of a minimum, at a level of the loss, or nowhere known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The label of a place that is none.
NONE = -1
#: A loss is at a level within this distance.
LEVEL_TOLERANCE = 0.01


class Places(Protocol):
    """Says of points where they are, and whether that is away from where they began.

    Attributes
    ----------
    minimum : float or None
        Value of the global minimum, None where it is not known.
    """

    @property
    def minimum(self) -> float | None:
        """See above."""

    def label(self, points: NDArray[np.float64], losses: NDArray[np.float64]) -> NDArray[np.int16]:
        """Return the place of each point (n, d) of a loss (n,), or `NONE`; shape (n,)."""

    def is_best(self, labels: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether each label is that of a global minimum."""

    def away(
        self,
        labels: NDArray[np.int16],
        losses: NDArray[np.float64],
        first: NDArray[np.int16],
    ) -> NDArray[np.int8]:
        """Return 1 where a replicate has left, 0 where it has not, -1 where nothing is known.

        Parameters
        ----------
        labels : ndarray of shape (..., k)
        losses : ndarray of shape (..., k)
        first : ndarray of shape (k,)
            Labels of the starts.
        """


@dataclass(frozen=True)
class InRegions:
    """Places are basins of attraction: who is in another one than at the start has left.

    Attributes
    ----------
    regions : escaping_minima.landscape.regions.Regions
    """

    regions: Any

    @property
    def minimum(self) -> float:
        """See `Places.minimum`."""
        return float(self.regions.values.min())

    def label(self, points: NDArray[np.float64], losses: NDArray[np.float64]) -> NDArray[np.int16]:
        """See `Places.label`."""
        labels: NDArray[np.int16] = self.regions.label(points)
        return labels

    def is_best(self, labels: NDArray[np.int16]) -> NDArray[np.bool_]:
        """See `Places.is_best`."""
        # the label of no place, -1, takes the last
        best: NDArray[np.bool_] = np.append(self.regions.best, False)[labels]
        return best

    def away(
        self,
        labels: NDArray[np.int16],
        losses: NDArray[np.float64],
        first: NDArray[np.int16],
    ) -> NDArray[np.int8]:
        """See `Places.away`; who began in no region cannot leave it."""
        found: NDArray[np.int8] = (labels != first).astype(np.int8)
        found[(labels == NONE) | (first == NONE)] = -1
        return found


@dataclass(frozen=True)
class AtLevels:
    """Places are known values of the loss, of minima and of plateaus.

    Who comes below all levels but the global one has left what could hold it; what is above is not
    told apart, so the label of most points is none.

    Attributes
    ----------
    levels : tuple of float
        That of the global minimum first.
    """

    levels: tuple[float, ...]

    @property
    def minimum(self) -> float:
        """See `Places.minimum`."""
        return self.levels[0]

    def label(self, points: NDArray[np.float64], losses: NDArray[np.float64]) -> NDArray[np.int16]:
        """See `Places.label`."""
        with np.errstate(invalid="ignore"):
            apart = np.abs(losses[:, None] - np.array(self.levels))
        found = apart.argmin(axis=1)
        # a comparison with what is no number is false
        is_near = apart[np.arange(len(losses)), found] < LEVEL_TOLERANCE
        return np.where(is_near, found, NONE).astype(np.int16)

    def is_best(self, labels: NDArray[np.int16]) -> NDArray[np.bool_]:
        """See `Places.is_best`."""
        best: NDArray[np.bool_] = labels == 0
        return best

    def away(
        self,
        labels: NDArray[np.int16],
        losses: NDArray[np.float64],
        first: NDArray[np.int16],
    ) -> NDArray[np.int8]:
        """See `Places.away`."""
        if len(self.levels) == 1:
            return np.full(losses.shape, -1, np.int8)
        below = losses < min(self.levels[1:]) - LEVEL_TOLERANCE
        return below.astype(np.int8)


@dataclass(frozen=True)
class Nowhere:
    """No place is known.

    Attributes
    ----------
    minimum : float or None
        See `Places`.
    """

    minimum: float | None = None

    def label(self, points: NDArray[np.float64], losses: NDArray[np.float64]) -> NDArray[np.int16]:
        """See `Places.label`."""
        return np.full(len(points), NONE, np.int16)

    def is_best(self, labels: NDArray[np.int16]) -> NDArray[np.bool_]:
        """See `Places.is_best`."""
        return np.zeros(labels.shape, bool)

    def away(
        self,
        labels: NDArray[np.int16],
        losses: NDArray[np.float64],
        first: NDArray[np.int16],
    ) -> NDArray[np.int8]:
        """See `Places.away`."""
        return np.full(labels.shape, -1, np.int8)
