"""With a radius of 0 every method that has one trains a network as SGD does, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pytest
import torch

from escaping_minima.methods.protocol import descend
from escaping_minima.parts.registry import part_class
from escaping_minima.vouching.cases import registered

RATE = 0.05
#: Of basin hopping, a search ends after one step; NiM perturbs from the fifth update on.
OFTEN = {"learning_rate": RATE, "gradient_tolerance": 1e3, "patience": 3}
MONOTONIC = ("nig_mbh", "nim_mbh")
STEPS_BETWEEN_SEARCHES = ("nig_bh", "nig_mbh")
#: One batch without dropout: its loss falls in every search, so that no result is taken back.
#: Elsewhere there are minibatches, dropout and batch normalisation.
ONE_BATCH = {
    "epochs": 6,
    "sizes": {"first": 40, "last": 40, "line": "epochs"},
    "problem_settings": {"dropout": 0.0},
}


def settings_of(name, radius):
    own = {entry.name for entry in fields(part_class("methods", name))}
    return {key: value for key, value in (OFTEN | {"radius": radius}).items() if key in own}


WITH_RADIUS = [name for name in registered("methods") if "radius" in settings_of(name, 0.0)]


@dataclass(frozen=True)
class TwoSteps:
    """SGD that takes a second step on the batch of every update but the first."""

    learning_rate: float = RATE

    def start(self, w):
        return {"g": w.clone(), "taken": w.new_zeros((1, 1))}

    def step(self, w, state, objective, noise):
        g = state["g"]
        objective.gradient(w, g)
        descend(w, g, self.learning_rate, {})
        if bool(state["taken"] > 0):
            objective.gradient(w, g, statistics=False)
            descend(w, g, self.learning_rate, {})
        state["taken"].add_(1)

    def finish(self, w, state, objective):
        pass


@pytest.fixture
def trained(house, runs):
    """Train a cell of a method, or another method in its place; return all that it came to."""

    def train(name, radius=0.0, instead=None, **more):
        cell = house.cell(name, method_settings=settings_of(name, radius), **more)
        plan = house.plan(cell)
        if instead is not None:
            plan = replace(plan, method=instead)
        found = runs.train_network(plan, house.data(cell))
        return [found.run.network.w, *found.run.network.buffers().values()], found.curves

    return train


@pytest.mark.parametrize("name", WITH_RADIUS)
def test_weights_statistics_and_losses_are_those_of_sgd(trained, runs, name):
    more = ONE_BATCH if name in MONOTONIC else {"epochs": 3}
    instead = TwoSteps() if name in STEPS_BETWEEN_SEARCHES else None
    tensors, curves = trained(name, **more)
    expected, expected_curves = trained("gd", instead=instead, **more)
    for found, right in zip(tensors, expected, strict=True):
        assert torch.equal(found, right)
    runs.assert_equal(curves, expected_curves)
    other, _ = trained(name, radius=0.3, **more)
    assert not torch.equal(tensors[0], other[0])
