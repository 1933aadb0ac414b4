"""Momentum, weight decay and schedules against torch's own, on a small network in float32."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.objective import NetworkObjective
from escaping_minima.engine.scheduled import Moved
from escaping_minima.parts.registry import make_method, make_part

CPU = torch.device("cpu")
RATE, UPDATES, PER_EPOCH, EPOCHS = 0.2, 20, 5, 4
MOMENTUM = ("momentum", {"share": 0.9}, {"momentum": 0.9})
DECAY = ("weight_decay", {"rate": 0.05}, {"weight_decay": 0.05})
#: A schedule, and the factor of epoch ``e`` (from 0) and update ``u`` of all.
SCHEDULES = {
    "none": (None, lambda u: 1.0),
    "steps": (("steps", {"epochs": (2, 4), "by": 0.1}), lambda u: 0.1 ** ((u >= 5) + (u >= 15))),
    "cosine": (
        ("cosine", {}),
        lambda u: (1 + torch.cos(torch.tensor(torch.pi * u / UPDATES)).item()) / 2,
    ),
}


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 3))


def batches():
    generator = torch.Generator().manual_seed(1)
    for _ in range(UPDATES):
        x = torch.randn(12, 6, generator=generator)
        yield x, (x[:, :3].argmax(1) + 1) % 3


def by_house(modifiers, schedule):
    """Return the weights after each update."""
    network = FlatNetwork(make_network(), CPU)
    objective = NetworkObjective(network, functional.cross_entropy)
    method, moved = make_method("gd", {"learning_rate": RATE}), None
    if schedule is not None:
        moved = Moved(method, "learning_rate", make_part("schedules", *schedule), CPU)
        method = moved.method
    for name, settings, _ in modifiers:
        method = make_part("modifiers", name, settings).around(method)
    state = method.start(network.w)
    path = []
    for update, batch in enumerate(batches()):
        if moved is not None:
            moved.move(update // PER_EPOCH + 1, EPOCHS, update / UPDATES)
        objective.take(*batch)
        method.step(network.w, state, objective, None)
        path.append(network.w[0].clone())
    return path


def by_torch(modifiers, factor):
    network = make_network()
    words = {key: value for _, _, own in modifiers for key, value in own.items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, **words)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    path = []
    for x, targets in batches():
        optimizer.zero_grad()
        functional.cross_entropy(network(x), targets).backward()
        optimizer.step()
        scheduler.step()
        path.append(torch.cat([p.detach().reshape(-1) for p in network.parameters()]))
    return path


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    "modifiers",
    [(), (MOMENTUM,), (DECAY,), (DECAY, MOMENTUM), (MOMENTUM, DECAY)],
    ids=lambda found: " in ".join(name for name, *_ in found) or "plain",
)
def test_descent_with_parts_is_that_of_torch(modifiers, schedule):
    slot, factor = SCHEDULES[schedule]
    with torch.no_grad():
        own = by_house(modifiers, slot)
    for one, other in zip(own, by_torch(modifiers, factor), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_the_cases_differ_from_one_another():
    """Else a modifier that does nothing would pass."""
    ends = [
        by_torch(modifiers, factor)[-1]
        for modifiers in ((), (MOMENTUM,), (DECAY,), (DECAY, MOMENTUM))
        for _, factor in SCHEDULES.values()
    ]
    for index, one in enumerate(ends):
        assert all((one - other).abs().max() > 1e-3 for other in ends[:index])


@pytest.mark.parametrize("slot", [MOMENTUM, DECAY], ids=["momentum", "weight decay"])
def test_a_modifier_leaves_the_method_it_is_around(slot):
    method = make_method("gd", {"learning_rate": RATE})
    before = copy.copy(method)
    make_part("modifiers", slot[0], slot[1]).around(method).start(torch.ones(1, 3))
    assert method == before
