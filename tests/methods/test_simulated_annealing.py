"""Simulated annealing against a slow loop of its own, and against the density that it must have."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.methods.simulated_annealing import SimulatedAnnealing
from escaping_minima.observers.acceptance import Acceptance
from escaping_minima.observers.places import Places
from escaping_minima.observers.tested_moves import MetropolisCounts
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.gentle_curve import GentleCurve
from escaping_minima.problems.points import draw_starts

CPU = torch.device("cpu")
STEPS = 230
#: So many replicates of a block are followed by the slow loop.
FOLLOWED = 12
SETTINGS = {"deviation": 0.4, "temperature": 2.0, "cooling": 0.985, "floor": 0.2}


def curve(x):
    """The curve as its source says it."""
    return 0.05 * (x[0] - 9) ** 2 - 0.6 * math.exp(-(((x[0] - 4) / 0.4) ** 2))


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


FUNCTIONS = {"gentle_curve": curve, "himmelblau": himmelblau}


def slow(f, start, directions, uniforms, deviation, temperature, cooling, floor):
    """Anneal one replicate, step by step; return every place and what was decided."""
    x, places, kept = list(start), [], []
    for step, (direction, uniform) in enumerate(zip(directions, uniforms, strict=True)):
        there = [a + deviation * d for a, d in zip(x, direction, strict=True)]
        t = max(floor, temperature * cooling**step)
        worse = f(there) - f(x)
        keep = worse <= 0 or uniform < math.exp(-worse / t)
        places.append(list(x))
        kept.append((keep, keep and worse > 0, max(worse, 0.0) if keep else 0.0))
        x = there if keep else x
    return [*places, x], np.array(kept, float)


def draws(problem, block=0):
    """Return the directions (steps, k, d) and uniforms (steps, k) of a block."""
    made = make_problem(problem, {})
    noise = PagedNoise([Streams(problem, block)], made.BLOCK, len(made.lower), CPU)
    found = []
    for step in range(STEPS):
        noise.begin(step)
        found.append((noise.normal("direction").numpy(), noise.uniform("acceptance").numpy()[:, 0]))
    directions, uniforms = zip(*found, strict=True)
    return np.stack(directions), np.stack(uniforms)


def anneal(problem, method, steps, observers=(), blocks=(0,), name=None):
    session = NoSession()
    plan = PointsPlan(name or problem, make_problem(problem, {}), steps, 50, list(observers))
    keys = [f"block {b}" for b in blocks]
    return run_points(plan, [method] * len(blocks), blocks, keys, CPU, session), session.pieces


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("problem", FUNCTIONS)
def test_it_is_the_slow_loop(problem, fresh):
    observers = [Places(1), MetropolisCounts(STEPS), Acceptance()]
    (table,), pieces = anneal(
        problem, SimulatedAnnealing(fresh=fresh, **SETTINGS), STEPS, observers
    )
    assert set(table["loss_evaluations"]) == {2 * STEPS if fresh else STEPS + 1}
    assert set(table["gradient_evaluations"]) == {0}
    directions, uniforms = draws(problem)
    starts = draw_starts(make_problem(problem, {}), Streams(problem, 0))
    seen = [v for (_, name, _), v in sorted(pieces.items()) if name == "places"]
    (moves,) = [v for (_, name, _), v in pieces.items() if name == "tested_moves"]
    rejected = climbed = 0
    for row in range(FOLLOWED):
        words = directions[:, row], uniforms[:, row]
        places, kept = slow(FUNCTIONS[problem], starts[row], *words, **SETTINGS)
        axes = range(starts.shape[1])
        path = np.concatenate(
            [np.stack([p[f"w{a}"][p["replicate"] == row] for a in axes], 1) for p in seen]
        )
        np.testing.assert_allclose(path, places[:-1], rtol=1e-10, atol=1e-12)
        end = [table[f"end_{axis}"][row] for axis in axes]
        assert end == pytest.approx(places[-1], rel=1e-10)
        assert table["accepted_0"][row] == moves["accepted"][row] == kept[:, 0].sum()
        assert moves["accepted_worse"][row] == kept[:, 1].sum()
        assert moves["climbed"][row] == pytest.approx(kept[:, 2].sum(), rel=1e-9)
        rejected, climbed = rejected + STEPS - kept[:, 0].sum(), climbed + kept[:, 1].sum()
    # both ways of the test were taken often
    assert min(rejected, climbed) > 100


def test_looking_afresh_changes_nothing_where_the_loss_is_a_function():
    (one,), _ = anneal("himmelblau", SimulatedAnnealing(fresh=True, **SETTINGS), STEPS)
    (other,), _ = anneal("himmelblau", SimulatedAnnealing(fresh=False, **SETTINGS), STEPS)
    for column in ("end_x", "end_y", "loss"):
        np.testing.assert_array_equal(one[column], other[column])


def test_looking_afresh_sees_that_the_loss_has_changed():
    """Of minibatches: a place is judged by the batch of now, not by that it was reached with."""

    class Batches:
        items = 1
        step = 0

        def value(self, w, out, mask=None, inference=False):
            if mask is None or mask.any():
                # the batch of the first step is lucky everywhere
                out.fill_(-100.0 if self.step == 0 else float(w.square().sum()))

    class Draws:
        def normal(self, purpose):
            return torch.full((1, 1), -1.0)

        def uniform(self, purpose):
            return torch.full((1, 1), 0.5)

    found = {}
    for fresh in (True, False):
        method = SimulatedAnnealing(deviation=1.0, temperature=1e-6, fresh=fresh)
        w, batches = torch.full((1, 1), 5.0), Batches()
        state = method.start(w)
        for step in range(4):
            batches.step = step
            method.step(w, state, batches, Draws())
        found[fresh] = w.item()
    assert found == {True: 1.0, False: 4.0}


@pytest.mark.parametrize("temperature", [0.15, 0.6])
def test_at_a_fixed_temperature_the_density_is_that_of_boltzmann(temperature):
    """Ends of replicates are independent, so a test for frequencies holds."""
    method = SimulatedAnnealing(1.5, temperature, fresh=False)
    plan = PointsPlan(
        "stationary", GentleCurve(lower=(0.0,), upper=(18.0,)), 1_500, 1_500, [Places(1_500)]
    )
    blocks = range(4)
    tables = run_points(
        plan, [method] * len(blocks), blocks, [str(b) for b in blocks], CPU, NoSession()
    )
    ends = np.concatenate([table["end_0"] for table in tables])
    grid = np.linspace(-15, 33, 200_001)
    weight = np.exp(-np.array([curve([x]) for x in grid[::10]]) / temperature)
    distribution = np.cumsum(weight) / weight.sum()
    borders = np.interp(np.arange(1, 12) / 12, distribution, grid[::10])
    counts = np.bincount(np.searchsorted(borders, ends), minlength=12)
    assert stats.chisquare(counts).pvalue > 1e-3
    # the test tells this temperature from others
    weight = weight**1.2
    wrong = np.cumsum(weight) / weight.sum()
    borders = np.interp(np.arange(1, 12) / 12, wrong, grid[::10])
    counts = np.bincount(np.searchsorted(borders, ends), minlength=12)
    assert stats.chisquare(counts).pvalue < 1e-3
