"""One Gaussian against two in the plane, fitted to points with counts; no draw is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

_Values = NDArray[np.float64]

#: Free parameters of one Gaussian in the plane, and of two with their weights.
_PARAMETERS = {1: 5, 2: 11}
#: Iterations from each start, after which the likelier one goes on alone.
_TRIAL = 15
#: A determinant below this share of the squared trace: the component has shrunk to a line.
_THIN = 1e-9


@dataclass(frozen=True)
class Mixture:
    """Gaussians in the plane.

    Attributes
    ----------
    weights : ndarray, shape (k,)
        They add up to 1.
    means : ndarray, shape (k, 2)
    covariances : ndarray, shape (k, 2, 2)
    log_likelihood : float
        Of all points.
    points : float
        How many there are: the sum of their counts.
    """

    weights: _Values
    means: _Values
    covariances: _Values
    log_likelihood: float
    points: float

    @property
    def bic(self) -> float:
        """Schwarz's criterion: the less, the better."""
        parameters = _PARAMETERS[len(self.weights)]
        return float(parameters * np.log(self.points) - 2.0 * self.log_likelihood)

    def responsibilities(self, where: _Values) -> _Values:
        """Return the probability that points (n, 2) are of each component, shape (k, n)."""
        return _expect(where, self)[0]


def fit_one(where: _Values, counts: _Values, floor: float = 0.0) -> Mixture:
    """Fit one Gaussian by maximum likelihood.

    Parameters
    ----------
    where : ndarray, shape (n, 2)
        Places of points, of bins' centres for example.
    counts : ndarray, shape (n,)
        How many points are at each.
    floor : float
        Added to the variances, such as that of a point within its bin.

    Raises
    ------
    ValueError
        If all points lie on a line and `floor` is 0, or there are none.
    """
    found = _maximise(where, counts, np.ones((1, len(where))), floor)
    return replace(found, log_likelihood=float(counts @ _expect(where, found)[1]))


def fit_two(
    where: _Values,
    counts: _Values,
    floor: float = 0.0,
    iterations: int = 200,
    tolerance: float = 1e-6,
) -> Mixture:
    """Fit two Gaussians by expectation and maximisation.

    There are two starts: the points are cut in two at their mean across each of their principal
    axes. After a few iterations the likelier one goes on.

    Parameters
    ----------
    where, counts, floor
        As of `fit_one`.
    iterations : int
        At most, of the start that goes on.
    tolerance : float
        It ends where the log-likelihood of a point rises by less in an iteration.

    Raises
    ------
    ValueError
        If the points of a component lie on a line and `floor` is 0, or all at one place, or there
        are none.

    References
    ----------
    Dempster, Laird and Rubin 1977.
    """
    starts = [
        _climb(_maximise(where, counts, halves, floor), where, counts, floor, _TRIAL, tolerance)
        for halves in _halves(where, counts)
    ]
    best = max(starts, key=lambda mixture: mixture.log_likelihood)
    return _climb(best, where, counts, floor, iterations, tolerance)


def overlap(mixture: Mixture) -> float:
    """Return the overlap coefficient of two components on Fisher's direction.

    That is the area below both of two normal densities, those of the components along the direction
    (S1 + S2)^-1 (m2 - m1) in which their means lie farthest apart for their spread; 0 apart, 1 the
    same. The weights of the components do not count.

    References
    ----------
    Inman and Bradley 1989.
    """
    (first, second), (narrow, wide) = _along(mixture)
    if wide < narrow:
        first, second, narrow, wide = second, first, wide, narrow
    apart = second - first
    if np.isclose(narrow, wide, rtol=1e-9, atol=0.0):
        return float(2.0 * ndtr(-abs(apart) / (2.0 * narrow)))
    # the densities cross at two places, between which the narrow one is above
    spread = wide**2 - narrow**2
    root = narrow * wide * np.sqrt(apart**2 + 2.0 * spread * np.log(wide / narrow))
    low, high = (first + (sign * root - apart * narrow**2) / spread for sign in (-1.0, 1.0))
    outside = ndtr((low - first) / narrow) + ndtr((first - high) / narrow)
    inside = ndtr((high - second) / wide) - ndtr((low - second) / wide)
    return float(outside + inside)


