"""Loss, gradient and Hessian of very many small networks in closed form, side by side.

Inside this file the networks are the *last* axis of every tensor, so that each operation runs over
contiguous numbers however small the networks are. Written a for what a unit takes in, h for what
it gives out, z for the logit, the pieces of the second derivative are

    S[l, k] = da_l / da_k,   A[l, k] = dh_l / da_k,   B[l, k] = d2z / da_l da_k   (k <= l),

each of one product with a weight matrix more than that of the next layer. This is the exact Hessian
in the manner of Bishop 1992, "Exact calculation of the Hessian matrix for the multi-layer
perceptron", Neural Computation 4(4), written in matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from escaping_minima.landscape.small_network import Layer, SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

Units: TypeAlias = "Callable[[int, Tensor], tuple[Tensor, Tensor, Tensor]]"


@dataclass(frozen=True)
class Pass:
    """One pass forward and back; K networks, P patterns, h units.

    Attributes
    ----------
    weights : list of Tensor
        Of each layer, (out, in, K).
    outputs : list of Tensor
        What each layer is given, (P, in + 1, K), with a 1 for the bias; first the patterns.
    slopes, bends : list of Tensor
        First and second derivative of each hidden layer's units, (P, h, K).
    logits : Tensor
        (P, K)
    losses : Tensor
        (K,)
    errors : Tensor
        dL/dz, (P, K).
    curvatures : Tensor
        d2L/dz2, (P, K).
    pulls : list of Tensor
        dz/dh of each hidden layer, (P, h, K).
    deltas : list of Tensor
        dz/da of each layer, (P, out, K).
    """

    weights: list[Tensor]
    outputs: list[Tensor]
    slopes: list[Tensor]
    bends: list[Tensor]
    logits: Tensor
    losses: Tensor
    errors: Tensor
    curvatures: Tensor
    pulls: list[Tensor]
    deltas: list[Tensor]


def elu_units(layer: int, taken: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what ELU units give out, and its first and second derivative, all from the output.

    So the derivatives are exactly 0 once the output has rounded to -1 (below about -17 in float32).
    """
    given = taken.expm1().where(taken <= 0, taken)
    curved = given < 0
    bends = (given + 1).mul_(curved)
    return given, bends.where(curved, 1.0), bends


def passes(network: SmallNetwork, w: Tensor, units: Units = elu_units) -> Pass:
    """Run the networks on all patterns and back.

    Parameters
    ----------
    network : SmallNetwork
    w : Tensor of shape (m, K), float32 or float64
        A network a column.
    units : callable, optional
        Given a hidden layer's index, from 0, and what its units take in, (P, h, K): what they give
        out, and its first and second derivative. ELU if not given.
    """
    import torch

    weights, biases = _unpacked(network, w)
    patterns = torch.tensor(network.inputs, dtype=w.dtype)
    outputs = [_with_one(patterns.unsqueeze(2).expand(-1, -1, w.shape[1]))]
    slopes, bends = [], []
    for layer, (matrix, bias) in enumerate(zip(weights[:-1], biases[:-1], strict=True)):
        given, slope, bend = units(layer, _applied(matrix, outputs[-1]) + bias)
        outputs.append(_with_one(given))
        slopes.append(slope)
        bends.append(bend)
    z = (_applied(weights[-1], outputs[-1]) + biases[-1])[:, 0]
    losses, errors, curvatures = _loss(network, z)
    pulls, deltas = _back(weights, slopes, z)
    return Pass(weights, outputs, slopes, bends, z, losses, errors, curvatures, pulls, deltas)


