"""A difference of two sets of models by a linear mixed model, the trajectory as random effect."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from escaping_minima.statistics.intervals import FloatArray

# Errors that are smaller, relative to the means, are of numbers that agree but for rounding.
_ROUNDING = 1e-9
_Clusters = Sequence[ArrayLike]


@dataclass(frozen=True)
class MixedFit:
    """A difference of means with its standard error.

    Parameters
    ----------
    difference : float
        Left less right.
    error : float
        Its standard error.
    df : float
        Degrees of freedom: clusters less estimated means, since the number of clusters says how
        well their variance is known.
    p : float
        Two-sided, by Student's t.
    reason : str
        Why this is Student's t of the means of clusters instead, or why there is nothing; empty
        where the mixed model gave it.
    """

    difference: float
    error: float
    df: float
    p: float
    reason: str = ""


def mixed_model(left: _Clusters, right: _Clusters, paired: bool) -> MixedFit:
    """Fit a mixed model by restricted maximum likelihood and test the difference of two sides.

    Each trajectory has an effect of its own; where both sides are of the same trajectories, each
    side of it has one as well, since a difference that varies from trajectory to trajectory is
    known only as well as there are trajectories. Where the likelihood finds no maximum, Student's
    t of the means of trajectories stands in, which is the same where they are of one size and both
    variances are above 0.

    Parameters
    ----------
    left, right : sequence of array_like
        The values of each trajectory, at least one in each; where paired, in the same order.
    paired : bool
        Whether both sides are of the same trajectories.

    Returns
    -------
    MixedFit
        NaN with a reason of too few trajectories, and where nothing varies.

    Raises
    ------
    ValueError
        If paired sides differ in length.

    References
    ----------
    Laird, N. M., & Ware, J. H. (1982). Random-effects models for longitudinal data. Biometrics 38,
    963-974; fitted by statsmodels (Seabold & Perktold 2010).
    """
    if paired and len(left) != len(right):
        raise ValueError(f"{len(left)} trajectories are not paired with {len(right)}")
    df = len(left) - 1 if paired else len(left) + len(right) - 2
    if min(len(left), len(right)) < 2:
        return _nothing("fewer than two trajectories")
    simple = _of_means(left, right, paired)
    if simple[1] <= _ROUNDING * max(np.abs(_means(side)).max() for side in (left, right)):
        return _nothing("nothing varies between trajectories")
    fitted = _fit(left, right, paired)
    difference, error = fitted if fitted is not None else simple
    reason = "" if fitted else "the mixed model did not converge: t of the means of trajectories"
    p = 2.0 * float(special.stdtr(df, -abs(difference) / error))
    return MixedFit(difference, error, float(df), p, reason)


def _nothing(reason: str) -> MixedFit:
    return MixedFit(math.nan, math.nan, math.nan, math.nan, reason)


def _of_means(left: _Clusters, right: _Clusters, paired: bool) -> tuple[float, float]:
    """Return difference and standard error of the means of trajectories."""
    ours, theirs = _means(left), _means(right)
    difference = float(ours.mean() - theirs.mean())
    if paired:
        return difference, float((ours - theirs).std(ddof=1)) / math.sqrt(len(ours))
    n, m = len(ours), len(theirs)
    squares = (n - 1) * ours.var(ddof=1) + (m - 1) * theirs.var(ddof=1)
    return difference, math.sqrt(float(squares) / (n + m - 2) * (1 / n + 1 / m))


def _means(clusters: _Clusters) -> FloatArray:
    # exact sums: the same values in another order have the same mean
    values = [np.asarray(cluster, float) for cluster in clusters]
    return np.array([math.fsum(v) / len(v) for v in values])


def _fit(left: _Clusters, right: _Clusters, paired: bool) -> tuple[float, float] | None:
    """Return difference and standard error of the mixed model; None where it finds no maximum."""
    # statsmodels takes two seconds to import, and little needs it
    from statsmodels.regression.mixed_linear_model import MixedLM

    both = [np.asarray(cluster, float) for cluster in (*left, *right)]
    sizes = [len(cluster) for cluster in both]
    first = 0 if paired else len(left)
    numbers = [*range(len(left)), *range(first, first + len(right))]
    side = np.repeat([1.0] * len(left) + [0.0] * len(right), sizes)
    trajectory = np.repeat(numbers, sizes)
    values = np.concatenate(both)
    # of spread 1: losses near 0 would end the search for a maximum before it began
    unit = float(values.std())
    model = MixedLM(
        (values - values.mean()) / unit,
        np.column_stack([np.ones_like(side), side]),
        trajectory,
        exog_vc=_sides(side, trajectory) if paired else None,
        exog_re=np.ones((len(side), 1)),
    )
    with warnings.catch_warnings():
        # a variance of 0 is a result, and no maximum is said by the fit itself
        warnings.simplefilter("ignore")
        try:
            # Powell finds every maximum that was tried; by gradients a quarter or more are missed
            found = model.fit(reml=True, method="powell")
        except (np.linalg.LinAlgError, ValueError):
            return None
    difference, error = unit * float(found.fe_params[1]), unit * float(found.bse_fe[1])
    return (difference, error) if found.converged and error > 0.0 else None


def _sides(side: FloatArray, trajectory: FloatArray) -> object:
    """Return an effect of each side of each trajectory, as statsmodels takes it."""
    from statsmodels.regression.mixed_linear_model import VCSpec

    names = sorted(set(trajectory.tolist()))
    columns = [np.column_stack([side, 1.0 - side])[trajectory == name] for name in names]
    return VCSpec(["side"], [[["left", "right"]] * len(names)], [columns])
