"""Many families of claims judged at once, by arrays and closed forms, to see how often they err.

The procedure is programmed here a second time, from its description in docs/verdicts.md; the tests
hold it against `judge_family`, family by family. Arrays have the axes (family, claim, setting,
part), and the replicates last.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import p_value, q_value
from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.intervals import Share

Floats = NDArray[np.float64]
#: Words of settings and of claims, as numbers.
HOLDS, SPLIT, AGAINST, OPEN = range(4)
REPRODUCED, PARTLY, NOT_REPRODUCED, INCONCLUSIVE = range(4)


class Levels(NamedTuple):
    """Smallest levels of parts: p of "reproduced", q of "not reproduced"."""

    p: Floats
    q: Floats


def mean_levels(runs: Floats, direction: Direction, margin: float) -> Levels:
    """Student's t in closed form, for runs on the last axis; "less" is not needed."""
    n = runs.shape[-1]
    mean = runs.mean(axis=-1)
    error = runs.std(axis=-1, ddof=1) / np.sqrt(n)

    def beyond(value: Floats) -> Floats:
        """Chance of a larger t."""
        return np.asarray(special.stdtr(n - 1, -value / error))

    if direction == "greater":
        return Levels(_capped(2 * beyond(mean)), _capped(2 * beyond(margin - mean)))
    p = beyond(margin - np.abs(mean))
    return Levels(np.where(p <= 0.5, p, 1.0), _capped(2 * beyond(np.abs(mean) - margin)))


def count_levels(
    counts: NDArray[np.int64], trials: int, constant: float, direction: Direction, margin: float
) -> Levels:
    """Levels of shares against a constant: those of the package, looked up by count."""
    there = np.unique(counts)
    parts = [Comparison(Share(int(x), trials), constant, direction, margin) for x in there]
    at = np.searchsorted(there, counts)
    return Levels(np.array([*map(p_value, parts)])[at], np.array([*map(q_value, parts)])[at])


def pair_levels(
    pairs: NDArray[np.int64], trials: int, direction: Direction, margin: float
) -> Levels:
    """Levels of discordant counts, on the last axis: those of the package, looked up."""
    there, at = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    parts = [
        Comparison(Share(int(x), trials), Share(int(y), trials), direction, margin, paired=True)
        for x, y in there
    ]
    shape = pairs.shape[:-1]
    p, q = np.array([*map(p_value, parts)]), np.array([*map(q_value, parts)])
    return Levels(p[at].reshape(shape), q[at].reshape(shape))


def holm_levels(values: Floats, alpha: float) -> tuple[NDArray[np.bool_], Floats]:
    """Holm's procedure over the last axis: what is rejected, and the level of each."""
    m = values.shape[-1]
    smaller = np.sum(values[..., None, :] < values[..., :, None], axis=-1)
    passed = np.sort(values, axis=-1) <= alpha / (m - np.arange(m))
    rejections = np.sum(np.logical_and.accumulate(passed, axis=-1), axis=-1, keepdims=True)
    rejected = smaller < rejections
    return rejected, alpha / (m - np.where(rejected, smaller, rejections))


def judge_arrays(levels: Levels, alpha: float = 0.05) -> tuple[NDArray[np.int64], ...]:
    """Judge families of claims of one shape.

    Parameters
    ----------
    levels : Levels
        Arrays (families, claims, settings, parts).
    alpha : float

    Returns
    -------
    verdicts, words : ndarray
        Of each claim, and of each of its settings.
    """
    p, q = levels
    _, m, settings, parts = p.shape
    hold = p.max(axis=-1)
    against = _capped(parts * q.min(axis=-1))
    some = _capped(parts * p.min(axis=-1))
    reproduced, level = (x[..., None] for x in holm_levels(hold.max(axis=-1), alpha))
    refuted, level_against = (x[..., None] for x in holm_levels(against.max(axis=-1), alpha))
    alone, alone_level = holm_levels(hold, alpha / m)
    _, against_level = holm_levels(against, alpha / m)
    _, some_level = holm_levels(some, alpha / m)
    whole = settings == 1
    for_level = np.where(reproduced | whole, level, alone_level)
    against_level = np.where(refuted | whole, level_against, against_level) / parts
    if parts > 1:
        strict = np.minimum(for_level, some_level / parts)
        for_level = np.where(reproduced | alone, for_level, strict)
    yes = p <= for_level[..., None]
    no = ~yes & (q <= against_level[..., None])
    words = np.where(no.any(-1), np.where(yes.any(-1), SPLIT, AGAINST), OPEN)
    words = np.where(yes.all(-1), HOLDS, words)
    return _verdicts(words), words


