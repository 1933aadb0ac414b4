"""Short descents of a few small networks side by side, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.landscape.derivatives import gradients_of, passes
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

#: A descent ends once its gradient norm is below this, and below `FALLEN` of what it was: a start
#: far down a valley has no gradient to begin with.
VANISHED = 1e-8
FALLEN = 1e-4
#: Drift is measured over the last part of a descent in which the gradient fell by this factor.
_DECADE = 10.0
#: Over less than this factor no drift is told.
_TOLD = 2.0
#: Share of the expected fall that a step must reach: the condition of Armijo 1966.
_SUFFICIENT = 0.5


@dataclass(frozen=True)
class Descents:
    """Where descents ended, each (k,), but for ``w``.

    Attributes
    ----------
    w : Tensor of shape (k, m)
    losses, gradient_norms : Tensor
    drifts : Tensor
        How far the logit that moves most goes while the gradient falls by a factor of e, over the
        last factor of ten; NaN where it did not fall by two. At a minimum this goes to zero with
        the gradient. Down a valley of cross-entropy, where the gradient is about exp(-|z|), it is
        about 1.
    """

    w: Tensor
    losses: Tensor
    gradient_norms: Tensor
    drifts: Tensor


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

    losses, gradients, logits = _evaluated(network, w)
    rates = torch.ones_like(losses)
    norms = gradients.norm(dim=1)
    vanished = (FALLEN * norms).clamp(max=VANISHED)
    course = [(logits, norms)]
    for _ in range(iterations):
        moving = norms >= vanished
        if not bool(moving.any()):
            break
        tried = w - rates.unsqueeze(1) * gradients
        new_losses, new_gradients, new_logits = _evaluated(network, tried)
        taken = moving & (new_losses <= losses - _SUFFICIENT * rates * norms.square())
        w = tried.where(taken.unsqueeze(1), w)
        gradients = new_gradients.where(taken.unsqueeze(1), gradients)
        losses = new_losses.where(taken, losses)
        logits = new_logits.where(taken, logits)
        rates = torch.where(taken, 2 * rates, rates / 2)
        norms = gradients.norm(dim=1)
        course.append((logits, norms))
    places, slopes = (torch.stack(part) for part in zip(*course, strict=True))
    return Descents(w, losses, norms, _drifts(places, slopes))


def _drifts(logits: Tensor, slopes: Tensor) -> Tensor:
    """Return the drift of each descent, (k,), from logits (steps, P, k) and norms (steps, k)."""
    import torch

    # the last step before the last factor of ten; the first where there is none
    before = slopes >= _DECADE * slopes[-1]
    steps = torch.arange(len(slopes)).unsqueeze(1).expand_as(before)
    since, every = (steps * before).amax(0), torch.arange(slopes.shape[1])
    then = slopes[since, every]
    moved = (logits[-1].T - logits[since, :, every]).abs().amax(1)
    return (moved / (then / slopes[-1]).log()).where(then >= _TOLD * slopes[-1], torch.nan)


def _evaluated(network: SmallNetwork, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    found = passes(network, w.T.contiguous())
    return found.losses, gradients_of(network, found).T, found.logits
