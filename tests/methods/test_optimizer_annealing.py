"""SGD-SA and SSA as optimizers of torch against the slow reference, step by step.

The network has batch normalisation and dropout, and the draws are read from the named streams.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.methods.sgd_sa_optimizer import SGDSA

SEED = 11
#: The highest overshoots, so that some moves are worse.
RATES = (9.0, 3.0, 0.5)
EPOCHS, BATCHES = 3, 6


@pytest.fixture(scope="module")
def slow(root, load_module):
    return load_module(root / "tests" / "methods" / "annealing_torch.py")


def network(slow, normalised=True):
    torch.manual_seed(3)
    norm = [nn.BatchNorm1d(6)] if normalised else []
    layers = [nn.Linear(4, 6), *norm, nn.ReLU(), slow.MaskedDropout(), nn.Linear(6, 3)]
    return nn.Sequential(*layers).double()


def data():
    """Return epochs of minibatches and the dropout factors of each step; labels are noise."""
    torch.manual_seed(4)
    batches = [
        [(torch.randn(8, 4).double(), torch.randint(3, (8,))) for _ in range(BATCHES)]
        for _ in range(EPOCHS)
    ]
    return batches, [torch.randint(2, (8, 6)) * 2.0 for _ in range(EPOCHS * BATCHES)]


def draws_of(seed, parameters):
    """Return the named draws of an optimizer, step by step: function of the step."""
    d = sum(p.numel() for p in parameters)
    draws = DeviceDraws(Streams("MethodOptimizer", seed), torch.device("cpu"))
    noise = NetworkNoise(draws, torch.zeros(1, d, dtype=torch.float64))

    def begin(step):
        noise.begin(step)
        return noise

    return begin


class Run:
    """A network that is trained as people write it, and what came of each step."""

    def __init__(self, slow, model, make):
        self.slow, self.model = slow, model
        self.optimizer = make(model.parameters())
        self.records = []

    def loss(self):
        return nn.functional.cross_entropy(self.model(self.x), self.y)

    def closure(self):
        assert self.model.training
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss

    def evaluate(self):
        assert not torch.is_grad_enabled()
        self.model.eval()
        loss = self.loss()
        self.model.train()
        return loss

    def go(self, batches, masks, end_epoch):
        for epoch in batches:
            for self.x, self.y in epoch:
                self.model[-2].mask = masks[len(self.records)]
                self.optimizer.step(self.closure, self.evaluate)
                self.records.append(self.state())
            end_epoch(self.optimizer)
        return self

    def state(self):
        found = self.optimizer.state_dict()["method"]["state"]
        return {
            "weights": self.slow._flat_weights(self.model),
            "statistics": self.slow._flat_statistics(self.model).copy(),
            "probability": found["probability"].item(),
            "accepted": found["accepted"].item(),
        }


def assert_agree(records, wanted):
    assert len(records) == len(wanted) == EPOCHS * BATCHES
    for step, (found, other) in enumerate(zip(records, wanted, strict=True)):
        assert found["accepted"] == other["accepted"], step
        assert found["probability"] == pytest.approx(other["probability"], abs=1e-10), step
        for name in ("weights", "statistics"):
            np.testing.assert_allclose(found[name], other[name], rtol=0, atol=1e-11)
    assert {r["accepted"] for r in wanted} == {True, False}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"rates": (6.0,)},
        {"cooling": 0.9},
        {"temperature": 1e-3, "floor": 9e-4},
        {"losses": "training"},
    ],
    ids=str,
)
def test_steps_are_those_of_the_slow_reference(slow, settings):
    settings = {"rates": RATES, "temperature": 0.02} | settings
    # running statistics belong to the closure, which the reference calls without moving them
    normalised = settings.get("losses") != "training"
    batches, masks = data()
    run = Run(slow, network(slow, normalised), lambda p: SGDSA(p, seed=SEED, **settings))
    run.go(batches, masks, lambda optimizer: optimizer.cool(0.8))

    begin = draws_of(SEED, run.model.parameters())
    steps = range(EPOCHS * BATCHES)
    cooling = settings.pop("cooling", 1.0)
    wanted = slow.sgd_sa(
        network(slow, normalised),
        batches,
        choices=[begin(t).choice("rate", len(settings["rates"])).item() for t in steps],
        uniforms=[begin(t).uniform("acceptance").item() for t in steps],
        masks=masks,
        cooling_epoch=0.8,
        cooling_step=cooling,
        unit="mean",
        **settings,
    )
    assert_agree(run.records, wanted)


@pytest.mark.parametrize("refresh", [False, True])
def test_ssa_is_that_of_the_slow_reference(slow, refresh):
    batches, masks = data()
    settings = {"deviation": 0.2, "temperature": 0.01, "drop_below": 0.9, "refresh": refresh}
    run = Run(slow, network(slow), lambda p: MethodOptimizer(p, "ssa", SEED, **settings))

    def end_epoch(optimizer):
        optimizer.end_epoch()
        for group in optimizer.param_groups:
            group["temperature"] *= 0.97

    run.go(batches, masks, end_epoch)
    model = network(slow)
    shapes = [p.shape for p in model.parameters()]
    begin = draws_of(SEED, model.parameters())
    steps = range(EPOCHS * BATCHES)

    def direction(step):
        parts = begin(step).normal("direction")[0].split([shape.numel() for shape in shapes])
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]

    settings["radius"] = settings.pop("deviation")
    wanted = slow.ssa(
        model,
        batches,
        directions=[direction(t) for t in steps],
        uniforms=[begin(t).uniform("acceptance").item() for t in steps],
        masks=masks,
        unit="mean",
        **settings,
    )
    assert wanted[-1]["radius"] < wanted[0]["radius"]
    assert_agree(run.records, wanted)
