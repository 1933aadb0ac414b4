"""Noise for long vectors: drawn where they are, by name, the same whoever runs beside."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams

WEIGHTS = 1_200_000
CPU = torch.device("cpu")


def drawn(block, updates, beside=()):
    """Return the first numbers of each draw of a block, other blocks drawing in between."""
    w = torch.zeros(1, WEIGHTS)
    noises = {b: NetworkNoise(DeviceDraws(Streams("large", b), CPU), w) for b in (block, *beside)}
    found = {}
    for update in updates:
        for one in noises.values():
            one.begin(update)
        for b, noise in noises.items():
            here = [noise(), noise.normal("step"), noise.uniform_each("mask")]
            here += [noise.uniform("accept"), noise.choice("layer", 10).float()]
            if b == block:
                found[update] = here
    return found


@pytest.fixture
def nothing_on_the_host(monkeypatch):
    def refuse(*words):
        raise AssertionError("drawn with NumPy")

    monkeypatch.setattr(Streams, "generator", refuse)


def test_draws_are_made_on_the_device_and_named_by_update(nothing_on_the_host):
    alone = drawn(0, (0, 1))
    beside = drawn(0, (0, 1), beside=(1, 2))
    only_second = drawn(0, (1,))
    for update in (0, 1):
        for one, other in zip(alone[update], beside[update], strict=True):
            assert torch.equal(one, other)
    for one, other in zip(alone[1], only_second[1], strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(alone[0][0], alone[1][0])
    assert not torch.equal(alone[0][0], drawn(1, (0,))[0][0])


def test_their_distributions_are_those_they_are_called(nothing_on_the_host):
    ball, normal, each, one, choice = drawn(3, (5,))[5]
    assert ball.shape == normal.shape == each.shape == (1, WEIGHTS)
    # in 1.2 million dimensions nearly all of a ball is its surface
    assert 0.9999 < torch.linalg.vector_norm(ball, dtype=torch.float64).item() <= 1
    # five standard errors of a mean and of a variance
    assert abs(normal.mean().item()) < 5 / WEIGHTS**0.5
    assert abs(normal.var().item() - 1) < 5 * (2 / WEIGHTS) ** 0.5
    assert abs(each.mean().item() - 0.5) < 5 * (1 / 12 / WEIGHTS) ** 0.5
    assert 0 <= each.min().item() < 1e-4
    assert 1 - 1e-4 < each.max().item() < 1
    assert one.shape == choice.shape == (1, 1)
    assert choice.item() in range(10)


def test_a_wide_network_draws_none_of_its_noise_on_the_host(house, monkeypatch):
    """1.1 million weights, dropout and noise in the gradient, in a pack and alone."""
    cell = house.cell("nig", method_settings={"radius": 1.0}, problem_settings={"width": 10_000})
    purposes = set()
    known = Streams.generator

    def note(self, purpose, index):
        purposes.add(purpose)
        return known(self, purpose, index)

    monkeypatch.setattr(Streams, "generator", note)
    plan = house.plan(cell)
    pack = {f"{b}": (plan, b) for b in (0, 1)}
    together = house.runs.train_pack(pack, house.data(cell), width=2)
    assert together["0"].parameters > 1_000_000
    assert purposes == {"weights", "weights of biases", "order"}
    house.runs.assert_equal(together["1"], house.train(cell, 1))
    assert torch.equal(together["1"].run.network.w, house.train(cell, 1).run.network.w)
