"""What section 4.2 says of the losses of minibatches, and how it is read from measured spreads.

E_N is the loss of N images, E_M or mu that of all M, sigma^2 the variance of single images' losses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

Values = NDArray[np.float64]

#: How a loss of a minibatch is computed.
MODES = ("inference", "training")
#: Equal parts of a run between which noise is compared.
WINDOWS = 4
#: Sets of normal draws that the distance of such draws to the fitted normal is the mean of.
_SETS = 400


def finite_population(size: ArrayLike, images: ArrayLike, replacement: ArrayLike) -> Values:
    """Return what the variance of a mean is multiplied by without replacement, (M - N) / (M - 1).

    Parameters
    ----------
    size, images : array_like
        N and M.
    replacement : array_like
        1 where images are drawn with replacement: there it is 1.
    """
    n, m = np.asarray(size, float), np.asarray(images, float)
    return np.where(np.asarray(replacement) == 1, 1.0, (m - n) / (m - 1))


def expected_variance(
    image_variance: ArrayLike, size: ArrayLike, images: ArrayLike, replacement: ArrayLike
) -> Values:
    """Return the variance of E_N: sigma^2 / N, times `finite_population`.

    Exact where single losses are fixed numbers: in inference mode. Dropout adds noise that no
    sampling without replacement makes smaller, and batch normalisation ties images together.
    """
    factor = finite_population(size, images, replacement)
    found: Values = np.asarray(image_variance, float) / np.asarray(size, float) * factor
    return found


def expected_skewness(
    image_skewness: ArrayLike, size: ArrayLike, images: ArrayLike, replacement: ArrayLike
) -> Values:
    """Return the skewness of E_N, given that of single images: it falls as 1 / sqrt(N).

    Without replacement it is smaller by (M - 2N) / (M - 2) sqrt((M - 1) / (M - N)).

    References
    ----------
    Isserlis (1931). On the moment distributions of moments in the case of samples drawn from a
    limited universe. Proceedings of the Royal Society A 132, 586-604.
    """
    n, m = np.asarray(size, float), np.asarray(images, float)
    cut = (m - 2 * n) / (m - 2) * np.sqrt((m - 1) / (m - n))
    factor = np.where(np.asarray(replacement) == 1, 1.0, cut)
    found: Values = np.asarray(image_skewness, float) / np.sqrt(n) * factor
    return found


@cache
def normal_floor(draws: int) -> float:
    """Return the mean distance of so many normal draws to the normal distribution fitted to them.

    A distance that is measured of as many draws is never near 0: it is to be compared with this.
    """
    drawn = np.sort(np.random.default_rng(draws).standard_normal((_SETS, draws)), axis=1)
    mean, sd = drawn.mean(1, keepdims=True), drawn.std(1, ddof=1, keepdims=True)
    fitted = special.ndtr((drawn - mean) / sd)
    steps = np.arange(draws + 1) / draws
    above, below = (steps[1:] - fitted).max(1), (fitted - steps[:-1]).max(1)
    return float(np.maximum(above, below).mean())


def slopes(spreads: pd.DataFrame, keys: Sequence[str] = ("cell", "seed")) -> pd.DataFrame:
    """Fit a line to log variance against log N, at each state by itself.

    Parameters
    ----------
    spreads : DataFrame
        Rows of ``spreads.parquet``.
    keys : sequence of str
        Columns that name a state.

    Returns
    -------
    DataFrame
        A row for each state, ``mode`` and ``replacement`` with two sizes or more: ``slope``, -1 in
        theory, of the variance divided by `finite_population`; ``plain_slope``, of the variance as
        it is; ``error``, the standard error of either, from that of each variance; ``orders``, of
        how many neighbouring sizes the smaller has the larger variance, of ``pairs``.

    Notes
    -----
    The logarithm of a variance of n draws has the error sqrt((2 + excess kurtosis) / n).
    """
    rows = []
    for names, part in spreads.groupby([*keys, "mode", "replacement"], sort=False):
        if len(part) > 1:
            place = dict(zip((*keys, "mode", "replacement"), names, strict=True))
            rows.append(place | _slope(part.sort_values("size")))
    return pd.DataFrame(rows)


def _slope(part: pd.DataFrame) -> dict[str, float]:
    part = part.astype(dict.fromkeys(("variance", "kurtosis"), float))
    n = np.log(part["size"].to_numpy(float))
    weights = (n - n.mean()) / ((n - n.mean()) ** 2).sum()
    factor = finite_population(part["size"], part["images"], part["replacement"])
    errors = np.sqrt((2 + part["kurtosis"].to_numpy()) / part["draws"].to_numpy(float))
    variance = part["variance"].to_numpy()
    return {
        "slope": float(weights @ np.log(variance / factor)),
        "plain_slope": float(weights @ np.log(variance)),
        "error": float(np.sqrt((weights**2) @ errors**2)),
        "orders": int((np.diff(variance) < 0).sum()),
        "pairs": len(part) - 1,
    }


def mean_interval(values: ArrayLike, tail: float = 0.025) -> tuple[float, float, float]:
    """Return a mean over independent runs, and the ends of Student's interval.

    Parameters
    ----------
    values : array_like
        One a run; states of one run are no replicates, and are averaged before.
    tail : float
        Error probability of each side. The ends of a single run are infinite.
    """
    found = np.asarray(values, float)
    mean, n = float(found.mean()), len(found)
    if n < 2:
        return mean, -np.inf, np.inf
    half = -float(special.stdtrit(n - 1, tail)) * float(found.std(ddof=1)) / np.sqrt(n)
    return mean, mean - half, mean + half


def noise_windows(
    deviations: pd.DataFrame, epochs: Mapping[str, int], windows: int = WINDOWS
) -> pd.DataFrame:
    """Split the noise |E_t - mu_t| of runs into what the losses do and what the batch size does.

    Parameters
    ----------
    deviations : DataFrame
        Rows of ``deviations.parquet``.
    epochs : Mapping of str to int
        Horizon T by cell.
    windows : int
        Equal parts of the epochs; no more than there are epochs.

    Returns
    -------
    DataFrame
        A row for each run, ``mode`` and ``window`` (from 0) with ``done``, its middle as a share of
        T, and natural logarithms: ``noise``, of the mean |E_t - mu_t|; ``sigma``, the mean of
        log sigma_t; ``size``, the mean of -0.5 log N; ``rest``, noise - sigma - size: what the
        shape of the distribution, the finite set and in training mode dropout do. Beside them:
        ``bias``, the mean of E_t - mu_t, ``variance`` about it (divided by n - 1), and ``n``.
    """
    rows = []
    for (cell, seed), run in deviations.groupby(["cell", "seed"], sort=False):
        parts = min(windows, epochs[cell])
        window = (run["epoch"].to_numpy() - 1) * parts // epochs[cell]
        for index, part in run.groupby(window):
            place = {"cell": cell, "seed": seed, "window": index, "done": (index + 0.5) / parts}
            rows += [place | found for found in _noise(part)]
    return pd.DataFrame(rows)


def _noise(part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    sigma = float(np.log(part["sigma"].astype(float)).mean())
    size = float(-0.5 * np.log(part["batch_size"].astype(float)).mean())
    for mode in MODES:
        apart = part[f"{mode}_deviation"].astype(float)
        noise = float(np.log(apart.abs().mean()))
        yield {
            "mode": mode,
            "noise": noise,
            "sigma": sigma,
            "size": size,
            "rest": noise - sigma - size,
            "bias": float(apart.mean()),
            "variance": float(apart.var()),
            "n": len(apart),
        }


def noise_falls(windows: pd.DataFrame) -> pd.DataFrame:
    """Return what each part of the noise does from the first window of a run to its last.

    Parameters
    ----------
    windows : DataFrame
        Of `noise_windows`.

    Returns
    -------
    DataFrame
        A row for each run of two windows or more and ``mode``: the changes of ``noise``, ``sigma``,
        ``size`` and ``rest``, of which the first is the sum of the others. Negative: it falls. With
        a fixed size only sigma and the rest can change, so its run says what is not annealing.
    """
    parts = ["noise", "sigma", "size", "rest"]
    ordered = windows.sort_values("window", kind="stable")
    by_run = ordered.groupby(["cell", "seed", "mode"], sort=False)[parts]
    change = by_run.last() - by_run.first()
    return change[by_run.size() > 1].reset_index()
