"""Values, gradients and Hessians of a small problem, whatever form it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.problems.plane import PlaneFunction

#: Half the distance between the two gradients of which a second derivative is the difference.
STEP = 1e-5


class Smooth(Protocol):
    """A function of d variables, evaluated at k points at once."""

    def values(self, w: Tensor) -> Tensor:
        """Return the value at each row of ``w`` (k, d), shape (k, 1)."""

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, d), shape (k, d)."""


class SmoothPlane:
    """A function of the plane at points (k, 2)."""

    def __init__(self, function: PlaneFunction) -> None:
        self._function = function

    def values(self, w: Tensor) -> Tensor:
        """See `Smooth.values`."""
        value: Tensor = self._function.value(*w.unbind(1)).unsqueeze(1)
        return value

    def gradients(self, w: Tensor) -> Tensor:
        """See `Smooth.gradients`."""
        import torch

        return torch.stack(self._function.gradient(*w.unbind(1)), dim=1)


def smooth(problem: Any) -> Smooth:
    """Return a small problem as functions of rows."""
    if hasattr(problem, "values"):
        found: Smooth = problem
        return found
    return SmoothPlane(problem)


def hessians(function: Smooth, w: Tensor) -> Tensor:
    """Return the Hessian at each row.

    It is the function's own, where it has ``hessians``; else central differences of gradients,
    made symmetric, with about nine digits.

    Parameters
    ----------
    function : Smooth
    w : Tensor of shape (k, d), float64

    Returns
    -------
    Tensor of shape (k, d, d)
    """
    import torch

    if hasattr(function, "hessians"):
        own: Tensor = function.hessians(w)
        return own
    count, size = w.shape
    shifts = STEP * torch.eye(size, dtype=w.dtype, device=w.device)
    sides = torch.stack([w.unsqueeze(1) + shifts, w.unsqueeze(1) - shifts])
    slopes = function.gradients(sides.view(-1, size)).view(2, count, size, size)
    found = (slopes[0] - slopes[1]) / (2 * STEP)
    return (found + found.mT) / 2
