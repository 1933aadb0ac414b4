"""Say where an end point lies: in which minimum, at a saddle, a maximum, in a halo, or nowhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.problems.plane import PlaneFunction

#: Distance below which an end point belongs to a stationary point (the paper names none).
TOLERANCE = 0.1
#: A replicate beyond this many times the start box counts as diverged even while it is finite.
DIVERGED_BOXES = 10.0
#: The parts into which the paper's "Else" is split, after the minima.
ELSE = ("saddle", "maximum", "halo", "diverged")


def outcome_names(function: PlaneFunction) -> tuple[str, ...]:
    """Return the names of the outcomes: the labels of the minima, then `ELSE`."""
    return (*(p.label for p in stationary_points(function) if p.kind == "minimum"), *ELSE)


def classify_ends(
    function: PlaneFunction, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Return, for each end point, the index of its outcome in `outcome_names`.

    "halo" is whatever is finite and near no stationary point: the cloud that noise keeps around a
    minimum, or a trajectory that has not arrived.

    Parameters
    ----------
    function : PlaneFunction
    x, y : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,), int8
    """
    points = stationary_points(function)
    names = outcome_names(function)
    kinds = np.array(
        [names.index(p.label if p.kind == "minimum" else p.kind) for p in points], dtype=np.int8
    )
    places = np.array([[p.x, p.y] for p in points])
    distance = np.hypot(x[:, None] - places[:, 0], y[:, None] - places[:, 1])
    reach = DIVERGED_BOXES * np.abs([*function.lower, *function.upper]).max()
    with np.errstate(invalid="ignore"):
        gone = ~((np.abs(x) < reach) & (np.abs(y) < reach))
    nearest = np.where(gone, 0, np.nan_to_num(distance, nan=np.inf).argmin(axis=1))
    near = distance[np.arange(len(x)), nearest] < TOLERANCE
    outcome = np.where(near, kinds[nearest], names.index("halo"))
    return np.where(gone, names.index("diverged"), outcome).astype(np.int8)
