"""Short descents of a few small networks side by side, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.landscape.derivatives import gradients_of, passes
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

#: A descent ends once its gradient norm is below this.
VANISHED = 1e-8
#: The gradient norm from which on growth of the weights counts as late.
LATE = 1e-4
#: Share of the expected fall that a step must reach: the condition of Armijo 1966.
_SUFFICIENT = 0.5


@dataclass(frozen=True)
class Descents:
    """Where descents ended, each (k,), but for ``w``.

    Attributes
    ----------
    w : Tensor of shape (k, m)
    losses, gradient_norms : Tensor
    late_norms : Tensor
        Norm of the weights when the norm of the gradient first fell below `LATE`, or half way
        where it never did.
    """

    w: Tensor
    losses: Tensor
    gradient_norms: Tensor
    late_norms: Tensor


def descend(network: SmallNetwork, w: Tensor, iterations: int) -> Descents:
    """Follow the gradient down from each row of ``w``.

    A step that lowers the loss by half of what the slope promises, or more, is taken, and the next
    is twice as long; any other is halved and tried again. Nothing is drawn.

    Parameters
    ----------
    network : SmallNetwork
    w : Tensor of shape (k, m), float64
    iterations : int
        Tries, taken or not. A descent whose gradient has vanished stays where it is.
    """
    import torch

    losses, gradients = _evaluated(network, w)
    rates = torch.ones_like(losses)
    late = torch.full_like(losses, torch.nan)
    for iteration in range(iterations):
        squares = gradients.square().sum(1)
        moving = squares >= VANISHED**2
        arrived = (squares < LATE**2) | (2 * iteration >= iterations)
        late = torch.where(late.isnan() & arrived, w.norm(dim=1), late)
        if not bool(moving.any()):
            break
        tried = w - rates.unsqueeze(1) * gradients
        new_losses, new_gradients = _evaluated(network, tried)
        taken = moving & (new_losses <= losses - _SUFFICIENT * rates * squares)
        w = tried.where(taken.unsqueeze(1), w)
        gradients = new_gradients.where(taken.unsqueeze(1), gradients)
        losses = new_losses.where(taken, losses)
        rates = torch.where(taken, 2 * rates, rates / 2)
    return Descents(w, losses, gradients.norm(dim=1), late)


def _evaluated(network: SmallNetwork, w: Tensor) -> tuple[Tensor, Tensor]:
    found = passes(network, w.T.contiguous())
    return found.losses, gradients_of(network, found).T
