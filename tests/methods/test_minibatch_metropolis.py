"""Minibatch Metropolis-Hastings: it samples what the full data give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import expit

from escaping_minima.methods.minibatch_metropolis import (
    MinibatchMetropolis,
    _deviation,
    _sizes,
)

ALPHA = 1e-3
ROWS, STEPS = 8_000, 25
ITEMS, HEAT = 64, 0.1


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


class Sum:
    """Mean of (w - c_i)^2 / 2, on batches drawn without replacement; counts what it looks at.

    The density exp(-f / T) is normal around the mean of the centres, with variance T.
    """

    def __init__(self, batch=ITEMS, rows=ROWS, spread=2.0):
        self._rng = np.random.default_rng(7)
        centres = self._rng.standard_normal(ITEMS)
        self.centres = torch.from_numpy(spread * (centres - centres.mean()) / centres.std())
        self.items, self.all_items = batch, ITEMS
        self.looked = torch.zeros(rows, 1, dtype=torch.float64)
        self._rows = rows
        self.begin()

    def begin(self):
        draws = self._rng.random((self._rows, ITEMS), dtype=np.float32)
        order = draws.argsort(axis=1)[:, : self.items]
        self._chosen = self.centres[torch.from_numpy(order)]

    def gradient(self, w, out, mask=None, statistics=True, loss=None):
        out.copy_(w - self._chosen.mean(1, keepdim=True))
        if loss is not None:
            self.value(w, loss)

    def value(self, w, out, mask=None, inference=False, statistics=False):
        out.copy_((w - self._chosen).square().mean(1, keepdim=True) / 2)

    def item_values(self, w, out, mask=None, first=0):
        count = out.shape[1]
        found = (w - self._chosen[:, first : first + count]).square() / 2
        out.copy_(found if mask is None else found.where(mask, out))
        self.looked.add_(count if mask is None else mask * count)


class Named:
    """Draws of each step, of a generator of this test."""

    def __init__(self, rows=ROWS, seed=3):
        self._rng = np.random.default_rng(seed)
        self._rows = rows

    def normal(self, purpose):
        return torch.from_numpy(self._rng.standard_normal((self._rows, 1)))

    def uniform(self, purpose):
        return torch.from_numpy(self._rng.random((self._rows, 1)))


def sampled(objective, steps, start, **settings):
    """Return where replicates are, and the state, after steps from the density itself."""
    method = MinibatchMetropolis(**{"temperature": HEAT, "proposal": "gaussian"} | settings)
    noise, w = Named(), start.clone()
    state = method.start(w)
    for _ in range(steps):
        objective.begin()
        method.step(w, state, objective, noise)
    return w, state


@pytest.fixture(scope="module")
def stationary():
    return math.sqrt(HEAT) * torch.from_numpy(np.random.default_rng(9).standard_normal((ROWS, 1)))


def misfit(w):
    return stats.kstest(w[:, 0].numpy(), "norm", (0, math.sqrt(HEAT)))


#: Proposals as wide as the density: with batches of 16 half of the estimates deviate by over 1.
WIDE = {"learning_rate": 0.6}


@pytest.fixture(scope="module")
def chains(stationary):
    """Return where replicates end that begin in the density, and states, by test and batch."""
    found = [("barker", 16), ("naive", 16), ("full", ITEMS), ("barker", ITEMS)]
    with torch.no_grad():
        return {
            (test, batch): sampled(Sum(batch), STEPS, stationary, test=test, **WIDE)
            for test, batch in found
        }


@pytest.mark.parametrize("chain", [("barker", 16), ("full", ITEMS), ("barker", ITEMS)], ids=str)
def test_it_samples_what_the_full_data_give(chains, stationary, chain):
    """Replicates stay in the density, though nearly all of them moved."""
    w, state = chains[chain]
    assert (w != stationary).double().mean() > 0.95
    assert misfit(w).pvalue > ALPHA
    rejected = state["too_noisy"].mean().item() / STEPS
    assert 0.3 < rejected < 0.7 if chain[1] < ITEMS else rejected == 0


def test_a_batch_that_is_taken_as_exact_is_biased(chains):
    """The control: the noise of the batch makes the chain hotter."""
    w, _ = chains["naive", 16]
    assert misfit(w).pvalue < 1e-6
    assert w.var().item() > 1.1 * HEAT


def total_variation(w, bins=20):
    """Return the total variation to the density, by cells of equal probability."""
    shares = np.bincount((stats.norm.cdf(w[:, 0] / math.sqrt(HEAT)) * bins).astype(int))
    return np.abs(shares / len(w) - 1 / bins).sum() / 2


def test_the_total_variation_of_the_corrected_test_is_that_of_the_full_one(chains):
    # the mean of draws from the density itself, twice
    bound = math.sqrt(2 * 20 / (math.pi * ROWS))
    far = {test: total_variation(w) for (test, _), (w, _) in list(chains.items())[:3]}
    assert max(far["barker"], far["full"]) < bound
    assert far["naive"] > 1.5 * bound


class OneMove(Named):
    """The same move for all replicates, which differ in their batch and in what decides."""

    def normal(self, purpose):
        return torch.full((self._rows, 1), -1.0, dtype=torch.float64)


def share_kept(test, rows=40_000):
    """Return how often a move from 0.5 to 0 is kept, by estimates that deviate by about 0.6."""
    objective, w = Sum(16, rows, spread=0.55), torch.full((rows, 1), 0.5, dtype=torch.float64)
    method = MinibatchMetropolis(0.5**2 / (2 * HEAT), HEAT, proposal="gaussian", test=test)
    state = method.start(w)
    method.step(w, state, objective, OneMove(rows))
    assert w[state["accepted"]].abs().max() < 1e-12
    spread = state["spread"].square().mean().sqrt().item()
    assert spread == (pytest.approx(0.6, abs=0.03) if test == "barker" else 0.0)
    return state["accepted"].double().mean().item()


def test_a_move_is_kept_as_often_as_on_all_items():
    exact = expit((0.5**2 / 2) / HEAT)
    error = math.sqrt(exact * (1 - exact) / 40_000)
    assert abs(share_kept("barker") - exact) < 4 * error
    assert share_kept("naive") < exact - 6 * error


def test_the_full_test_refuses_a_batch(stationary):
    with pytest.raises(ValueError, match="looks at 16 of 64 items; allowed: all"):
        sampled(Sum(16), 1, stationary, test="full")


def test_a_batch_grows_until_its_deviation_is_small(stationary):
    """What is looked at is counted, and is less than all items."""
    objective = Sum()
    w, state = sampled(objective, STEPS, stationary, test="barker", least_batch=8, **WIDE)
    assert misfit(w).pvalue > ALPHA
    assert torch.equal(2 * state["looked"], objective.looked)
    mean = (state["looked"] / STEPS).mean().item()
    assert 10 < mean < 40
    assert (state["too_noisy"] == 0).all()
    short = {"least_batch": 8, "learning_rate": 0.001}
    _, state = sampled(Sum(), 5, stationary, test="barker", **short)
    assert (state["looked"] / 5).mean() < 8.1


def test_moves_of_too_noisy_batches_are_rejected_and_counted(stationary):
    objective = Sum(4, spread=1e9)
    w, state = sampled(objective, 5, stationary, test="barker", **WIDE)
    assert torch.equal(w, stationary)
    assert (state["too_noisy"] == 5).all()
    single, state = sampled(Sum(1), 5, stationary, test="barker", **WIDE)
    assert torch.equal(single, stationary)
    assert (state["too_noisy"] == 5).all()


def test_langevin_proposals_are_corrected_for_their_length(stationary):
    """Steps so long that without a test the variance is T / (1 - eta / 2)."""
    long = {"proposal": "langevin", "learning_rate": 0.9}
    w, _ = sampled(Sum(), STEPS, stationary, test="full", **long)
    assert misfit(w).pvalue > ALPHA
    free, state = sampled(Sum(), STEPS, stationary, test="none", **long)
    assert state["accepted"].all()
    assert free.var().item() == pytest.approx(HEAT / (1 - 0.9 / 2), rel=0.06)


def test_replicates_side_by_side_are_those_of_one_by_one():
    """Bit for bit, sums over a growing batch included."""
    rows, method = 7, MinibatchMetropolis(0.3, HEAT, proposal="gaussian", least_batch=5)
    draws = [Named(rows, seed).normal("proposal") for seed in range(6)]
    uniforms = [Named(rows, seed).uniform("acceptance") for seed in range(12)]

    class Given:
        def __init__(self, own):
            self._own, self._normals, self._uniforms = own, iter(draws), iter(uniforms)

        def normal(self, purpose):
            return next(self._normals)[self._own]

        def uniform(self, purpose):
            return next(self._uniforms)[self._own]

    def walk(own):
        objective, noise = Sum(rows=rows), Given(own)
        w = torch.linspace(-1, 1, rows, dtype=torch.float64).unsqueeze(1)[own].clone()
        state = method.start(w)
        for _ in range(6):
            objective.begin()
            objective._chosen = objective._chosen[own]
            objective.looked = objective.looked[: len(w)]
            method.step(w, state, objective, noise)
        return {"w": w, **state}

    together = walk(slice(None))
    assert 0 < together["accepted"].sum() < rows
    assert together["looked"].unique().numel() > 1
    for row in range(rows):
        for name, alone in walk(slice(row, row + 1)).items():
            shared = together[name]
            assert torch.equal(alone, shared if shared.dim() == 0 else shared[row : row + 1]), name


def test_the_deviation_is_that_of_means_without_replacement():
    rng = np.random.default_rng(5)
    population = rng.standard_normal(20)
    draws = np.stack([rng.permutation(population)[:5] for _ in range(40_000)])
    exact = population.std(ddof=1) * math.sqrt((1 - 5 / 20) / 5)
    assert draws.mean(axis=1).std() == pytest.approx(exact, rel=0.02)
    found = _deviation(torch.from_numpy(draws), 20).square().mean().sqrt().item()
    assert found == pytest.approx(exact, rel=0.02)
    assert _deviation(torch.from_numpy(draws), 5).max() == 0
    assert _deviation(torch.ones(3, 1), 5).isinf().all()


def test_looks_double():
    assert _sizes(0, 64) == [64]
    assert _sizes(5, 64) == [5, 10, 20, 40, 64]
    assert _sizes(8, 64) == [8, 16, 32, 64]
    assert _sizes(100, 64) == [64]
