"""Mixtures against points written out one by one, densities summed numerically, and each other."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from escaping_minima.statistics.mixtures import Mixture, fit_one, fit_two, overlap, separation


def _points(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    one = rng.multivariate_normal([-1.0, 0.0], [[0.5, 0.2], [0.2, 0.3]], 900)
    other = rng.multivariate_normal([1.5, 1.0], [[0.2, -0.05], [-0.05, 0.4]], 400)
    return np.concatenate([one, other])


def _binned(points: np.ndarray, width: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    bins, counts = np.unique(np.floor(points / width), axis=0, return_counts=True)
    return (bins + 0.5) * width, counts.astype(float)


def test_one_gaussian_has_the_moments_of_the_points() -> None:
    where, counts = _binned(_points())
    repeated = np.repeat(where, counts.astype(int), axis=0)
    fitted = fit_one(where, counts, floor=0.01)
    assert np.allclose(fitted.means[0], repeated.mean(axis=0))
    spread = np.cov(repeated.T, bias=True) + 0.01 * np.eye(2)
    assert np.allclose(fitted.covariances[0], spread)
    logs = multivariate_normal(repeated.mean(axis=0), spread).logpdf(repeated)
    assert math.isclose(fitted.log_likelihood, logs.sum(), rel_tol=1e-12)
    assert math.isclose(fitted.bic, 5 * math.log(1300) - 2 * logs.sum(), rel_tol=1e-12)


def _slow(points: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights, means and covariances of the textbook's loops, from a cut at x = 0."""
    members = np.stack([points[:, 0] <= 0, points[:, 0] > 0], axis=1).astype(float)
    for _ in range(iterations):
        weights = members.mean(axis=0)
        means = [np.average(points, axis=0, weights=members[:, k]) for k in (0, 1)]
        covariances = [np.cov(points.T, aweights=members[:, k], bias=True) for k in (0, 1)]
        density = np.stack(
            [w * multivariate_normal(m, c).pdf(points)
             for w, m, c in zip(weights, means, covariances, strict=True)],
            axis=1,
        )  # fmt: skip
        members = density / density.sum(axis=1, keepdims=True)
    return weights, np.array(means), np.array(covariances)


def test_two_gaussians_are_those_of_the_points_written_out_one_by_one() -> None:
    where, counts = _binned(_points())
    fitted = fit_two(where, counts, tolerance=1e-14, iterations=500)
    weights, means, covariances = _slow(np.repeat(where, counts.astype(int), axis=0), 200)
    order = np.argsort(fitted.means[:, 0])
    assert np.allclose(fitted.weights[order], weights, atol=1e-5)
    assert np.allclose(fitted.means[order], means, atol=1e-4)
    assert np.allclose(fitted.covariances[order], covariances, atol=1e-4)
    assert math.isclose(fitted.weights.sum(), 1.0)


def test_bic_prefers_two_where_there_are_two_and_one_where_there_is_one() -> None:
    two = _binned(_points())
    assert fit_one(*two).bic > fit_two(*two).bic + 100
    rng = np.random.default_rng(5)
    one = _binned(rng.multivariate_normal([0, 0], [[1.0, 0.3], [0.3, 0.5]], 1300))
    assert fit_one(*one).bic < fit_two(*one).bic


def test_a_split_across_the_minor_axis_is_found() -> None:
    rng = np.random.default_rng(1)
    long = rng.normal(0, 3.0, 2000)
    points = np.stack([long, long + np.where(rng.random(2000) < 0.4, 1.0, -1.0)], axis=1)
    points[:, 1] += rng.normal(0, 0.2, 2000)
    fitted = fit_two(*_binned(points))
    heights = np.sort(fitted.means[:, 1] - fitted.means[:, 0])
    assert np.allclose(heights, [-1.0, 1.0], atol=0.05)
    assert np.isclose(fitted.weights[np.argmax(fitted.means @ [-1.0, 1.0])], 0.4, atol=0.03)


def test_responsibilities_follow_from_the_densities() -> None:
    mixture = _mixture([0.0, 0.0], [2.0, 1.0], np.diag([1.0, 0.5]), np.diag([0.3, 2.0]))
    where = np.array([[0.3, -0.2], [1.8, 1.1], [40.0, -3.0]])
    densities = np.stack(
        [0.5 * multivariate_normal(m, c).pdf(where)
         for m, c in zip(mixture.means, mixture.covariances, strict=True)],
        axis=1,
    )[:2]  # fmt: skip
    found = mixture.responsibilities(where)
    assert np.allclose(found[:, :2].T, densities / densities.sum(axis=1, keepdims=True))
    # so far out that both densities are 0 in float64
    assert np.allclose(found[:, 2].sum(), 1.0)


def _mixture(one, other, first, second) -> Mixture:  # type: ignore[no-untyped-def]
    return Mixture(
        np.array([0.5, 0.5]), np.array([one, other]), np.array([first, second]), 0.0, 100.0
    )


@pytest.mark.parametrize(
    ("other", "second"),
    [
        ([2.0, 1.0], np.diag([1.0, 0.5])),
        ([2.0, 1.0], np.diag([0.3, 2.0])),
        ([0.1, 0.0], np.array([[9.0, 1.0], [1.0, 4.0]])),
        ([0.0, 0.0], np.diag([4.0, 4.0])),
        ([30.0, 0.0], np.diag([2.0, 4.0])),
    ],
)
def test_overlap_is_the_area_below_both_densities(other, second) -> None:  # type: ignore[no-untyped-def]
    first = np.diag([1.0, 0.5])
    mixture = _mixture([0.0, 0.0], other, first, second)
    apart = np.array(other) if any(other) else np.array([0.0, 1.0])
    direction = np.linalg.inv(first + second) @ apart
    spreads = [math.sqrt(direction @ c @ direction) for c in (first, second)]
    places = [0.0, float(direction @ other)]
    x = np.linspace(-15 * max(spreads), places[1] + 15 * max(spreads), 400_001)
    densities = [norm(m, s).pdf(x) for m, s in zip(places, spreads, strict=True)]
    assert math.isclose(overlap(mixture), np.trapezoid(np.minimum(*densities), x), abs_tol=1e-6)
    distance = math.sqrt(2) * abs(places[1]) / math.hypot(*spreads)
    assert math.isclose(separation(mixture), distance)


def test_the_same_gaussian_twice_overlaps_whole() -> None:
    mixture = _mixture([1.0, 2.0], [1.0, 2.0], np.eye(2), np.eye(2))
    assert overlap(mixture) == 1.0
    assert separation(mixture) == 0.0


def test_points_on_a_line_are_refused_unless_they_have_a_width() -> None:
    where = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [5.0, 5.0]])
    for fit in (fit_one, fit_two):
        with pytest.raises(ValueError, match="line"):
            fit(where, np.ones(4))
    assert fit_one(where, np.ones(4), floor=0.01).covariances[0, 0, 0] > 0.01
    with pytest.raises(ValueError, match="one place"):
        fit_two(where[:1], np.ones(1), floor=0.01)


def test_without_points_there_is_nothing_to_fit() -> None:
    for fit in (fit_one, fit_two):
        with pytest.raises(ValueError, match="no points"):
            fit(np.empty((0, 2)), np.empty(0), floor=0.01)