def _verdicts(words: NDArray[np.int64]) -> NDArray[np.int64]:
    good = np.isin(words, (HOLDS, SPLIT)).any(-1)
    bad = np.isin(words, (AGAINST, SPLIT)).any(-1)
    found = np.where(good & bad, PARTLY, INCONCLUSIVE)
    found = np.where((words == AGAINST).all(-1), NOT_REPRODUCED, found)
    return np.asarray(np.where((words == HOLDS).all(-1), REPRODUCED, found))


def any_false(verdicts: NDArray[np.int64], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Share of families with a false word.

    Parameters
    ----------
    verdicts : ndarray, shape (families, claims)
    truth : ndarray of bool, shape (claims, settings, parts)
        Whether each part is true by its margin, or not at all. An equality at its margin may be
        counted either way: it must seldom be decided either way.

    Returns
    -------
    dict
        "reproduced", "not reproduced" and "partly", and "any" of them. "Reproduced" is false where
        a part is, "not reproduced" where all parts of a setting are true, "partly" where all parts
        are alike.
    """
    whole, nowhere = truth.all((1, 2)), ~truth.any((1, 2))
    wrong = {
        "reproduced": (verdicts == REPRODUCED) & ~whole,
        "not reproduced": (verdicts == NOT_REPRODUCED) & truth.all(-1).any(-1),
        "partly": (verdicts == PARTLY) & (whole | nowhere),
    }
    found = {word: float(np.mean(cases.any(-1))) for word, cases in wrong.items()}
    found["any"] = float(np.mean(np.any(list(wrong.values()), axis=0).any(-1)))
    return found


def correlated_runs(
    rng: np.random.Generator, effects: Floats, families: int, n: int, sd: float, rho: float = 0.0
) -> Floats:
    """Draw normal runs around effects (claims, settings, parts); a claim's are correlated."""
    shape = (families, *effects.shape, n)
    common = rng.standard_normal((families, effects.shape[0], 1, 1, n))
    own = rng.standard_normal(shape)
    return np.asarray(effects[..., None] + sd * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own))


def mean_families(
    rng: np.random.Generator,
    direction: Direction,
    effects: Floats,
    families: int,
    sd: float,
    n: int = 5,
    rho: float = 0.0,
) -> Levels:
    """Levels of families of means whose margin is 1; about 10 million runs at a time."""
    chunk = max(1, 10_000_000 // (effects.size * n))
    sizes = [min(chunk, families - begin) for begin in range(0, families, chunk)]
    made = [
        mean_levels(correlated_runs(rng, effects, size, n, sd, rho), direction, 1.0)
        for size in sizes
    ]
    return Levels(*(np.concatenate(arrays) for arrays in zip(*made, strict=True)))


def share_families(
    rng: np.random.Generator,
    direction: Direction,
    effects: Floats,
    families: int,
    trials: int,
    constant: float = 0.4,
    margin: float = 0.05,
) -> Levels:
    """Levels of families of shares against a constant; effects are in margins."""
    counts = rng.binomial(trials, constant + margin * effects, (families, *effects.shape))
    return count_levels(counts, trials, constant, direction, margin)


def pair_families(
    rng: np.random.Generator,
    direction: Direction,
    effects: Floats,
    families: int,
    trials: int,
    discordance: float,
    margin: float = 0.05,
) -> Levels:
    """Levels of families of paired shares; effects are in margins."""
    left = (discordance + margin * effects) / 2
    chances = np.stack([left, discordance - left, np.full_like(left, 1 - discordance)], axis=-1)
    pairs = rng.multinomial(trials, chances, (families, *effects.shape))[..., :2]
    return pair_levels(pairs, trials, direction, margin)


def _capped(values: Floats) -> Floats:
    return np.minimum(values, 1.0)
