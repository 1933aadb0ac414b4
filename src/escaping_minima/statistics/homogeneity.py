"""Whether a row of our counts agrees with a printed row of shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import decide
from escaping_minima.statistics.evidence import PartVerdict, Verdict
from escaping_minima.statistics.intervals import FloatArray, Share

_RESAMPLES = 9999


@dataclass(frozen=True)
class RowTest:
    """A test that two rows of counts come from one distribution.

    Parameters
    ----------
    p : float
        Its p-value.
    statistic : float
        Pearson's chi-square statistic.
    method : str
        How the p-value was found.
    printed_sum : float
        Sum of the printed shares, in percent, before they were renormalised.
    """

    p: float
    statistic: float
    method: str
    printed_sum: float


@dataclass(frozen=True)
class RowEquivalence:
    """Whether every cell of a row agrees with a printed one within a margin.

    Parameters
    ----------
    verdict : Verdict
        Reproduced if all cells are equal within the margin, not reproduced if some cell lies
        outside, else inconclusive.
    p : float
        Largest p-value of the cells.
    bins : tuple of PartVerdict
        The cells, each decided at the level of the row.
    printed_sum : float
        Sum of the printed shares, in percent, before they were renormalised.
    """

    verdict: Verdict
    p: float
    bins: tuple[PartVerdict, ...]
    printed_sum: float


def row_test(
    ours_counts: Sequence[int],
    printed_shares: Sequence[float],
    printed_trials: int,
    seed: int,
) -> RowTest:
    """Test that our counts and a printed row come from one multinomial distribution.

    The null distribution of the chi-square statistic is resampled with both margins fixed, since
    empty cells make the asymptotic one unreliable. Printed shares are renormalised and turned
    into whole counts by largest remainders. Cells that are empty in both rows are dropped.

    Parameters
    ----------
    ours_counts : sequence of int
        Our counts.
    printed_shares : sequence of float
        The printed row, in percent; rounding may keep it from summing to 100.
    printed_trials : int
        How many trials the printed row rests on.
    seed : int
        Seed of the resampling; the same seed gives the same p-value.

    Returns
    -------
    RowTest
        P-value, statistic, method and the printed sum.

    Raises
    ------
    ValueError
        If the rows differ in length or hold impossible numbers.

    References
    ----------
    Patefield, W. M. (1981). Algorithm AS 159: an efficient method of generating random R x C
    tables with given row and column totals. Applied Statistics 30, 91-97.
    """
    ours, shares = _checked(ours_counts, printed_shares)
    if printed_trials < 1:
        raise ValueError(f"a printed row needs at least one trial, got {printed_trials}")
    total = float(np.sum(printed_shares))
    table = np.stack([ours, _whole_counts(shares, printed_trials)])
    table = table[:, table.sum(axis=0) > 0]
    method = f"chi-square homogeneity, {_RESAMPLES} resampled tables with both margins fixed"
    if table.shape[1] == 1:
        return RowTest(1.0, 0.0, method, total)
    resampling = stats.MonteCarloMethod(n_resamples=_RESAMPLES, rng=np.random.default_rng(seed))
    result = stats.chi2_contingency(table, correction=False, method=resampling)
    return RowTest(float(result.pvalue), float(result.statistic), method, total)


def row_equivalence(
    ours_counts: Sequence[int], printed_shares: Sequence[float], margin: float, a: float
) -> RowEquivalence:
    """Decide whether our whole row equals a printed one within a margin.

    The printed shares, renormalised, are constants. All cells must agree (an intersection-union
    test, at no cost); that *some* cell lies outside is decided at `a` over the number of cells.

    Parameters
    ----------
    ours_counts : sequence of int
        Our counts.
    printed_shares : sequence of float
        The printed row, in percent.
    margin : float
        Largest difference of a share that does not matter, in (0, 1).
    a : float
        Level of the decision, in (0, 0.5].

    Returns
    -------
    RowEquivalence
        The verdict on the row and its cells.

    Raises
    ------
    ValueError
        If the rows differ in length or hold impossible numbers, or `a` leaves no interval.

    References
    ----------
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
    Technometrics 24, 295-300.
    """
    ours, shares = _checked(ours_counts, printed_shares)
    trials = int(ours.sum())
    cells = [
        Comparison(Share(int(count), trials), float(share), "equal", margin, label=str(index))
        for index, (count, share) in enumerate(zip(ours, shares, strict=True))
    ]
    bins = tuple(decide(cell, a, a / len(cells)) for cell in cells)
    if all(cell.verdict is Verdict.REPRODUCED for cell in bins):
        verdict = Verdict.REPRODUCED
    elif any(cell.verdict is Verdict.NOT_REPRODUCED for cell in bins):
        verdict = Verdict.NOT_REPRODUCED
    else:
        verdict = Verdict.INCONCLUSIVE
    p = max(cell.p for cell in bins)
    return RowEquivalence(verdict, p, bins, float(np.sum(printed_shares)))


def _checked(
    ours_counts: Sequence[int], printed_shares: Sequence[float]
) -> tuple[NDArray[np.int64], FloatArray]:
    """Our counts, and the printed shares as fractions that sum to 1."""
    ours, printed = np.asarray(ours_counts, np.int64), np.asarray(printed_shares, float)
    if ours.ndim != 1 or ours.shape != printed.shape:
        raise ValueError(f"rows of {ours.shape} and {printed.shape} cells do not match")
    if ours.min(initial=0) < 0 or ours.sum() < 1:
        raise ValueError(f"our counts must be non-negative and not all zero: {ours_counts}")
    if not np.all(printed >= 0.0) or not 0.0 < printed.sum() < np.inf:
        raise ValueError(f"printed shares must be non-negative, not all zero: {printed_shares}")
    return ours, printed / printed.sum()


def _whole_counts(shares: FloatArray, trials: int) -> NDArray[np.int64]:
    """Whole counts nearest to the shares that sum to `trials` (largest remainders)."""
    exact = shares * trials
    counts = np.floor(exact).astype(np.int64)
    missing = trials - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    return counts
