"""Hessians of very many small networks: spectra, signs of eigenvalues, and classes.

Every function takes k networks of one architecture as the rows of ``w`` and works through them in
portions of a fixed size, so that memory stays bounded and a row's bits depend on nothing but its
place in ``w``. torch is imported when a function is called.

Examples
--------
>>> import torch
>>> from escaping_minima.landscape.small_network import SmallNetwork
>>> network = SmallNetwork(width=2, depth=1)
>>> w = torch.linspace(-1, 1, 5 * network.parameters, dtype=torch.float64).view(5, -1)
>>> spectra = eigenvalues(network, w)
>>> spectra.shape
torch.Size([5, 9])
>>> for tolerance in (None, 1e-12, 1e-6, 1e-3):
...     print(tolerance, [CLASSES[c] for c in classify(signs(spectra, tolerance))][1:4])
None ['saddle', 'saddle', 'saddle']
1e-12 ['saddle', 'saddle', 'singular']
1e-06 ['saddle', 'saddle', 'singular']
0.001 ['saddle', 'saddle', 'singular']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from escaping_minima.landscape.derivatives import gradients_of, lower_hessians, passes
from escaping_minima.landscape.small_network import SmallNetwork

if TYPE_CHECKING:
    from torch import Tensor

#: What `classify` says, by index.
CLASSES = ("convex", "concave", "saddle", "singular")
#: Bytes that the Hessians of one portion may take: fewer, and operations are too short; more, and
#: no cache holds them.
_PORTION_BYTES = 1 << 22
_LARGEST_PORTION = 1024
_SMALLEST_PORTION = 4


class Signs(NamedTuple):
    """How many eigenvalues of each Hessian are below zero, zero, and above; each (k,), int64."""

    negative: Tensor
    zero: Tensor
    positive: Tensor


def portions(network: SmallNetwork, w: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield rows and their networks as columns, (m, K), in portions of one size.

    The last is filled up with its last network: how many rows follow decides no bit of a row.
    """
    size = portion_size(network.parameters)
    for begin in range(0, len(w), size):
        rows = slice(begin, min(begin + size, len(w)))
        columns = w[rows].T
        missing = size - columns.shape[1]
        yield rows, columns.contiguous() if not missing else _filled(columns, missing)


def portion_size(parameters: int) -> int:
    """Return how many networks are computed at once: a power of two."""
    fitting = _PORTION_BYTES // (8 * parameters**2)
    power = 1 << max(fitting, 1).bit_length() - 1
    return min(max(power, _SMALLEST_PORTION), _LARGEST_PORTION)


def _filled(columns: Tensor, missing: int) -> Tensor:
    import torch

    return torch.cat([columns, columns[:, -1:].expand(-1, missing)], dim=1)


