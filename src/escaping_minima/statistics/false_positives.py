"""How often a test errs that takes the models of one trajectory for independent.

Under the hypothesis that two sets do not differ, a model is the sum of what its trajectory has and
of its own: both normal, with the intraclass correlation as the share of the former in the variance.
Two designs are compared. Two methods have trajectories apart: each contributes to the difference,
and the test errs too often. Two sets of the same trajectories share what these have: it cancels in
the difference, yet stands in the spread that the test divides by, and the test finds too little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

from escaping_minima.statistics.intervals import FloatArray, Share, share_bounds

Test = Literal["t", "mann_whitney"]
#: Repetitions of a simulation.
REPETITIONS = 4000
# Values that are drawn in one go: 16 MB.
_AT_ONCE = 2_000_000
# Nodes of each integral, over probabilities: rates are right to a millionth.
_NODES = 96


@dataclass(frozen=True)
class ErrorRate:
    """How often a test rejected a true hypothesis.

    Parameters
    ----------
    rate : float
        Share of the repetitions.
    low, high : float
        Its 95 percent interval, by the number of repetitions.
    repetitions : int
    """

    rate: float
    low: float
    high: float
    repetitions: int


def false_positive_rate(
    icc: float,
    trajectories: int,
    models: int,
    test: Test,
    rng: np.random.Generator,
    shared: bool = False,
    level: float = 0.05,
    repetitions: int = REPETITIONS,
) -> ErrorRate:
    """Simulate how often a naive two-sided test finds a difference that is not there.

    Parameters
    ----------
    icc : float
        Intraclass correlation, in [0, 1).
    trajectories, models : int
        Trajectories of each set, and models of each trajectory.
    test : {"t", "mann_whitney"}
        Student's t with pooled variance, or the U test in its normal approximation.
    rng : Generator
    shared : bool
        Whether both sets are of the same trajectories.
    level : float
        Of the test, in (0, 1).
    repetitions : int

    Returns
    -------
    ErrorRate

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    _check(icc, trajectories, models, level)
    if repetitions < 1:
        raise ValueError(f"repetitions must be at least 1, got {repetitions}")
    rejected = 0
    for size in _portions(repetitions, 2 * trajectories * models):
        left, right = _draw(icc, trajectories, models, rng, shared, size)
        rejected += int(np.count_nonzero(_p_values(left, right, test) < level))
    low, high = share_bounds(Share(rejected, repetitions), 0.025)
    return ErrorRate(rejected / repetitions, low, high, repetitions)


def _check(icc: float, trajectories: int, models: int, level: float) -> None:
    if not 0.0 <= icc < 1.0:
        raise ValueError(f"icc must lie in [0, 1), got {icc}")
    if trajectories < 1 or models < 1 or trajectories * models < 2:
        raise ValueError(f"{trajectories} trajectories of {models} models have no spread")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")


def _portions(repetitions: int, values: int) -> Iterator[int]:
    most = max(1, _AT_ONCE // values)
    for done in range(0, repetitions, most):
        yield min(most, repetitions - done)


def _draw(
    icc: float, trajectories: int, models: int, rng: np.random.Generator, shared: bool, size: int
) -> tuple[FloatArray, FloatArray]:
    """Return both sets of each repetition, each of shape (size, trajectories * models)."""
    own = rng.normal(size=(2, size, trajectories, models))
    common = rng.normal(size=(1 if shared else 2, size, trajectories, 1))
    values = math.sqrt(icc) * common + math.sqrt(1.0 - icc) * own
    left, right = values.reshape(2, size, -1)
    return left, right


def _p_values(left: FloatArray, right: FloatArray, test: Test) -> FloatArray:
    if test == "t":
        return np.asarray(stats.ttest_ind(left, right, axis=1).pvalue)
    return np.asarray(stats.mannwhitneyu(left, right, axis=1, method="asymptotic").pvalue)


def expected_rate(
    icc: float, trajectories: int, models: int, shared: bool = False, level: float = 0.05
) -> float:
    """Return the exact rate at which the naive t-test errs on normal values.

    Numerator and denominator of t are independent, and sums of chi-square variables: the squared
    difference has weight a, sums of squares between trajectories have 1 + (m - 1) icc each, or
    1 + (2m - 1) icc and 1 - icc where both sets share them, and those within 1 - icc. What
    remains are two integrals.

    Parameters
    ----------
    icc, trajectories, models, shared, level
        As `false_positive_rate` takes them; there are two trajectories or more.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    _check(icc, trajectories, models, level)
    k, m = trajectories, models
    if k < 2:
        raise ValueError("one trajectory a set leaves nothing to integrate over")
    own = 1.0 - icc
    if shared:
        numerator, heavy, between = own, 1.0 + (2 * m - 1) * icc, k - 1
        within = k - 1 + 2 * k * (m - 1)
    else:
        numerator = heavy = 1.0 + (m - 1) * icc
        between, within = 2 * (k - 1), 2 * k * (m - 1)
    df = 2 * k * m - 2
    critical = float(special.stdtrit(df, level / 2)) ** 2 / df
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # probabilities in (0, 1), and chi-square values with so much below them
    chances, weights = (nodes + 1) / 2, weights / 2
    first = heavy * special.chdtri(between, chances)[:, None]
    second = own * special.chdtri(within, chances)[None, :] if within else np.zeros((1, 1))
    inner = special.chdtrc(1, critical * (first + second) / numerator)
    return float(weights @ (inner @ weights if within else inner[:, 0]))


def design_effect_rate(icc: float, models: int, level: float = 0.05) -> float:
    """Return the rate of the naive t-test with many trajectories apart.

    The variance of a mean is the design effect, ``1 + (m - 1) icc``, times what the test takes.

    Parameters
    ----------
    icc, models, level
        As `false_positive_rate` takes them.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley, section 5.4.
    """
    _check(icc, 2, models, level)
    return 2.0 * float(special.ndtr(special.ndtri(level / 2) / math.sqrt(1 + (models - 1) * icc)))
