"""Two one-sided tests that a difference of means lies within a margin."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

# Errors that are smaller, relative to what they are of, are of numbers that agree but for rounding.
_ROUNDING = 1e-9


def tost_paired(differences: Sequence[float], margin: float) -> float:
    """Test that the mean of paired differences lies within a margin.

    Parameters
    ----------
    differences : sequence of float
        One a pair.
    margin : float
        Above 0, in their unit.

    Returns
    -------
    float
        The larger p-value of the two one-sided tests, by Student's t; NaN where the pairs are
        fewer than two or do not differ in anything.

    Raises
    ------
    ValueError
        If the margin is not above 0.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. J. Pharmacokinet.
    Biopharm. 15, 657-680.
    """
    values = np.asarray(differences, float)
    if len(values) < 2:
        return math.nan
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    if error <= _ROUNDING * max(margin, float(np.abs(values).max())):
        return math.nan
    return tost(float(values.mean()), error, len(values) - 1, margin)


def tost_apart(left: Sequence[float], right: Sequence[float], margin: float) -> float:
    """Test that the means of two independent samples differ by less than a margin.

    Parameters
    ----------
    left, right : sequence of float
        A value an independent run.
    margin : float
        Above 0, in their unit.

    Returns
    -------
    float
        As `tost_paired`, with Welch's degrees of freedom.

    Raises
    ------
    ValueError
        If the margin is not above 0.

    References
    ----------
    Schuirmann (1987), see `tost_paired`; Welch, B. L. (1947). The generalization of "Student's"
    problem when several different population variances are involved. Biometrika 34, 28-35.
    """
    ours, theirs = np.asarray(left, float), np.asarray(right, float)
    if min(len(ours), len(theirs)) < 2:
        return math.nan
    spreads = [(float(side.var(ddof=1)), len(side)) for side in (ours, theirs)]
    squares = [variance / n for variance, n in spreads]
    total = sum(squares)
    if total == 0.0:
        return math.nan
    df = total**2 / sum(
        square**2 / (n - 1) for square, (_, n) in zip(squares, spreads, strict=True)
    )
    return tost(float(ours.mean() - theirs.mean()), math.sqrt(total), df, margin)


def tost(difference: float, error: float, df: float, margin: float) -> float:
    """Test that a difference with a given standard error lies within a margin.

    Parameters
    ----------
    difference, error : float
        Estimate and its standard error; without an error nothing is tested.
    df : float
        Degrees of freedom of the error.
    margin : float
        Above 0.

    Returns
    -------
    float
        As `tost_paired`.

    Raises
    ------
    ValueError
        If the margin is not above 0.
    """
    if not 0.0 < margin < math.inf:
        raise ValueError(f"margin must be finite and above 0, got {margin}")
    if not error > 0.0:
        return math.nan
    return float(special.stdtr(df, -(margin - abs(difference)) / error))
