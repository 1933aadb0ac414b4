"""A small problem on a regular grid over its box, as pictures of landscapes need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Points along the axis of a curve for each one along the axes of a plane: a line costs nothing.
_FINER = 4


def grid_of(problem: Any, points: int = 101) -> dict[str, NDArray[np.float64]]:
    """Return a problem of one or two variables on a regular grid over its start box.

    Parameters
    ----------
    problem : PointsProblem or PlaneFunction
        Its box ``lower`` .. ``upper`` is shown, and ``reach`` beyond it, where the problem has
        one: (low, high) of a curve, such a pair for each axis of a plane.
    points : int
        Along each axis; a curve has four times as many.

    Returns
    -------
    dict of ndarray, each of shape (points * points,) or (4 * points,)
        ``x, y, value``; of one variable ``y`` is NaN.

    Raises
    ------
    ValueError
        If the problem has more than two variables.
    """
    dimension = len(problem.lower)
    if dimension > 2:
        raise ValueError(f"a grid is of one or two variables; the problem has {dimension}")
    low, high = _box(problem)
    if dimension == 1:
        x = np.linspace(low[0], high[0], _FINER * points)
        return {"x": x, "y": np.full_like(x, np.nan), "value": _values(problem, x[:, None])}
    x, y = (axis.ravel() for axis in np.meshgrid(*np.linspace(low, high, points).T))
    return {"x": x, "y": y, "value": _values(problem, np.column_stack([x, y]))}


def _box(problem: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of what is shown: the starts, and all that the problem has to show."""
    low, high = np.array(problem.lower), np.array(problem.upper)
    if not hasattr(problem, "reach"):
        return low, high
    reach = np.array(problem.reach).reshape(-1, 2)
    return np.minimum(low, reach[:, 0]), np.maximum(high, reach[:, 1])


def _values(problem: Any, w: NDArray[np.float64]) -> NDArray[np.float64]:
    if hasattr(problem, "value"):
        return np.asarray(problem.value(w[:, 0], w[:, 1]), dtype=np.float64)
    import torch

    with torch.inference_mode():
        found: NDArray[np.float64] = problem.values(torch.from_numpy(w))[:, 0].numpy()
    return found
