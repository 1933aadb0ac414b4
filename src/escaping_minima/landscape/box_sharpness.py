"""How far a loss rises within a small box around a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def box_sharpness(
    look: Callable[[Tensor], tuple[float, Tensor]], w: Tensor, epsilon: float, steps: int
) -> float:
    """Return 100 (max L - L(w)) / (1 + L(w)) over the box |z_i - w_i| <= epsilon (|w_i| + 1).

    The maximum is sought by steps along the signs of the gradient, cut off at the sides of the box,
    as those of Madry et al. 2018: at first half a box wide, and half as wide from where one did not
    rise. The largest loss met stands for the maximum, and is at most it.

    Parameters
    ----------
    look : callable
        From a point to the loss and its gradient there.
    w : Tensor
        The middle, where the gradient must not be zero.
    epsilon : float
        Half the box's width, as a share of 1 more than a weight.
    steps : int
        How many are tried; each takes a gradient.

    References
    ----------
    Keskar et al. 2017, "On Large-Batch Training for Deep Learning", equation 4 and metric 2.1, in
    the full space; they search with ten iterations of L-BFGS-B.
    """
    reach = epsilon * (w.abs() + 1)
    middle, gradient = look(w)
    highest, place, width = middle, w, 1.0
    for _ in range(steps):
        aside = place + width * reach * gradient.sign().to(w.dtype)
        aside = aside.maximum(w - reach).minimum(w + reach)
        loss, steepest = look(aside)
        if loss > highest:
            highest, place, gradient = loss, aside, steepest
        else:
            width /= 2
    return 100 * (highest - middle) / (1 + middle)
