"""The rank that an architecture and the branches of its units allow a Hessian to have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from escaping_minima.landscape.curvature import batch_first, full_spectrum, portions
from escaping_minima.landscape.derivatives import Pass, lower_hessians, passes
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

#: Branches of a unit at a pattern.
LINEAR, CURVED, DEAD = 0, 1, 2
#: An eigenvalue at a random point below this share of the largest is rounding.
_ROUNDING = 1e-14
_SEED = 12
_POINTS = 2


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
    analytic function of the weights and of what the output's derivatives are, so that its rank is
    the largest that it has at all of them but a set of measure zero. It is counted at two random
    ones, in float64, without those eigenvalues that are rounding, and the larger count taken. The
    output counts as not saturated.

    Parameters
    ----------
    network : SmallNetwork
    branches : Tensor of shape (k, P x units), uint8
        As `branches_of` gives them. Each different row is computed once.

    Returns
    -------
    Tensor of shape (k,), int64
    """
    import torch

    different, which = torch.unique(branches, dim=0, return_inverse=True)
    ranks = which.new_zeros(len(different))
    for w, errors, curvatures in _random_points(network):
        for rows, held in portions(network, different):
            found = passes(network, w.expand(-1, held.shape[1]), _Held(held))
            free = replace(
                found,
                errors=errors.expand(-1, held.shape[1]),
                curvatures=curvatures.expand(-1, held.shape[1]),
            )
            lower = batch_first(lower_hessians(network, free))
            spectra = full_spectrum(network, lower)[: rows.stop - rows.start].abs()
            counted = (spectra > _ROUNDING * spectra.amax(1, keepdim=True)).sum(1)
            ranks[rows] = torch.maximum(ranks[rows], counted)
    of_rows: Tensor = ranks[which]
    return of_rows


def _random_points(network: SmallNetwork) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield weights (m, 1), and errors and curvatures of the output (P, 1), all of size 1."""
    import numpy as np
    import torch

    generator = np.random.Generator(np.random.Philox(_SEED))
    for _ in range(_POINTS):
        w = np.empty((network.parameters, 1))
        for layer in network.layers:
            # so that no layer gives out more than it is given
            reach = layer.inputs**-0.5
            w[layer.start : layer.bias.stop] = generator.uniform(
                -reach, reach, (layer.bias.stop - layer.start, 1)
            )
        free = generator.uniform(0.5, 1.5, (2, len(network.targets), 1))
        yield torch.from_numpy(w), torch.from_numpy(free[0]), torch.from_numpy(free[1])


class _Held:
    """Units that are held to their branches, (P x units, K)."""

    def __init__(self, branches: Tensor) -> None:
        self._branches = branches

    def __call__(self, layer: int, taken: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `escaping_minima.landscape.derivatives.Units`."""
        units = taken.shape[0] * taken.shape[1]
        branch = self._branches[layer * units : (layer + 1) * units].view(taken.shape)
        curve = taken.exp()
        given = taken.where(branch == LINEAR, curve - 1).masked_fill(branch == DEAD, -1.0)
        bends = curve * (branch == CURVED)
        return given, bends + (branch == LINEAR), bends
