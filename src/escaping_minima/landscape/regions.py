"""Which minimum a point belongs to, for problems of one and two variables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from escaping_minima.landscape.curve import curve_points
from escaping_minima.landscape.evaluated import AsCurve
from escaping_minima.landscape.flow_map import FlowMap, draw_map
from escaping_minima.problems.starting import start_box

#: Label of a point that belongs to no minimum: it lies on a ridge, or has left for good.
NONE = -1
#: Minima that are no higher than the lowest by this are global ones.
TIE = 1e-6
#: A point beyond this many times the extent of the problem has left for good.
GONE = 10.0
#: By what part of its width a box is widened to each side where a problem names no extent.
_MARGIN = 0.5


class _Labelled(Protocol):
    def label(self, points: NDArray[np.float64]) -> NDArray[np.int16]:
        """Return the index of the minimum of each point."""


@dataclass(frozen=True)
class Regions:
    """The basins of attraction of all minima of a problem.

    Attributes
    ----------
    minima : ndarray of shape (n, d)
        On a curve from the left, in the plane from the lowest.
    values : ndarray of shape (n,)
        The loss there.
    barriers : ndarray of shape (n,)
        From each minimum up to the lowest way into another region; infinite where there is none.
    low, high : ndarray of shape (d,)
        Corners of what was looked at.
    """

    minima: NDArray[np.float64]
    values: NDArray[np.float64]
    barriers: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    _labelled: _Labelled

    @property
    def best(self) -> NDArray[np.bool_]:
        """Whether each minimum is a global one, shape (n,)."""
        best: NDArray[np.bool_] = self.values <= self.values.min() + TIE
        return best

    def label(self, points: NDArray[np.float64]) -> NDArray[np.int16]:
        """Return the index of the minimum that the gradient flow from each point reaches.

        Parameters
        ----------
        points : ndarray of shape (n, d)
            Beside what was looked at, the nearest point of its border says it.

        Returns
        -------
        ndarray of shape (n,), int16
            `NONE` where there is none, or where a point has left for good.
        """
        is_here = np.ones(len(points), bool)
        for axis, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            away = GONE * (high - low)
            # what is no number is nowhere
            is_here &= np.abs(points[:, axis] - (low + high) / 2) < away + (high - low) / 2
        if is_here.all():
            return self._labelled.label(points)
        safe = np.where(is_here[:, None], points, self.low)
        return np.where(is_here, self._labelled.label(safe), np.int16(NONE))


@dataclass(frozen=True)
class _Intervals:
    tops: NDArray[np.float64]

    def label(self, points: NDArray[np.float64]) -> NDArray[np.int16]:
        return np.searchsorted(self.tops, points[:, 0]).astype(np.int16)


@lru_cache(maxsize=16)
def regions(problem: Any) -> Regions | None:
    """Return the regions of a problem, None of one of more than two variables.

    Parameters
    ----------
    problem : PlaneFunction or PointsProblem
        A frozen dataclass; results are cached by its settings. Its ``reach``, where it has one, is
        the extent outside which there is no stationary point: (low, high) of a curve, the same for
        each coordinate in the plane. Else it is the box of starts, widened.

    Raises
    ------
    ArithmeticError
        If a stationary point of a curve was missed, or the plane has no minimum in the extent.
    """
    low, high = _extent(problem)
    if len(low) == 1:
        return _of_curve(problem, low, high)
    return _of_plane(draw_map(problem, low, high)) if len(low) == 2 else None


def shares(problem: Any, count: int = 401) -> NDArray[np.float64]:
    """Return the share of the box of starts that each region takes, by midpoints of a grid.

    Parameters
    ----------
    problem : PlaneFunction or PointsProblem
        Of one or two variables.
    count : int
        Midpoints along each axis.
    """
    found = regions(problem)
    if found is None:
        raise ValueError(f"{problem} has more than two variables; allowed: one or two")
    middles = (np.arange(count) + 0.5) / count
    box = start_box(problem)
    sides = [a + (b - a) * middles for a, b in zip(box.lower, box.upper, strict=True)]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*sides)], axis=1)
    labels = found.label(grid)
    return np.bincount(labels[labels != NONE], minlength=len(found.values)) / len(labels)


def _extent(problem: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if hasattr(problem, "reach"):
        low, high = np.atleast_2d(np.array(problem.reach, dtype=float)).T
        return low, high
    low, high = np.array(problem.lower, dtype=float), np.array(problem.upper, dtype=float)
    margin = _MARGIN * (high - low)
    return low - margin, high + margin


def _of_curve(problem: Any, low: NDArray[np.float64], high: NDArray[np.float64]) -> Regions:
    points = curve_points(AsCurve(problem, (float(low[0]), float(high[0]))))
    minima = [point for point in points if point.kind == "minimum"]
    tops = [point for point in points if point.kind == "maximum"]
    values = np.array([point.value for point in minima])
    sides = np.array([np.inf, *(top.value for top in tops), np.inf])
    return Regions(
        np.array([[point.x] for point in minima]),
        values,
        np.minimum(sides[:-1], sides[1:]) - values,
        low,
        high,
        _Intervals(np.array([top.x for top in tops])),
    )


def _of_plane(drawn: FlowMap) -> Regions:
    barriers = drawn.passes - drawn.values
    return Regions(drawn.minima, drawn.values, barriers, drawn.low, drawn.high, drawn)