def separation(mixture: Mixture) -> float:
    """Return Ashman's D of two components on Fisher's direction: above 2 they are well apart.

    References
    ----------
    Ashman, Bird and Zepf 1994: sqrt(2) |m1 - m2| / sqrt(s1^2 + s2^2).
    """
    (first, second), (one, other) = _along(mixture)
    return float(np.sqrt(2.0) * abs(second - first) / np.hypot(one, other))


def _along(mixture: Mixture) -> tuple[_Values, _Values]:
    """Return means and standard deviations of two components on Fisher's direction."""
    apart = mixture.means[1] - mixture.means[0]
    if not apart.any():
        # no direction is better than another: the second axis stands for all
        apart = np.array([0.0, 1.0])
    direction = np.linalg.solve(mixture.covariances.sum(axis=0), apart)
    variances = np.einsum("i,kij,j->k", direction, mixture.covariances, direction)
    return mixture.means @ direction, np.sqrt(variances)


def _halves(where: _Values, counts: _Values) -> list[_Values]:
    """Return memberships (2, n) of points cut in two across each principal axis."""
    if not counts.any():
        raise ValueError("there are no points")
    mean = np.average(where, axis=0, weights=counts)
    _, axes = np.linalg.eigh((where - mean).T * counts @ (where - mean))
    found = []
    for axis in axes.T:
        upper = (where - mean) @ axis > 0
        if counts[upper].any() and counts[~upper].any():
            found.append(np.stack([~upper, upper]).astype(float))
    if not found:
        raise ValueError("all points are at one place")
    return found


def _climb(
    mixture: Mixture,
    where: _Values,
    counts: _Values,
    floor: float,
    iterations: int,
    tolerance: float,
) -> Mixture:
    """Go on from a mixture until its likelihood hardly rises; return the last that is known."""
    before = -np.inf
    for _ in range(iterations):
        members, logs = _expect(where, mixture)
        mixture = replace(mixture, log_likelihood=float(counts @ logs))
        if mixture.log_likelihood - before < tolerance * mixture.points:
            return mixture
        before = mixture.log_likelihood
        mixture = _maximise(where, counts, members, floor)
    return replace(mixture, log_likelihood=float(counts @ _expect(where, mixture)[1]))


def _maximise(where: _Values, counts: _Values, members: _Values, floor: float) -> Mixture:
    """Return the likeliest Gaussians for memberships (k, n), their own likelihood unknown."""
    masses = members * counts
    totals = masses.sum(axis=1)
    if not totals.all():
        raise ValueError("a component has no points")
    means = masses @ where / totals[:, None]
    x, y = (where[:, axis] - means[:, axis, None] for axis in (0, 1))
    # as rows, which are summed fast
    xx, xy, yy = (
        np.einsum("kn,kn,kn->k", masses, a, b) / totals for a, b in ((x, x), (x, y), (y, y))
    )
    covariances = np.array([[xx + floor, xy], [xy, yy + floor]]).transpose(2, 0, 1)
    trace = np.trace(covariances, axis1=1, axis2=2).max()
    if not (np.linalg.det(covariances) > _THIN * trace**2).all():
        raise ValueError("all points of a component lie on a line")
    points = float(counts.sum())
    return Mixture(totals / points, means, covariances, np.nan, points)


def _expect(where: _Values, mixture: Mixture) -> tuple[_Values, _Values]:
    """Return memberships (k, n) of points (n, 2), and the log-density of each point (n,)."""
    a, b, c = (mixture.covariances[:, i, j, None] for i, j in ((0, 0), (0, 1), (1, 1)))
    determinant = a * c - b**2
    x, y = (where[:, axis] - mixture.means[:, axis, None] for axis in (0, 1))
    squares = (c * x * x - 2.0 * b * x * y + a * y * y) / determinant
    constant = np.log(mixture.weights[:, None]) - np.log(2.0 * np.pi) - 0.5 * np.log(determinant)
    logs = constant - 0.5 * squares
    whole = reduce(np.logaddexp, logs)
    return np.exp(logs - whole), whole