def losses_and_gradients(network: SmallNetwork, w: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses (k,) and gradients (k, m) of networks ``w`` (k, m), in its dtype."""
    losses, gradients = w.new_empty(len(w)), w.new_empty(w.shape)
    for rows, columns in portions(network, w):
        found, count = passes(network, columns), rows.stop - rows.start
        losses[rows] = found.losses[:count]
        gradients[rows] = gradients_of(network, found).T[:count]
    return losses, gradients


def hessians(network: SmallNetwork, w: Tensor) -> Tensor:
    """Return the Hessians of the losses of networks ``w``, whole: k m^2 numbers at once.

    Parameters
    ----------
    network : SmallNetwork
    w : Tensor of shape (k, m), float32 or float64

    Returns
    -------
    Tensor of shape (k, m, m), in the dtype of ``w``; symmetric to the bit.
    """
    found = w.new_empty(*w.shape, w.shape[1])
    for rows, columns in portions(network, w):
        lower = batch_first(lower_hessians(network, passes(network, columns)))
        lower = lower[: rows.stop - rows.start].tril()
        found[rows] = lower + lower.tril(-1).mT
    return found


def batch_first(lower: Tensor) -> Tensor:
    """Return matrices (m, m, K) as (K, m, m)."""
    return lower.permute(2, 0, 1)


def eigenvalues(network: SmallNetwork, w: Tensor, hessian: str = "full") -> Tensor:
    """Return the eigenvalues of the Hessians, by LAPACK in the dtype of ``w``.

    Parameters
    ----------
    network : SmallNetwork
    w : Tensor of shape (k, m), float32 or float64
    hessian : {"full", "block"}
        The whole Hessian, or one for each weight matrix and bias, their eigenvalues pooled.

    Returns
    -------
    Tensor of shape (k, m)
        In ascending order for the whole Hessian, tensor by tensor for blocks. Those of a Hessian
        that is not finite are NaN.
    """
    spectrum = {"full": full_spectrum, "block": block_spectrum}[hessian]
    found = w.new_empty(w.shape)
    for rows, columns in portions(network, w):
        lower = batch_first(lower_hessians(network, passes(network, columns)))
        found[rows] = spectrum(network, lower)[: rows.stop - rows.start]
    return found


def full_spectrum(network: SmallNetwork, lower: Tensor) -> Tensor:
    """Return eigenvalues (K, m) of Hessians (K, m, m), of which what is below is read."""
    return _lapack(lower)


def block_spectrum(network: SmallNetwork, lower: Tensor) -> Tensor:
    """Return the eigenvalues (K, m) of each tensor's own Hessian, tensor by tensor."""
    import torch

    return torch.cat([_lapack(lower[:, part, part]) for part in network.tensors], dim=1)


def _lapack(lower: Tensor) -> Tensor:
    """Return eigenvalues (K, n); NaN where a matrix is not finite or no library converges.

    torch's LAPACK now and then gives up on a float32 matrix, with an error for all of the portion
    or with eigenvalues that are no numbers; numpy's is then asked, in the same precision.
    """
    import torch

    if lower.shape[1] == 1:
        return lower[:, :, 0]
    finite = lower.isfinite().flatten(1).all(1)
    if not bool(finite.all()):
        lower = lower.where(finite.view(-1, 1, 1), 0.0)
    try:
        found: Tensor = torch.linalg.eigvalsh(lower)
    except RuntimeError:
        found = torch.cat([_alone(matrix.unsqueeze(0)) for matrix in lower])
    for row in (~found.isfinite().all(1)).nonzero().flatten().tolist():
        found[row] = _by_numpy(lower[row])
    return found.where(finite.unsqueeze(1), torch.nan)


def _alone(matrix: Tensor) -> Tensor:
    """Return the eigenvalues (1, n) of one matrix (1, n, n), NaN if torch finds none."""
    import torch

    try:
        found: Tensor = torch.linalg.eigvalsh(matrix)
        return found
    except RuntimeError:
        return matrix.new_full(matrix.shape[:2], torch.nan)


def _by_numpy(matrix: Tensor) -> Tensor:
    """Return the eigenvalues (n,) of one matrix (n, n), NaN if numpy finds none."""
    import numpy as np
    import torch

    try:
        return torch.from_numpy(np.linalg.eigvalsh(matrix.numpy()))
    except np.linalg.LinAlgError:
        return matrix.new_full(matrix.shape[:1], torch.nan)


def signs(spectra: Tensor, tolerance: float | None = None) -> Signs:
    """Count the eigenvalues below zero, zero, and above.

    Parameters
    ----------
    spectra : Tensor of shape (k, m)
    tolerance : float, optional
        An eigenvalue of at most this share of the spectrum's largest magnitude is zero. Without
        it, only what is exactly 0.0.

    Returns
    -------
    Signs
        All three are 0 where a spectrum is not finite.
    """
    if tolerance is None:
        border = spectra.new_zeros(len(spectra), 1)
    else:
        border = tolerance * spectra.abs().amax(1, keepdim=True)
    negative, positive = (spectra < -border).sum(1), (spectra > border).sum(1)
    known = spectra.isfinite().all(1)
    zero = (spectra.shape[1] - negative - positive) * known
    return Signs(negative * known, zero, positive * known)


def classify(found: Signs) -> Tensor:
    """Return the class of each Hessian, an index into `CLASSES`, (k,), int8.

    Singular where any eigenvalue is zero, whatever the others are; -1 where none is known.
    """
    import torch

    negative, zero, positive = found
    classes = torch.full(negative.shape, CLASSES.index("saddle"), dtype=torch.int8)
    classes[negative == 0] = CLASSES.index("convex")
    classes[positive == 0] = CLASSES.index("concave")
    classes[zero > 0] = CLASSES.index("singular")
    classes[negative + zero + positive == 0] = -1
    return classes
