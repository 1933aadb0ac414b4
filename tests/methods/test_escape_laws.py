"""What the sources of the methods of leaving a minimum prove of them, or other libraries do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points_objective import PointsObjective
from escaping_minima.methods.langevin import Langevin
from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.methods.perturbed_gradient import PerturbedGradient
from escaping_minima.methods.random_restarts import RandomRestarts
from escaping_minima.methods.restart_each_step import RestartEachStep
from escaping_minima.methods.two_point import TwoPoint
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.gentle_curve import GentleCurve

CPU = torch.device("cpu")
#: With which a test says that a law does not hold, where it does.
ALPHA = 1e-3


def go(method, problem, w, steps, name="laws"):
    """Walk from the rows of ``w``, to the end; return the state and the objective."""
    noise = PagedNoise([Streams(name, 0)], *w.shape, CPU, in_rows=True)
    objective = PointsObjective(problem, len(w), CPU)
    state = method.start(w)
    with torch.no_grad():
        for step in range(steps):
            noise.begin(step)
            method.step(w, state, objective, noise)
        method.finish(w, state, objective)
    return state, objective


def column(values):
    return torch.from_numpy(np.asarray(values, dtype=float).reshape(-1, 1).copy())


@dataclass(frozen=True)
class Parabola:
    """c |w|^2 / 2."""

    BLOCK: ClassVar[int] = 1

    curvature: float = 2.0

    def values(self, w):
        return w.square().sum(1, keepdim=True) * self.curvature / 2

    def gradients(self, w):
        return w * self.curvature


@dataclass(frozen=True)
class Saddle:
    """x^2 / 2 - y^2 / 2 + y^4 / 4: a saddle at 0, minima of height -1/4 at y = -1 and 1."""

    BLOCK: ClassVar[int] = 1

    def values(self, w):
        x, y = w[:, :1], w[:, 1:]
        return x * x / 2 - y * y / 2 + y * y * y * y / 4

    def gradients(self, w):
        x, y = w[:, :1], w[:, 1:]
        return torch.cat([x, y * y * y - y], 1)


# --- Warm restarts


@pytest.mark.parametrize(("period", "growth"), [(5, 1), (3, 2), (1, 3)])
def test_warm_restarts_take_the_steps_of_the_scheduler_of_torch(period, growth):
    high, lowest = 0.3, 0.1
    torch.manual_seed(0)
    start, x = torch.randn(4, dtype=torch.float64), torch.randn(20, 4, dtype=torch.float64)
    found = []
    for own in (True, False):
        weight = nn.Parameter(start.clone())
        if own:
            settings = {"lowest": lowest, "period": period, "growth": growth}
            optimizer = MethodOptimizer([weight], "warm_restarts", lr=high, **settings)
            scheduler = None
        else:
            optimizer = torch.optim.SGD([weight], lr=high)
            scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
                optimizer, period, growth, eta_min=high * lowest
            )
        path = []
        for _ in range(40):

            def closure(weight=weight, optimizer=optimizer):
                optimizer.zero_grad()
                loss = torch.tanh(x @ weight - 1).square().mean()
                loss.backward()
                return loss

            optimizer.step(closure)
            path.append(weight.detach().clone())
            if scheduler is not None:
                scheduler.step()
        found.append(torch.stack(path))
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-13)


# --- Langevin dynamics


def test_langevin_steps_of_any_length_are_normal_around_a_parabola():
    """w is an autoregression: its variance is T / (c (1 - eta c / 2)), exactly."""
    rate, temperature, curvature = 0.4, 0.7, 2.0
    w = column(np.zeros(4000))
    go(Langevin(rate, temperature), Parabola(curvature), w, 40)
    # what the start, at 0, leaves of the variance after 40 steps is below its last digit
    spread = math.sqrt(temperature / (curvature * (1 - rate * curvature / 2)))
    ends = w[:, 0].numpy()
    assert stats.kstest(ends, "norm", (0, spread)).pvalue > ALPHA
    # without the term of the step's length it would be another
    wrong = math.sqrt(temperature / curvature)
    assert stats.kstest(ends, "norm", (0, wrong)).pvalue < ALPHA


def boltzmann(problem, temperature):
    """Return a grid, and the distribution function of exp(-f / T) on it, by quadrature."""
    grid = np.linspace(-12.0, 30.0, 100_001)
    weight = np.exp(-problem.height(grid) / temperature)
    reached = np.cumsum((weight[1:] + weight[:-1]) / 2)
    return grid, np.concatenate([[0.0], reached / reached[-1]])


@pytest.mark.parametrize("temperature", [0.3, 0.6])
def test_short_langevin_steps_have_the_density_of_boltzmann(temperature):
    """Replicates are independent; they begin in the parabola's density, which lacks the well.

    Here the curve is so steep that the well is about as likely a place as the bottom.
    """
    problem, rows = GentleCurve(steepness=0.25, depth=1.0, centre=7.0, width=0.7), 3000
    spread = math.sqrt(temperature / (2 * problem.steepness))
    rng = np.random.default_rng(1)
    w = column(problem.bottom + spread * rng.standard_normal(rows))
    begun = w[:, 0].numpy().copy()
    go(Langevin(0.01, temperature), problem, w, 1500)
    grid, reached = boltzmann(problem, temperature)

    def distribution(x):
        return np.interp(x, grid, reached)

    ends = w[:, 0].numpy()
    assert stats.kstest(ends, distribution).pvalue > ALPHA
    # from where they began they had to find the well
    assert stats.kstest(begun, distribution).pvalue < ALPHA
    other = boltzmann(problem, temperature * 1.5)[1]
    assert stats.kstest(ends, lambda x: np.interp(x, grid, other)).pvalue < ALPHA


def test_a_temperature_that_falls_leaves_gradient_descent():
    w = column(np.full(200, 3.0))
    state, _ = go(Langevin(0.1, 5.0, cooling=0.9), Parabola(), w, 400)
    assert state["cooled"].max().item() == pytest.approx(0.9**400, rel=1e-9)
    assert w.abs().max() < 1e-8


# --- Two points


def test_the_mean_step_of_two_points_is_the_gradient_of_the_smoothed_loss():
    """Over d: the mean over a disc of radius b, here as wide as Himmelblau's wells."""
    problem = make_problem("himmelblau", {})
    rate, distance, rows, at = 0.01, 1.5, 40_000, (1.0, -2.0)
    w = torch.tensor(at, dtype=torch.float64).repeat(rows, 1)
    go(TwoPoint(rate, distance), problem, w, 1)
    steps = (w - torch.tensor(at)).numpy()
    error = steps.std(axis=0) / math.sqrt(rows)
    # nodes of Gauss and Legendre in r^2, equal angles: exact for polynomials of this degree
    nodes, weights = np.polynomial.legendre.leggauss(6)
    angles = np.arange(24) * 2 * np.pi / 24
    radii = distance * np.sqrt((nodes + 1) / 2)
    x = at[0] + radii[:, None] * np.cos(angles)
    y = at[1] + radii[:, None] * np.sin(angles)
    smoothed = [(g * weights[:, None] / 2).sum() / 24 for g in problem.gradient(x, y)]
    expected = -rate * np.array(smoothed) / 2
    assert (np.abs(steps.mean(axis=0) - expected) < 4 * error).all()
    plain = -rate * np.array(problem.gradient(*at)) / 2
    assert (np.abs(plain - expected) > 10 * error).any()


