"""SAM against the one of pytorch_optimizer, on a network with batch normalisation."""

from __future__ import annotations

import pytest
import pytorch_optimizer
import torch
from pytorch_optimizer.optimizer import sam as library
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer

STEPS = 50
RATE, RADIUS = 0.1, 0.2


@pytest.fixture(autouse=True)
def _norm_in_double(monkeypatch):
    """Let the library take the norm in the gradients' own format: it rounds it to float32."""

    def squared_norm(groups, weight_adaptive):
        gradients = [p.grad for group in groups for p in group["params"]]
        return sum(g.square().sum() for g in gradients).reshape(1)

    monkeypatch.setattr(library, "get_global_gradient_norm", squared_norm)


class Training:
    """A small network in double precision on made-up data, another batch at every step."""

    def __init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3)
        ).double()
        self.norm = self.model[1]
        made = torch.Generator().manual_seed(1)
        self.x = torch.randn(STEPS, 16, 4, dtype=torch.float64, generator=made)
        self.y = torch.randint(3, (STEPS, 16), generator=made)

    def loss(self, step):
        """Compute the loss and gradients anew."""
        self.model.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.x[step]), self.y[step])
        loss.backward()
        return loss

    def still_loss(self, step):
        """Compute them without moving the running statistics, as users of SAM do."""
        self.norm.momentum, momentum = 0.0, self.norm.momentum
        loss = self.loss(step)
        self.norm.momentum = momentum
        return loss

    def both(self):
        """Return a closure for one step: statistics move at its first call alone."""
        looks = iter((self.loss, self.still_loss))
        return lambda step: next(looks)(step)

    def numbers(self):
        tensors = [*self.model.parameters(), self.norm.running_mean, self.norm.running_var]
        return torch.cat([t.detach().reshape(-1) for t in tensors])


def own_path(**settings):
    made = Training()
    given = {"lr": RATE, "radius": RADIUS} | settings
    optimizer = MethodOptimizer(made.model.parameters(), "sam", **given)
    path = []
    for step in range(STEPS):
        look = made.both()
        optimizer.step(lambda look=look, step=step: look(step))
        path.append(made.numbers())
    return torch.stack(path)


def library_path():
    made = Training()
    optimizer = pytorch_optimizer.SAM(made.model.parameters(), torch.optim.SGD, rho=RADIUS, lr=RATE)
    path = []
    for step in range(STEPS):
        made.loss(step)
        optimizer.step(lambda step=step: made.still_loss(step))
        path.append(made.numbers())
    return torch.stack(path)


def test_every_step_is_that_of_the_library():
    own = own_path()
    assert (own - library_path()).abs().max() < 1e-9
    # running statistics are among what is compared, and all of it moves
    assert ((own[-1] - own[0]).abs() > 1e-3).sum() > 0.9 * own.shape[1]


@pytest.mark.parametrize(
    "other", [{"radius": 0.0}, {"radius": RADIUS * (1 + 1e-5)}, {"restore": False}]
)
def test_another_step_is_told_apart(other):
    assert (own_path(**other) - library_path()).abs().max() > 1e-7
