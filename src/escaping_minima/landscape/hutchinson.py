"""The trace of a mean of matrices, from quadratic forms with vectors of random signs."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean_trace(forms: Sequence[Sequence[float]], shares: Sequence[float]) -> tuple[float, float]:
    """Return an estimate of the trace of a weighted mean of matrices, and its standard error.

    Parameters
    ----------
    forms : sequence of sequence of float
        By matrix, v^T A v of two or more vectors v of independent signs, other ones for each
        matrix. Their mean is the trace of A.
    shares : sequence of float
        What each matrix counts; their sum is 1.

    References
    ----------
    Hutchinson 1990, "A stochastic estimator of the trace of the influence matrix for Laplacian
    smoothing splines".
    """
    means = [math.fsum(f) / len(f) for f in forms]
    variances = [
        math.fsum((x - mean) ** 2 for x in f) / (len(f) - 1) / len(f)
        for f, mean in zip(forms, means, strict=True)
    ]
    trace = math.fsum(share * mean for share, mean in zip(shares, means, strict=True))
    error = math.fsum(share**2 * v for share, v in zip(shares, variances, strict=True))
    return trace, math.sqrt(error)