# --- Perturbed gradient descent


def test_perturbed_gradient_descent_leaves_saddles_and_stays_in_minima():
    settings = {"gradient_tolerance": 1e-3, "patience": 80, "least_decrease": 0.01}
    method = PerturbedGradient(0.1, radius=0.05, **settings)
    w = torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64).repeat(30, 1)
    begun = w.clone()
    state, _ = go(method, Saddle(), w, 600)
    assert (w[::3, 1].abs() - 1).abs().max() < 1e-3
    assert 0 < (w[::3, 1] > 0).sum() < 30
    # to the bit: what is taken back is taken back whole
    for minimum in (1, 2):
        assert torch.equal(w[minimum::3], begun[minimum::3])
    assert state["ended"].all()
    plain = begun.clone()
    go(PerturbedGradient(0.1, radius=0.0, **settings), Saddle(), plain, 600)
    assert torch.equal(plain, begun)


# --- Restarts


@pytest.mark.parametrize("restarts", [1, 3])
def test_restarts_find_the_best_as_often_as_independent_starts_do(restarts):
    """1 - (1 - p)^K, p the part of the box from which a descent ends in the global minimum."""
    problem, lower, upper, rows = GentleCurve(), 0.0, 6.0, 1500
    grid = np.linspace(4.2, 5.2, 100_001)
    # the barrier is where the slope falls through 0
    border = grid[np.flatnonzero(np.diff(np.sign(problem.slope(grid))))]
    assert len(border) == 1
    assert border[0] == pytest.approx(4.61, abs=0.01)
    alone = (upper - border[0]) / (upper - lower)
    w = column(np.random.default_rng(2).uniform(lower, upper, rows))
    method = RandomRestarts(0.2, steps_each=120, lower=lower, upper=upper)
    state, objective = go(method, problem, w, 120 * (restarts + 1))
    expected = 1 - (1 - alone) ** (restarts + 1)
    best = int((w[:, 0] > border[0]).sum())
    assert stats.binomtest(best, rows, expected).pvalue > ALPHA
    assert stats.binomtest(best, rows, 1 - (1 - alone) ** restarts).pvalue < ALPHA
    assert (state["restarts"] == restarts).all()
    assert (objective.loss_evaluations == restarts + 1).all()


def test_the_best_of_fresh_points_is_as_low_as_that_of_as_many_uniform_ones():
    """On |w| in one dimension the least of n uniform distances is above x with (1 - x)^n."""
    steps, rows = 25, 2000
    w = column(np.full(rows, 1.0))
    go(RestartEachStep(lower=-1.0, upper=1.0), Parabola(), w, steps)
    least = w[:, 0].abs().numpy()
    assert stats.kstest(least, lambda x: 1 - (1 - x) ** steps).pvalue > ALPHA
    assert stats.kstest(least, lambda x: 1 - (1 - x) ** (steps - 3)).pvalue < ALPHA


class Batches:
    """A loss whose first batch is lucky everywhere."""

    items = 1
    step = 0

    def value(self, w, out, mask=None, inference=False):
        if mask is None or mask.any():
            out.fill_(-100.0 if self.step == 0 else float(w.square().sum()))


class Draws:
    def uniform_each(self, purpose):
        return torch.full((1, 1), 0.5)


@pytest.mark.parametrize(("fresh", "end"), [(True, 0.0), (False, 5.0)])
def test_a_lucky_batch_keeps_a_poor_place_unless_it_is_looked_at_again(fresh, end):
    method = RestartEachStep(fresh=fresh)
    w, batches = torch.full((1, 1), 5.0), Batches()
    state = method.start(w)
    for step in range(3):
        batches.step = step
        method.step(w, state, batches, Draws())
    assert w.item() == end
