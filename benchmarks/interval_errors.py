"""How often bounds of means, medians and conditional shares fail, by simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import special

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.conditional import ConditionalShares
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.medians import MedianComparison

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]
TAILS = (0.025, 0.0025)
BOOTSTRAPS = 999


def _gamma(shape: float) -> Draw:
    """Gamma values of mean 1; the skewness is 2 / sqrt(shape)."""
    return lambda rng, size: rng.gamma(shape, 1 / shape, size)


def _pairs(left: Draw, right: Draw) -> Draw:
    return lambda rng, size: left(rng, size) - right(rng, size)


#: Differences of pairs, with a mean of 0.
DIFFERENCES: Mapping[str, Draw] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "gammas, skewness 0.7 both": _pairs(_gamma(8), _gamma(8)),
    "exponentials both": _pairs(_gamma(1), _gamma(1)),
    "gammas, skewness 2 against 0.7": _pairs(_gamma(1), _gamma(8)),
    "the same, equal spread": lambda rng, size: (
        (_gamma(1)(rng, size) - 1) - 8**0.5 * (_gamma(8)(rng, size) - 1)
    ),
    "one run in ten off by 10 sd": lambda rng, size: (
        rng.normal(size=size) + 10 * (rng.random(size) < 0.1) - 1
    ),
}
#: Values against a constant, less their mean and less their median.
VALUES: Mapping[str, tuple[Draw, float, float]] = {
    "gamma, skewness 0.7": (_gamma(8), 1.0, float(special.gammaincinv(8, 0.5)) / 8),
    "exponential": (_gamma(1), 1.0, float(np.log(2))),
    "lognormal": (lambda rng, size: rng.lognormal(size=size), float(np.exp(0.5)), 1.0),
}


def student(rows: Floats) -> Floats:
    """Student's statistic of a mean of 0."""
    return rows.mean(axis=1) / (rows.std(axis=1, ddof=1) / rows.shape[1] ** 0.5)


def johnson(rows: Floats) -> Floats:
    """Johnson's statistic (J. Am. Statist. Assoc. 73, 536, 1978), which corrects for skewness."""
    n = rows.shape[1]
    mean, sd = rows.mean(axis=1), rows.std(axis=1, ddof=1)
    third = np.sum((rows - mean[:, None]) ** 3, axis=1) * n / ((n - 1) * (n - 2))
    shifted = mean + third / (6 * sd**2 * n) + third / (3 * sd**4) * mean**2
    return np.asarray(shifted / (sd / n**0.5))


def t_errors(statistic: Floats, n: int) -> list[float]:
    """Percent of draws whose lower, and whose upper bound fails, at each tail."""
    found = []
    for tail in TAILS:
        critical = -special.stdtrit(n - 1, tail)
        found += [100 * np.mean(statistic > critical), 100 * np.mean(statistic < -critical)]
    return [float(share) for share in found]


def bootstrap_errors(rng: np.random.Generator, rows: Floats) -> list[float]:
    """Return the same for the bootstrap-t, and its median width over Student's."""
    n = rows.shape[1]
    failures, widths = np.zeros(2 * len(TAILS)), []
    for row in rows:
        again = row[rng.integers(0, n, (BOOTSTRAPS, n))]
        spread = again.std(axis=1, ddof=1)
        usable = spread > 1e-12
        statistic = (again.mean(axis=1) - row.mean())[usable] / (spread[usable] / n**0.5)
        error = row.std(ddof=1) / n**0.5
        for place, tail in enumerate(TAILS):
            low, high = np.quantile(statistic, [tail, 1 - tail])
            failures[2 * place] += row.mean() - high * error > 0
            failures[2 * place + 1] += row.mean() - low * error < 0
            if place == 0:
                widths.append((high - low) / (-2 * special.stdtrit(n - 1, tail)))
    return [*(100 * failures / len(rows)), float(np.median(widths))]


def mean_table(rng: np.random.Generator, draws: int, few: int) -> list[str]:
    """Rows of a table: errors of Student's t, Johnson's and the bootstrap-t."""
    lines = []
    for name, draw in DIFFERENCES.items():
        for n in (3, 5, 10):
            rows = draw(rng, (draws, n))
            lines.append(_line(name, n, "Student's t", t_errors(student(rows), n)))
            if "skewness 2 against" in name or name == "normal":
                lines.append(_line(name, n, "Johnson's t", t_errors(johnson(rows), n)))
                *errors, width = bootstrap_errors(rng, rows[:few])
                lines.append(_line(name, n, f"bootstrap-t, {width:.2f} times as wide", errors))
    return lines


