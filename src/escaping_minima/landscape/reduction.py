"""Signs of the Hessian's eigenvalues from a small matrix that has all those that are not zero.

P patterns give the Hessian of a wide network a low rank. Rows of a hidden layer's weight matrix
that is not the first enter the Hessian in two ways only: by what the layer is given, h, or by how
the output pulls at it, delta, both vectors of one pattern each. So with the first P axes of either
side of the matrix turned to span these, all second derivatives are exactly zero where both
indices are beyond P. What is left of 501 weights (20 units, two layers) is a matrix of 229. Turns
are orthogonal, so that eigenvalues are those of the Hessian, the others being zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.landscape.curvature import Signs, full_spectrum, portions, signs
from escaping_minima.landscape.derivatives import (
    Pass,
    lower_hessians,
    passes,
    second_derivatives,
)
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class _Turned:
    """A layer after turning: what it is given (K, P, in + 1), deltas (K, P, out), and the turns."""

    given: Tensor
    deltas: Tensor
    given_turn: Tensor | None
    delta_turn: Tensor | None

    @property
    def groups(self) -> tuple[tuple[slice, slice], ...]:
        """The index pairs (unit, input) that may have second derivatives."""
        patterns, inputs = self.given.shape[1:]
        units = self.deltas.shape[2]
        if self.given_turn is None:
            return ((slice(0, units), slice(0, inputs)),)
        return (
            (slice(0, units), slice(0, patterns)),
            (slice(0, min(patterns, units)), slice(patterns, inputs)),
        )


def inertia(network: SmallNetwork, w: Tensor, tolerance: float) -> Signs:
    """Count the full Hessian's eigenvalues below zero, zero, and above, by the relative rule.

    Parameters
    ----------
    network : SmallNetwork
    w : Tensor of shape (k, m), float64
    tolerance : float
        An eigenvalue of at most this share of the largest magnitude is zero.

    Returns
    -------
    Signs
        Each (k,); they add up to m, or are all 0 where the Hessian is not finite. Counts are
        those of `escaping_minima.landscape.curvature.eigenvalues` but for eigenvalues that lie
        on the border to a rounding.

    Raises
    ------
    ValueError
        If ``w`` is not float64.
    """
    import torch

    if w.dtype != torch.float64:
        raise ValueError(f"w is {w.dtype}; allowed: torch.float64")
    found = []
    for rows, columns in portions(network, w):
        done = passes(network, columns)
        if is_reducible(network):
            lower = reduced_hessians(done)
        else:
            lower = lower_hessians(network, done).permute(2, 0, 1)
        counts = signs(full_spectrum(network, lower)[: rows.stop - rows.start], tolerance)
        rest = (network.parameters - lower.shape[1]) * (sum(counts) > 0)
        found.append((counts.negative, counts.zero + rest, counts.positive))
    return Signs(*(torch.cat(part) for part in zip(*found, strict=True)))


def is_reducible(network: SmallNetwork) -> bool:
    """Return whether there are matrices whose both sides are longer than there are patterns."""
    return network.depth > 1 and network.width > len(network.targets)


def reduced_hessians(found: Pass) -> Tensor:
    """Return matrices (K, n, n) with all eigenvalues of the Hessians that are not zero.

    What is above the diagonal must not be read. Only for networks that `is_reducible` names.
    """
    layers = _turned(found)
    sizes = [sum(_length(a) * _length(b) for a, b in layer.groups) for layer in layers]
    starts = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    lower = found.losses.new_zeros(len(found.losses), starts[-1], starts[-1])
    for k, column in enumerate(layers):
        moved, curved = second_derivatives(found, k)
        for above, row in enumerate(layers[k:]):
            a = _sides(moved[above - 1], row.given_turn, column.delta_turn) if above else None
            b = None
            if above < len(curved):
                b = _sides(curved[above], row.delta_turn, column.delta_turn)
            block = _block(found, row, column, a, b)
            begin = starts[k + above]
            lower[:, begin : begin + block.shape[1], starts[k] : starts[k] + block.shape[2]] = block
    return lower


def _length(part: slice) -> int:
    return int(part.stop) - int(part.start)


def _turned(found: Pass) -> list[_Turned]:
    import torch

    layers = []
    for index, (outputs, units) in enumerate(zip(found.outputs, found.deltas, strict=True)):
        given, deltas = outputs.permute(2, 0, 1), units.permute(2, 0, 1)
        if 0 < index < len(found.slopes):
            turns = [torch.linalg.qr(side.mT, mode="complete").Q for side in (given, deltas)]
            layers.append(_Turned(given @ turns[0], deltas @ turns[1], *turns))
        else:
            layers.append(_Turned(given, deltas, None, None))
    return layers


def _sides(matrices: Tensor, left: Tensor | None, right: Tensor | None) -> Tensor:
    """Return left^T matrices right, (K, P, r, c) of (P, r, c, K); None is no turn.

    The left side may have one more index, of the bias, for which the matrices have nothing.
    """
    found = matrices.permute(3, 0, 1, 2)
    if left is not None:
        found = left[:, : found.shape[2]].mT.unsqueeze(1) @ found
    return found if right is None else found @ right.unsqueeze(1)


def _block(
    found: Pass, row: _Turned, column: _Turned, a: Tensor | None, b: Tensor | None
) -> Tensor:
    """Return the block of two layers, rows group by group, without columns that are all zero."""
    import torch

    errors, curvatures = (part.T[:, :, None, None] for part in (found.errors, found.curvatures))
    both = curvatures * row.deltas.unsqueeze(3) * column.deltas.unsqueeze(2)
    if b is not None:
        both = both + errors * b
    _, inputs = column.groups[0]
    parts = []
    for units, given in row.groups:
        left = both[:, :, units].unsqueeze(3) * row.given[:, :, None, given, None]
        if a is not None:
            pulled = (errors * row.deltas[:, :, units, None]).unsqueeze(3)
            bias = row.given.shape[2] - a.shape[2]
            padded = torch.nn.functional.pad(a, (0, 0, 0, bias)) if bias else a
            left = left + pulled * padded[:, :, None, given]
        summed = torch.einsum("kpisj,kpt->kisjt", left, column.given[:, :, inputs])
        parts.append(summed.flatten(1, 2).flatten(2, 3))
    if column is row:
        # beyond the first group a layer has nothing with itself
        parts = parts[:1]
    return torch.cat(parts, dim=1)
