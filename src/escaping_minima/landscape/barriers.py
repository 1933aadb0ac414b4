"""How high the way out of each minimum is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from escaping_minima.landscape.basins import find_basins
from escaping_minima.landscape.stationary import StationaryPoint, stationary_points
from escaping_minima.problems.plane import PlaneFunction

#: Distance from a saddle, along its unstable direction, at which its flow lines are taken up.
OFFSET = 1e-3


@dataclass(frozen=True)
class Barrier:
    """The lowest way out of a minimum.

    Attributes
    ----------
    minimum, saddle : str
        Labels of the minimum and of the saddle on the way.
    height : float
        Value of the saddle minus value of the minimum.
    """

    minimum: str
    saddle: str
    height: float


@lru_cache(maxsize=32)
def find_barriers(function: PlaneFunction) -> tuple[Barrier, ...]:
    """Return the barrier of every minimum that some saddle's flow line reaches.

    The barrier is the height from the minimum to the lowest saddle from which a flow line reaches
    it. The flow is followed down from both sides of each saddle along its unstable eigenvector.

    Parameters
    ----------
    function : PlaneFunction
        A frozen dataclass; results are cached by its settings.

    Returns
    -------
    tuple of Barrier
        In the order of the minima; a minimum that no flow line reaches is left out.
    """
    points = stationary_points(function)
    minima = [p for p in points if p.kind == "minimum"]
    saddles = [p for p in points if p.kind == "saddle"]
    if not saddles:
        return ()
    both_sides = np.concatenate([_beside(function, saddle) for saddle in saddles])
    reached = find_basins(function, both_sides).reshape(-1, 2)
    lowest: dict[int, StationaryPoint] = {}
    for saddle, indices in sorted(zip(saddles, reached, strict=True), key=lambda s: s[0].value):
        for index in indices:
            lowest.setdefault(int(index), saddle)
    return tuple(
        Barrier(minimum.label, lowest[i].label, lowest[i].value - minimum.value)
        for i, minimum in enumerate(minima)
        if i in lowest
    )


def _beside(function: PlaneFunction, saddle: StationaryPoint) -> NDArray[np.float64]:
    """Return the points on both sides of a saddle along its unstable direction, shape (2, 2)."""
    fxx, fxy, fyy = function.hessian(saddle.x, saddle.y)
    _, vectors = np.linalg.eigh(np.array([[fxx, fxy], [fxy, fyy]]))
    place, unstable = np.array([saddle.x, saddle.y]), vectors[:, 0]
    return np.stack([place + OFFSET * unstable, place - OFFSET * unstable])
