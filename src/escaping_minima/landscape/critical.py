"""Critical points of smooth functions of any dimension, of every index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.landscape.smooth import Smooth, hessians

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

#: The damping at first, as a share of the squared size of the Hessian, and what it is multiplied
#: by after a step that was taken and one that was not.
DAMPING, EASED, TIGHTENED = 1e-2, 0.2, 4.0
#: By what share of itself a value may rise in a descent.
ROUNDING = 1e-14
#: The least damping, by the same share.
_LEAST = 1e-24


@dataclass(frozen=True)
class CriticalPoints:
    """Where searches for vanishing gradients ended.

    Attributes
    ----------
    w : Tensor of shape (k, d)
    norms : Tensor of shape (k,)
        Of the gradients there.
    iterations : Tensor of shape (k,), int64
        Steps tried until the norm was small enough; all of them where it never was.
    """

    w: Tensor
    norms: Tensor
    iterations: Tensor


def find_critical(function: Smooth, w: Tensor, iterations: int, tolerance: float) -> CriticalPoints:
    """Minimise the squared norm of the gradient from each row, by Levenberg and Marquardt.

    A step is -(H^2 + l I)^-1 H g; with it l falls, and where it would not lessen the norm it is not
    taken and l rises. It is computed as the real part of -(H + i sqrt(l) I)^-1 g, which is the same
    and needs no square of H, whose digits would be lost where H is near singular.

    Parameters
    ----------
    function : Smooth
    w : Tensor of shape (k, d), float64
    iterations : int
        Steps tried at most.
    tolerance : float
        A search ends where the norm of the gradient is no more than this.

    References
    ----------
    Marquardt 1963, An algorithm for least-squares estimation of nonlinear parameters.
    """
    import torch

    w = w.clone()
    gradients = function.gradients(w)
    norms = gradients.norm(dim=1)
    damping = torch.full_like(norms, DAMPING)
    taken_until = torch.full_like(norms, iterations, dtype=torch.int64)
    for iteration in range(iterations):
        taken_until = taken_until.where(norms > tolerance, taken_until.clamp(max=iteration))
        (rows,) = (norms > tolerance).nonzero(as_tuple=True)
        if not len(rows):
            break
        tried = w[rows] + _step(hessians(function, w[rows]), gradients[rows], damping[rows])
        new = function.gradients(tried)
        lower = new.norm(dim=1) < norms[rows]
        kept = lower.unsqueeze(1)
        w[rows] = tried.where(kept, w[rows])
        gradients[rows] = new.where(kept, gradients[rows])
        norms = gradients.norm(dim=1)
        factor = torch.where(lower, EASED, TIGHTENED)
        damping[rows] = (damping[rows] * factor).clamp(min=_LEAST)
    return CriticalPoints(w, norms, taken_until)


def _step(hessian: Tensor, gradient: Tensor, damping: Tensor) -> Tensor:
    import torch

    size = hessian.shape[1]
    scale = torch.linalg.matrix_norm(hessian) * damping.sqrt()
    shift = scale.clamp(min=1e-300).view(-1, 1, 1) * torch.eye(size, dtype=hessian.dtype)
    solved = torch.linalg.solve(torch.complex(hessian, shift), gradient.to(torch.complex128))
    step: Tensor = solved.real.neg()
    return step


def go_down(function: Smooth, w: Tensor, iterations: int, tolerance: float) -> Tensor:
    """Follow the gradient down from each row, and return where that ends, (k, d).

    A step is taken if the value does not rise by more than rounding and the way still leads down at
    its end, and the next is twice as long; any other is halved and tried again. On a parabola that
    is the condition of Armijo with one half, without a difference of two values that are almost
    one. So a descent stays in its basin more often than with a step of one length.

    Parameters
    ----------
    function : Smooth
    w : Tensor of shape (k, d), float64
    iterations : int
        Tries, taken or not.
    tolerance : float
        A descent ends where the norm of the gradient is no more than this.

    References
    ----------
    Armijo 1966; Hager and Zhang 2005, A new conjugate gradient method with guaranteed descent, for
    the condition on slopes.
    """
    import torch

    w = w.clone()
    values, gradients = function.values(w)[:, 0], function.gradients(w)
    rates = torch.ones_like(values)
    for _ in range(iterations):
        norms = gradients.norm(dim=1)
        (rows,) = (norms > tolerance).nonzero(as_tuple=True)
        if not len(rows):
            break
        tried = w[rows] - rates[rows].unsqueeze(1) * gradients[rows]
        new, slopes = function.values(tried)[:, 0], function.gradients(tried)
        allowed = values[rows] + ROUNDING * values[rows].abs()
        taken = (new <= allowed) & ((slopes * gradients[rows]).sum(1) >= 0)
        rates[rows] = torch.where(taken, 2 * rates[rows], rates[rows] / 2)
        lower = rows[taken]
        w[lower], values[lower], gradients[lower] = tried[taken], new[taken], slopes[taken]
    return w


def name_points(w: NDArray[np.float64], near: float) -> NDArray[np.int64]:
    """Return for each row the index of the first row within ``near`` of it: one name a point.

    Parameters
    ----------
    w : ndarray of shape (k, d)
    near : float
        Distance within which two rows are one point.
    """
    import numpy as np

    names = np.arange(len(w))
    for row in range(len(w)):
        earlier = np.flatnonzero(np.linalg.norm(w[:row] - w[row], axis=1) <= near)
        if len(earlier):
            names[row] = names[earlier[0]]
    return names
