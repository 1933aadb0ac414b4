"""The rank that an architecture and the branches of its units allow a Hessian to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.landscape.curvature import full_spectrum, portions, batch_first
from escaping_minima.landscape.derivatives import Pass, lower_hessians, passes
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

#: Branches of a unit at a pattern.
LINEAR, CURVED, DEAD = 0, 1, 2
#: An eigenvalue at a random point below this share of the largest is rounding.
_ROUNDING = 1e-14
_SEED = 12


def branches_of(found: Pass) -> Tensor:
    """Return the branch of each unit at each pattern, (K, P x units), uint8.

    Dead is a unit whose derivative is exactly 0 in the dtype of the pass.
    """
    import torch

    slopes = torch.cat([slope.flatten(0, 1) for slope in found.slopes])
    bends = torch.cat([bend.flatten(0, 1) for bend in found.bends])
    branches = (bends > 0).to(torch.uint8)
    return branches.masked_fill_(slopes == 0, DEAD).T


def structural_ranks(network: SmallNetwork, branches: Tensor) -> Tensor:
    """Return the largest rank that the Hessian has anywhere on each pattern of branches.

    With every unit held to its branch (a line, exp(a) - 1, or the constant -1) the Hessian is an
    analytic function of the weights, so that its rank is the largest that it has at all but a set
    of measure zero: it is counted at one random point, in float64, without those eigenvalues that
    are rounding. The output counts as not saturated.

    Parameters
    ----------
    network : SmallNetwork
    branches : Tensor of shape (k, P x units), uint8
        As `branches_of` gives them. Each different row is computed once.

    Returns
    -------
    Tensor of shape (k,), int64
    """
    different, which = branches.unique(dim=0, return_inverse=True)
    ranks = which.new_empty(len(different))
    w = _random_point(network)
    for rows, held in portions(network, different):
        columns = w.unsqueeze(1).expand(-1, held.shape[1])
        found = passes(
            network, columns, lambda layer, taken, held=held: _held(network, held, layer, taken)
        )
        spectra = full_spectrum(network, batch_first(lower_hessians(network, found)))
        spectra = spectra[: rows.stop - rows.start].abs()
        ranks[rows] = (spectra > _ROUNDING * spectra.amax(1, keepdim=True)).sum(1)
    return ranks[which]


def _random_point(network: SmallNetwork) -> Tensor:
    """Return weights, (m,), that let no layer's output grow or vanish."""
    import numpy as np
    import torch

    generator = np.random.Generator(np.random.Philox(_SEED))
    w = np.empty(network.parameters)
    for layer in network.layers:
        spread = layer.inputs**-0.5
        w[layer.matrix] = spread * generator.standard_normal(layer.outputs * layer.inputs)
        w[layer.bias] = spread * generator.standard_normal(layer.outputs)
    return torch.from_numpy(w)


def _held(
    network: SmallNetwork, held: Tensor, layer: int, taken: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what units that are held to their branches give out, and its derivatives."""
    per_layer = taken.shape[0] * taken.shape[1]
    branch = held[layer * per_layer : (layer + 1) * per_layer].view(taken.shape)
    curve = taken.exp()
    given = taken.where(branch == LINEAR, curve - 1).masked_fill(branch == DEAD, -1.0)
    bends = curve * (branch == CURVED)
    return given, bends + (branch == LINEAR), bends
