"""A method that is switched off is the optimizer that it rests on, bit for bit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.parts.registry import part_class
from escaping_minima.vouching import walk_cases
from escaping_minima.vouching.cases import registered

#: What goes down no gradient, and so rests on no other method; walks follow its signs alone.
ALONE = {"ssa", "simulated_annealing", "two_point", "restart_each_step", *walk_cases.METHODS}
METHODS = sorted(set(registered("methods")) - ALONE)
RATE = 0.05
#: With which the parts of a method that are not the base's do nothing.
OFF = {
    "radius": 0.0,
    "patience": 4,
    "gradient_tolerance": 1e-30,
    "rates": (1.0,),
    # all moves are tested, and none is rejected
    "temperature": 1e30,
    "lr": RATE,
}


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)), torch.randn(16, 3)


def loss_of(model, x):
    return (model(x) - x.sum(1, keepdim=True)).square().mean()


def closure_of(model, x, optimizer):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(model, x)
        loss.backward()
        return loss

    return closure


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def path_of_base(method, steps, rate=RATE):
    """Return weights and loss of torch's own optimizer before each step and after the last."""
    model, x = network()
    if method == "adagrad":
        base = torch.optim.Adagrad(model.parameters(), lr=rate, eps=1e-8, fused=True)
    else:
        base = torch.optim.SGD(model.parameters(), lr=rate)
    closure = closure_of(model, x, base)
    path = []
    for _ in range(steps):
        before = weights(model)
        path.append((before, base.step(closure).item()))
    return [*path, (weights(model), closure().item())]


def switched_off(method, **settings):
    model, x = network()
    has = vars(MethodOptimizer(copy.deepcopy(model).parameters(), method).method)
    wanted = OFF | dict(getattr(part_class("methods", method), "OFF", {})) | settings
    off = {name: v for name, v in wanted.items() if name in has or name == "lr"}
    optimizer = MethodOptimizer(model.parameters(), method, **off)
    return model, optimizer, (closure_of(model, x, optimizer), lambda: loss_of(model, x))


@pytest.mark.parametrize(
    ("method", "settings"), [*((m, {}) for m in METHODS), ("sgd_sa", {"accept": False})], ids=str
)
def test_off_is_the_base(method, settings):
    """On a loss that falls, every move of the monotonic methods is accepted.

    A perturbation of the noise in a gradient is a step down it, made between two others.
    """
    steps = 30
    path = path_of_base(method, 2 * steps)
    model, optimizer, functions = switched_off(method, **settings)
    done = 0
    for step in range(steps):
        optimizer.step(*functions)
        done += 2 if method.startswith("nig_") and step and step % 4 == 0 else 1
        assert torch.equal(weights(model), path[done][0]), step
    optimizer.finish(*functions)
    assert torch.equal(weights(model), path[done][0])


@pytest.mark.parametrize("method", [m for m in METHODS if m.endswith("mbh")])
def test_monotonic_methods_end_at_the_best_of_the_base(method):
    """At a rate that is far too high, looked at after every step."""
    path = path_of_base(method, 40, rate=1.0)
    losses = [loss for _, loss in path]
    model, optimizer, functions = switched_off(method, lr=1.0, patience=1)
    for _ in range(20):
        optimizer.step(*functions)
    optimizer.finish(*functions)
    # searches end after one step, or after one that follows the step of the perturbation
    ends = range(1, 40, 2) if method.startswith("nig_") else range(1, 21)
    best = ends[0]
    for at in ends:
        if losses[at] >= losses[best] and at != best:
            break
        best = at
    assert losses[best] < max(losses)
    assert torch.equal(weights(model), path[best][0])


class Slow:
    """SAM as its authors describe it, weight by weight; no library is needed."""

    def __init__(self, model, rate, radius):
        self.params = list(model.parameters())
        self.rate, self.radius = rate, radius

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self, closure):
        closure()
        norm = torch.stack([p.grad.norm() for p in self.params]).norm()
        shifts = [p.grad * (self.radius / norm) for p in self.params]
        with torch.no_grad():
            for p, shift in zip(self.params, shifts, strict=True):
                p.add_(shift)
        closure()
        with torch.no_grad():
            for p, shift in zip(self.params, shifts, strict=True):
                p.sub_(shift).sub_(self.rate * p.grad)


def test_sam_is_the_plain_one_on_a_network_with_batch_norm():
    torch.manual_seed(2)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)
    ).double()
    x, y = torch.randn(10, 1, 6, 6).double(), torch.randint(2, (10,))
    other = copy.deepcopy(model)
    lifted = MethodOptimizer(model.parameters(), "sam", lr=0.1, radius=0.05)
    plain = Slow(other, 0.1, 0.05)

    def closure_for(network, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(x), y)
            loss.backward()
            return loss

        return closure

    for step in range(20):
        lifted.step(closure_for(model, lifted))
        plain.step(closure_for(other, plain))
        assert torch.allclose(weights(model), weights(other), rtol=0, atol=1e-12), step
    for one, two in zip(model.buffers(), other.buffers(), strict=True):
        assert torch.allclose(one, two, atol=1e-12)
