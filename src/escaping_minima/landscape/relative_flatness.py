"""A measure of flatness that a rescaling of the network leaves as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def relative_flatness(features: Tensor, outputs: Tensor, weight: Tensor) -> float:
    r"""Return the relative flatness of the last layer under cross-entropy, exactly.

    It is the sum over pairs of its units s, s' of <w_s, w_s'> tr(H_ss'), where H_ss' is the block
    of the loss's Hessian that belongs to the weights of both. With features x and probabilities p
    of an item, H_ss' is the mean of (p_s [s = s'] - p_s p_s') x x^T, so that the whole is the mean
    of |x|^2 times the spread of the rows w_s around their mean under p. Multiplying x and dividing
    w by the same number changes nothing. Larger is sharper.

    Parameters
    ----------
    features : Tensor of shape (n, m)
        What the last layer is given.
    outputs : Tensor of shape (n, c)
        What it returns: logits.
    weight : Tensor of shape (c, m)

    References
    ----------
    Petzka, Kamp, Adilova, Sminchisescu and Boley 2021, "Relative Flatness and Generalization",
    definition 3; any layer may be taken, and this is the last one.
    """
    import torch

    p = outputs.double().softmax(1)
    rows = weight.double()
    # over pairs: where one probability is nearly 1, a difference of squares would have no digits
    apart = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").square()
    spread = torch.einsum("ns,st,nt->n", p, apart, p) / 2
    return float((features.double().square().sum(1) * spread).mean())
