"""Values and slopes of small problems of any form, as NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


def values_at(problem: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loss of a problem at points (n, d), shape (n,)."""
    if not hasattr(problem, "values"):
        return np.asarray(problem.value(*points.T))
    import torch

    with torch.inference_mode():
        found: NDArray[np.float64] = problem.values(torch.from_numpy(points))[:, 0].numpy()
    return found


def gradients_at(problem: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gradient of a problem at points (n, d), shape (n, d)."""
    if not hasattr(problem, "gradients"):
        return np.stack(problem.gradient(*points.T), axis=1)
    import torch

    with torch.inference_mode():
        found: NDArray[np.float64] = problem.gradients(torch.from_numpy(points)).numpy()
    return found


@dataclass(frozen=True)
class AsCurve:
    """A problem of one variable as `escaping_minima.landscape.curve.Curve` asks for it.

    Attributes
    ----------
    problem : PointsProblem
    reach : tuple of float
        Ends of an interval outside which there is no stationary point.
    """

    problem: Any
    reach: tuple[float, float]

    def height(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f(x), elementwise."""
        return values_at(self.problem, np.reshape(x, (-1, 1))).reshape(np.shape(x))

    def slope(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f'(x), elementwise."""
        return gradients_at(self.problem, np.reshape(x, (-1, 1))).reshape(np.shape(x))