def constant_table(rng: np.random.Generator, draws: int, few: int) -> list[str]:
    """Rows of a table: errors of t about the mean and of order statistics about the median."""
    lines = []
    for name, (draw, mean, median) in VALUES.items():
        for n in (3, 5, 6, 9, 10):
            rows = draw(rng, (draws, n))
            lines.append(_line(name, n, "mean, Student's t", t_errors(student(rows - mean), n)))
            if n >= 6:
                errors = median_errors(rows[:few] - median)
                lines.append(_line(name, n, "median, order statistics", errors))
    return lines


def median_errors(rows: Floats) -> list[float]:
    """Percent of draws whose lower, and whose upper bound of the median fails, at each tail."""
    found = []
    for tail in TAILS:
        bounds = np.array(
            [MedianComparison(tuple(r), "equal", 1.0).difference_bounds(tail) for r in rows]
        )
        found += [100 * np.mean(bounds[:, 0] > 0), 100 * np.mean(bounds[:, 1] < 0)]
    return [float(share) for share in found]


def _line(name: str, n: int, how: str, errors: list[float]) -> str:
    return f"| {name} | {n} | {how} | " + " | ".join(f"{e:.2f}" for e in errors) + " |"


#: Joint chances of the states of a start: rows left, columns right; out, elsewhere, in the group.
POOLS: Mapping[str, Floats] = {
    "whole pools, 0.6 percent discordant": np.array(
        [[0, 0, 0], [0, 0.596, 0.003], [0, 0.003, 0.398]]
    ),
    "0.5 percent out of one pool": np.array(
        [[0, 0.003, 0.002], [0, 0.593, 0.003], [0, 0.003, 0.396]]
    ),
    "the same, all of them in the group": np.array(
        [[0, 0, 0.005], [0, 0.596, 0.003], [0, 0.003, 0.393]]
    ),
    "10 percent out of one pool": np.array([[0, 0.06, 0.04], [0, 0.54, 0.003], [0, 0.003, 0.354]]),
    "30 and 20 percent out": np.array([[0.1, 0.12, 0.08], [0.12, 0.2, 0.02], [0.08, 0.02, 0.26]]),
    "a twentieth in the pools": np.array(
        [[0.93, 0.01, 0.01], [0.01, 0.012, 0.004], [0.01, 0.004, 0.01]]
    ),
}


def pool_table(rng: np.random.Generator, draws: int) -> list[str]:
    """Rows of a table: failures of conditional shares and mean widths beside other intervals."""
    lines = []
    for name, chances in POOLS.items():
        chances = chances / chances.sum()
        truth = _share(chances) - _share(chances.T)
        for starts in (500, 5000):
            tables = rng.multinomial(starts, chances.ravel(), draws).reshape(-1, 3, 3)
            found = np.array([_bounds(table) for table in tables])
            low, high = found[:, 0], found[:, 1]
            errors = [100 * np.mean(low > truth), 100 * np.mean(high < truth)]
            widths = [100 * np.mean(high - low), 100 * np.mean(found[:, 2])]
            widths.append(100 * 2 * 1.96 * _standard_error(chances) / starts**0.5)
            numbers = " | ".join([*(f"{e:.2f}" for e in errors), *(f"{w:.2f}" for w in widths)])
            lines.append(f"| {name} | {starts:,} | {numbers} |")
    return lines


def _bounds(table: NDArray[np.int64]) -> tuple[float, float, float]:
    """Bounds at 2.5 percent a side, and the width of the interval of two unpaired shares."""
    counts = tuple(tuple(int(n) for n in row) for row in table)
    low, high = ConditionalShares(counts, "equal", 0.05).difference_bounds(0.025)
    left, right = (
        Share(int(side[2].sum()), max(1, int(side[1:].sum()))) for side in (table, table.T)
    )
    apart = Comparison(left, right, "equal", 0.05).difference_bounds(0.025)
    return low, high, apart[1] - apart[0]


def _share(chances: Floats) -> float:
    return float(chances[2].sum() / chances[1:].sum())


def _standard_error(chances: Floats) -> float:
    """Return the standard error of the difference from one start, by its linear expansion."""
    weights = []
    for side in (chances, chances.T):
        share = _share(side)
        weights.append(np.array([0.0, -share, 1 - share]) / side[1:].sum())
    return float(np.sqrt(np.sum(chances * (weights[0][:, None] - weights[1][None, :]) ** 2)))