def _unpacked(network: SmallNetwork, w: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    weights = [_split(w[part.matrix], 0, part.outputs) for part in network.layers]
    return weights, [w[part.bias] for part in network.layers]


def _split(tensor: Tensor, axis: int, first: int) -> Tensor:
    """Return a view with one axis as two, the first of a given length."""
    shape = tensor.shape
    return tensor.view(*shape[:axis], first, shape[axis] // first, *shape[axis + 1 :])


def _with_one(h: Tensor) -> Tensor:
    import torch

    return torch.cat([h, torch.ones_like(h[:, :1])], dim=1)


def _applied(matrix: Tensor, given: Tensor) -> Tensor:
    """Return what units take in, less their bias: (out, in, K) on (P, in + 1, K)."""
    total = matrix[:, 0] * given[:, :1]
    for place in range(1, matrix.shape[1]):
        total.addcmul_(matrix[:, place], given[:, place : place + 1])
    return total


def _loss(network: SmallNetwork, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean binary cross-entropy (K,) and its derivatives by the logit, (P, K)."""
    import torch

    targets = torch.tensor(network.targets, dtype=z.dtype).unsqueeze(1)
    p = z.sigmoid()
    # without the difference of two large numbers where a pattern is right
    losses = torch.nn.functional.softplus((1 - 2 * targets) * z).mean(0)
    return losses, (p - targets) / len(z), p * (1 - p) / len(z)


def _back(
    weights: list[Tensor], slopes: list[Tensor], z: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    import torch

    deltas, pulls = [torch.ones_like(z).unsqueeze(1)], []
    for matrix, slope in zip(reversed(weights[1:]), reversed(slopes), strict=True):
        pulls.append(_transposed(matrix, deltas[-1].unsqueeze(2))[:, :, 0])
        deltas.append(slope * pulls[-1])
    return pulls[::-1], deltas[::-1]


def _transposed(matrix: Tensor, right: Tensor) -> Tensor:
    """Return matrix^T right: (out, in, K) and (P, out, c, K) give (P, in, c, K)."""
    total = matrix[0].unsqueeze(1) * right[:, :1]
    for place in range(1, matrix.shape[0]):
        total.addcmul_(matrix[place].unsqueeze(1), right[:, place : place + 1])
    return total


def _straight(matrix: Tensor, right: Tensor) -> Tensor:
    """Return matrix right: (out, in, K) and (P, in, c, K) give (P, out, c, K)."""
    total = matrix[:, 0].unsqueeze(1) * right[:, :1]
    for place in range(1, matrix.shape[1]):
        total.addcmul_(matrix[:, place].unsqueeze(1), right[:, place : place + 1])
    return total


def gradients_of(network: SmallNetwork, found: Pass) -> Tensor:
    """Return the gradients, (m, K)."""
    import torch

    parts = []
    for given, delta in zip(found.outputs, found.deltas, strict=True):
        by_layer = found.errors.unsqueeze(1) * delta
        whole = by_layer.unsqueeze(2) * given.unsqueeze(1)
        whole = whole.sum(0)
        parts += [whole[:, :-1].flatten(0, 1), whole[:, -1]]
    return torch.cat(parts)


def second_derivatives(found: Pass, source: int) -> tuple[list[Tensor], list[Tensor]]:
    """Return A[l - 1, k] and B[l, k] of one layer k, for the layers l from k on.

    Parameters
    ----------
    found : Pass
    source : int
        k, from 0.

    Returns
    -------
    list of Tensor
        A[l - 1, k], (P, h, h_k, K), from l = k + 1 on.
    list of Tensor
        B[l, k], (P, h, h_k, K), for the hidden layers from l = k on: that of the output is zero.
    """
    import torch

    last = len(found.slopes)
    if source == last:
        return [], []
    size, like = found.slopes[source].shape[1], found.losses
    s = [torch.eye(size, dtype=like.dtype).view(1, size, size, 1)]
    a = []
    for layer in range(source, last):
        a.append(found.slopes[layer].unsqueeze(2) * s[-1])
        if layer + 1 < last:
            s.append(_straight(found.weights[layer + 1], a[-1]))
    b: list[Tensor] = []
    for layer in range(last - 1, source - 1, -1):
        bent = (found.bends[layer] * found.pulls[layer]).unsqueeze(2) * s[layer - source]
        if b:
            passed_on = _transposed(found.weights[layer + 1], b[-1])
            bent = bent.addcmul_(found.slopes[layer].unsqueeze(2), passed_on)
        b.append(bent)
    return a, b[::-1]


def lower_hessians(network: SmallNetwork, found: Pass) -> Tensor:
    """Return the Hessians of the loss, (m, m, K), the blocks of layers above the diagonal zero.

    What is above the diagonal must not be read; `torch.linalg.eigvalsh` reads what is below.
    """
    m, count = network.parameters, len(found.losses)
    hessian = found.losses.new_zeros(m, m, count)
    for k, column in enumerate(network.layers):
        a, b = second_derivatives(found, k)
        for above, row in enumerate(network.layers[k:]):
            curved = b[above] if above < len(b) else None
            moved = a[above - 1] if above else None
            _add_block(hessian, found, row, column, (k + above, k), curved, moved)
    return hessian


def _add_block(
    hessian: Tensor,
    found: Pass,
    row: Layer,
    column: Layer,
    place: tuple[int, int],
    curved: Tensor | None,
    moved: Tensor | None,
) -> None:
    """Add the block of layers ``row`` and ``column``, pattern by pattern."""
    of_row, of_column = place
    for p in range(len(found.errors)):
        error, delta = found.errors[p], found.deltas[of_row][p]
        both = (found.curvatures[p] * delta).unsqueeze(1) * found.deltas[of_column][p]
        if curved is not None:
            both.addcmul_(error, curved[p])
        given = found.outputs[of_row][p]
        left = both.unsqueeze(1) * given[:, None, :][None]
        if moved is not None:
            left[:, :-1].addcmul_((error * delta)[:, None, None], moved[p])
        _spread(hessian, left, found.outputs[of_column][p], row, column)


def _spread(hessian: Tensor, left: Tensor, right: Tensor, row: Layer, column: Layer) -> None:
    """Add left (i, s, j, K) times right (t, K), rows and columns of biases apart."""
    rows = ((row.matrix, left[:, :-1]), (row.bias, left[:, -1:]))
    for lines, part in rows:
        block = _split(hessian[lines], 0, row.outputs)
        matrix = _split(block[:, :, column.matrix], 2, column.outputs)
        matrix.addcmul_(part.unsqueeze(3), right[:-1])
        block[:, :, column.bias].add_(part)
