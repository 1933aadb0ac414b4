"""Basins of attraction: the minimum that the gradient flow from a point leads to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.problems.plane import PlaneFunction

#: Time step of the flow; below 2 / (largest Hessian eigenvalue at any minimum here, 134).
STEP = 2e-3
#: No step of the flow is longer than this, so that steep walls are not jumped.
LONGEST = 0.02
#: Within this distance a point belongs to the minimum: the functions are convex there.
CAPTURE = 0.05
#: Steps after which a point is left without a basin (it lies on a ridge, or far outside).
PATIENCE = 20_000
#: Label of a point without a basin.
NONE = -1


def find_basins(function: PlaneFunction, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the minimum that the gradient flow from each point reaches.

    The flow is followed by Euler steps min(STEP g, LONGEST g / |g|); points that arrived are
    dropped from the work, so the cost is that of the slowest few.

    Parameters
    ----------
    function : PlaneFunction
    points : ndarray of shape (n, 2)

    Returns
    -------
    ndarray of shape (n,), int64
        Index into the minima of `stationary_points`, or NONE.
    """
    minima = np.array([[p.x, p.y] for p in stationary_points(function) if p.kind == "minimum"])
    labels = np.full(len(points), NONE)
    # beyond ten boxes a trajectory has left for good; its flow would take for ever to return
    reach = 10 * np.abs([*function.lower, *function.upper]).max()
    with np.errstate(invalid="ignore"):
        alive = np.flatnonzero(np.abs(points).max(axis=1) < reach)
    x, y = points[alive, 0].copy(), points[alive, 1].copy()
    for step in range(PATIENCE):
        if step % 20 == 0:
            nearest, distance = _nearest(x, y, minima)
            arrived = distance < CAPTURE
            labels[alive[arrived]] = nearest[arrived]
            keep = ~arrived
            alive, x, y = alive[keep], x[keep], y[keep]
            if not len(alive):
                break
        gx, gy = function.gradient(x, y)
        scale = np.minimum(STEP, LONGEST / np.maximum(np.hypot(gx, gy), 1e-300))
        x -= scale * gx
        y -= scale * gy
    return labels


def count_basins(function: PlaneFunction, path: NDArray[np.float64]) -> NDArray[np.int16]:
    """Count the distinct basins that each trajectory was seen in.

    Parameters
    ----------
    path : ndarray of shape (times, replicates, 2)

    Returns
    -------
    ndarray of shape (replicates,), int16
    """
    times, replicates, _ = path.shape
    labels = find_basins(function, path.reshape(-1, 2)).reshape(times, replicates)
    minima = range(labels.max(initial=NONE) + 1)
    return sum(
        ((labels == m).any(axis=0).astype(np.int16) for m in minima),
        start=np.zeros(replicates, np.int16),
    )


def _nearest(
    x: NDArray[np.float64], y: NDArray[np.float64], minima: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    distances = np.hypot(x[:, None] - minima[:, 0], y[:, None] - minima[:, 1])
    nearest = distances.argmin(axis=1)
    return nearest, distances[np.arange(len(x)), nearest]
