"""The torch.optim form of each method against an independent loop on a small network."""

from __future__ import annotations

import math

import pytest
import torch

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.errors import UserError
from escaping_minima.methods.optimizer import MethodOptimizer

STEPS = 60
SETTINGS = {
    "gd": {"learning_rate": 0.2},
    "adagrad": {"learning_rate": 0.1, "epsilon": 1e-8},
    "nig": {"learning_rate": 0.2, "radius": 0.5},
    "nim": {"learning_rate": 0.2, "radius": 0.3, "gradient_tolerance": 0.2, "patience": 5},
    "sam": {"learning_rate": 0.2, "radius": 0.1},
    "nig_bh": {"learning_rate": 0.2, "radius": 2.0, "gradient_tolerance": 0.2, "patience": 7},
    "nim_bh": {"learning_rate": 0.2, "radius": 0.5, "gradient_tolerance": 0.2, "patience": 7},
    "nig_mbh": {"learning_rate": 0.2, "radius": 9.0, "gradient_tolerance": 0.2, "patience": 7},
    "nim_mbh": {"learning_rate": 0.2, "radius": 2.0, "gradient_tolerance": 0.2, "patience": 7},
}


class Network:
    """2-3-1 with tanh on the four points of XOR; the gradient is written out by hand."""

    inputs = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
    targets = (0.0, 1.0, 1.0, 0.0)

    def __init__(self):
        torch.manual_seed(4)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
        ).double()
        self.x = torch.tensor(self.inputs, dtype=torch.float64)
        self.y = torch.tensor(self.targets, dtype=torch.float64).unsqueeze(1)

    def closure(self, optimizer):
        def run():
            optimizer.zero_grad()
            loss = (self.model(self.x) - self.y).square().mean()
            loss.backward()
            return loss

        return run

    def weights(self):
        return torch.cat([p.detach().reshape(-1) for p in self.model.parameters()]).tolist()

    @classmethod
    def value(cls, w):
        return (
            sum(
                (cls._forward(w, x)[1] - t) ** 2
                for x, t in zip(cls.inputs, cls.targets, strict=True)
            )
            / 4
        )

    @staticmethod
    def _forward(w, x):
        hidden = [math.tanh(w[2 * j] * x[0] + w[2 * j + 1] * x[1] + w[6 + j]) for j in range(3)]
        return hidden, sum(w[9 + j] * hidden[j] for j in range(3)) + w[12]

    @classmethod
    def gradient(cls, w):
        g = [0.0] * 13
        for x, target in zip(cls.inputs, cls.targets, strict=True):
            hidden, out = cls._forward(w, x)
            d = 2 * (out - target) / 4
            g[12] += d
            for j in range(3):
                g[9 + j] += d * hidden[j]
                inner = d * w[9 + j] * (1 - hidden[j] ** 2)
                g[6 + j] += inner
                g[2 * j] += inner * x[0]
                g[2 * j + 1] += inner * x[1]
        return tuple(g)


def run_slowly(slow_methods, method, start, steps=STEPS):
    draws = DeviceDraws(Streams("MethodOptimizer", 7), torch.device("cpu"))
    ball = NetworkNoise(draws, torch.zeros(1, 13, dtype=torch.float64))

    def noise(t):
        ball.begin(t)
        return tuple(ball()[0].tolist())

    settings = {"gradient_tolerance": 1e-2, "patience": 100, "since_last_perturbation": False}
    return slow_methods.run(
        method,
        settings | SETTINGS[method],
        Network.gradient,
        Network.value,
        tuple(start),
        steps,
        noise,
    )


@pytest.mark.parametrize("method", SETTINGS)
def test_iterates_agree_with_the_slow_loop(slow_methods, method):
    network = Network()
    start = network.weights()
    optimizer = MethodOptimizer(network.model.parameters(), method, seed=7, **SETTINGS[method])
    path = []
    for _ in range(STEPS):
        optimizer.step(network.closure(optimizer))
        path.append(network.weights())
    slow = run_slowly(slow_methods, method, start)
    for t in (0, 1, 10, 30, STEPS - 1):
        assert path[t] == pytest.approx(slow.path[t], abs=1e-9), f"step {t}"
    optimizer.finish(network.closure(optimizer))
    assert network.weights() == pytest.approx(slow.end, abs=1e-9)


@pytest.mark.parametrize("method", ["nim", "nim_bh", "nig_mbh"])
def test_perturbations_really_happen(slow_methods, method):
    slow = run_slowly(slow_methods, method, Network().weights())
    assert slow.gradient_evaluations > STEPS + 1


@pytest.mark.parametrize("method", SETTINGS)
def test_a_saved_state_goes_on_to_the_same_numbers(method):
    whole, first, second = Network(), Network(), Network()
    made = [
        MethodOptimizer(n.model.parameters(), method, seed=7, **SETTINGS[method])
        for n in (whole, first)
    ]
    for _ in range(30):
        made[0].step(whole.closure(made[0]))
    for _ in range(17):
        made[1].step(first.closure(made[1]))
    second.model.load_state_dict(first.model.state_dict())
    resumed = MethodOptimizer(second.model.parameters(), method, seed=7, **SETTINGS[method])
    resumed.load_state_dict(made[1].state_dict())
    for _ in range(13):
        resumed.step(second.closure(resumed))
    assert second.weights() == whole.weights()


def test_loss_returned_is_that_of_the_first_evaluation():
    network = Network()
    before = Network.value(network.weights())
    optimizer = MethodOptimizer(network.model.parameters(), "sam", **SETTINGS["sam"])
    assert float(optimizer.step(network.closure(optimizer))) == pytest.approx(before, abs=1e-12)


def test_wrong_settings_are_named():
    network = Network()
    with pytest.raises(UserError, match=r"radius.*0 or more"):
        MethodOptimizer(network.model.parameters(), "sam", radius=-1.0)
    with pytest.raises(UserError, match="momentum"):
        MethodOptimizer(network.model.parameters(), "sam", momentum=0.9)
    with pytest.raises(UserError, match="no 'adam'"):
        MethodOptimizer(network.model.parameters(), "adam")
    mixed = [torch.zeros(2, dtype=d, requires_grad=True) for d in (torch.float32, torch.float64)]
    with pytest.raises(ValueError, match="one dtype"):
        MethodOptimizer(mixed, "gd")
