"""SGD-SA and SSA step by step against two slow references, which were written apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.objective import NetworkObjective
from escaping_minima.engine.scheduled import Moved
from escaping_minima.parts.registry import make_method, make_part

EPOCHS, BATCHES, INPUTS, UNITS, CLASSES = 5, 6, 4, 8, 3
#: The last minibatch of an epoch is short, so that the loss divided by its items is another one.
ITEMS = (12, 12, 12, 12, 12, 7)
RATES = (30.0, 10.0, 3.0, 0.5)
CPU = torch.device("cpu")

#: Settings of the method, where the reference has them too. Temperatures are such that worse moves
#: are kept and taken back, both often.
DESCENT = [
    {},
    {"unit": "mean", "temperature": 3.0},
    {"roll_back": True},
    {"losses": "training"},
    {"losses": "training", "roll_back": True},
    {"cooling": 0.9},
    {"accept": False},
    {"rates": (10.0,)},
]
SEARCH = [
    {},
    {"unit": "mean", "temperature": 0.02},
    {"drop_below": 0.9},
    {"refresh": True},
    {"cooling": 0.9},
]


@pytest.fixture(autouse=True)
def double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="module")
def references(load_module):
    folder = Path(__file__).parent
    return [load_module(folder / f"annealing_{name}.py") for name in ("torch", "numpy")]


class ExactDropout(NamedDropout):
    """The package's own multiplies in float32, which would hide what differs by less."""

    def forward(self, x):
        if not self.training:
            return x
        super().forward(x)
        return x * self._mask.double()


def module_of(dropout):
    return nn.Sequential(
        nn.Linear(INPUTS, UNITS),
        nn.BatchNorm1d(UNITS),
        nn.ReLU(),
        dropout,
        nn.Linear(UNITS, CLASSES),
    )


def started(dropout):
    torch.manual_seed(5)
    return module_of(dropout)


def make_batches():
    generator = torch.Generator().manual_seed(3)
    return [
        [
            (
                torch.randn(n, INPUTS, generator=generator),
                torch.randint(CLASSES, (n,), generator=generator),
            )
            for n in ITEMS
        ]
        for _ in range(EPOCHS)
    ]


class Steps:
    """A method on a network as the engine runs it, step by step, with what was drawn."""

    def __init__(self, name, settings, alpha, loss=functional.cross_entropy):
        self.dropout = ExactDropout(0.5)
        self.network = FlatNetwork(started(self.dropout), CPU)
        self.draws = DeviceDraws(Streams("annealing", 1), CPU)
        self.dropout.name("dropout 0", self.draws)
        self.objective = NetworkObjective(self.network, loss)
        self.noise = NetworkNoise(self.draws, self.network.w)
        base = make_method(name, settings)
        cooling = make_part("schedules", "cooling", {"alpha": alpha})
        self.moved = Moved(base, "temperature", cooling, CPU)
        self.method = self.moved.method
        self.state = self.method.start(self.network.w)
        self.masks, self.records = [], []

    def run(self, batches):
        with torch.no_grad():
            for epoch, several in enumerate(batches, 1):
                self.moved.move(epoch, len(batches), 0.0)
                for batch in several:
                    self.step(*batch)
                ended = getattr(self.method, "end_epoch", None)
                if ended is not None:
                    ended(self.state)
        return self.records

    def step(self, inputs, targets):
        self.noise.begin(len(self.records))
        self.dropout.begin()
        self.objective.take(inputs, targets)
        self.method.step(self.network.w, self.state, self.objective, self.noise)
        self.masks.append(self.dropout._mask)
        said = {name: self.state[name].item() for name in ("worsening", "probability", "accepted")}
        norm = self.network.module[1]
        self.records.append(
            said
            | {"weights": self.network.w[0].numpy().copy()}
            | {"statistics": torch.cat([norm.running_mean, norm.running_var]).numpy().copy()}
        )


def drawn_again(count, choices, parameters):
    """Return what the named streams give in each step: choices, uniforms, directions."""
    draws = DeviceDraws(Streams("annealing", 1), CPU)
    noise = NetworkNoise(draws, torch.zeros(1, sum(p.numel() for p in parameters)))
    found = []
    for step in range(count):
        noise.begin(step)
        choice = noise.choice("rate", choices).item() if choices > 1 else 0
        found.append((choice, noise.uniform("acceptance").item(), noise.normal("direction")[0]))
    return [list(column) for column in zip(*found, strict=True)]


def as_numpy(batches):
    return [[(x.numpy(), y.numpy()) for x, y in epoch] for epoch in batches]


def tiny(reference, module):
    parts = [p.detach().numpy() for p in module.parameters()]
    return reference.TinyNetwork(*parts)


def slow_words(settings, alpha, method):
    """Return the settings of a method as the references call them."""
    words = {"temperature": 1.0, "cooling_epoch": alpha, "cooling_step": 1.0}
    names = {"cooling": "cooling_step", "deviation": "radius"}
    words |= {names.get(name, name): value for name, value in settings.items()}
    return words | {"floor": make_method(method, {}).floor}


def assert_same(found, expected):
    assert len(found) == len(expected) == EPOCHS * BATCHES
    for step, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one["accepted"] == other["accepted"], step
        if not np.isnan(other["worse"]):
            assert one["worsening"] == pytest.approx(other["worse"], rel=1e-7, abs=1e-11), step
            # a temperature that a schedule moves has the digits of float32
            close = pytest.approx(other["probability"], rel=1e-5, abs=1e-30)
            assert one["probability"] == close, step
        for name in ("weights", "statistics"):
            np.testing.assert_allclose(one[name], other[name], rtol=1e-8, atol=1e-10, err_msg=step)


def assert_agree(one, other):
    for a, b in zip(one, other, strict=True):
        assert a.keys() == b.keys()
        for name in a.keys() - {"l_old"}:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-8, atol=1e-10, err_msg=name)


def outcomes(records):
    """Return how many moves were kept though worse, and how many were taken back."""
    worse = [r for r in records if r["worsening"] > 0]
    return sum(r["accepted"] for r in worse), sum(not r["accepted"] for r in worse)


@pytest.mark.parametrize("settings", DESCENT, ids=str)
def test_sgd_sa_is_that_of_both_references(references, settings):
    settings = {"rates": RATES, "temperature": 0.3} | settings
    batches, alpha = make_batches(), 0.7
    steps = Steps("sgd_sa", settings, alpha)
    found = steps.run(batches)
    count = EPOCHS * BATCHES
    parameters = list(started(NamedDropout(0.5)).parameters())
    choices, uniforms, _ = drawn_again(count, len(settings["rates"]), parameters)
    words = slow_words(settings, alpha, "sgd_sa") | {"choices": choices, "uniforms": uniforms}
    with_autograd, by_hand = references
    model = started(with_autograd.MaskedDropout())
    expected = with_autograd.sgd_sa(model, batches, masks=steps.masks, **words)
    assert_same(found, expected)
    network = tiny(by_hand, started(NamedDropout(0.5)))
    masks = [mask.numpy() for mask in steps.masks]
    assert_agree(expected, by_hand.sgd_sa(network, as_numpy(batches), masks=masks, **words))
    if settings.get("accept", True):
        kept, taken_back = outcomes(found)
        assert kept >= 1
        assert taken_back >= 1


@pytest.mark.parametrize("settings", SEARCH, ids=str)
def test_ssa_is_that_of_both_references(references, settings):
    settings = {"deviation": 0.1, "temperature": 0.002} | settings
    batches, alpha = make_batches(), 0.6
    steps = Steps("ssa", settings, alpha)
    found = steps.run(batches)
    count = EPOCHS * BATCHES
    model = started(references[0].MaskedDropout())
    _, uniforms, directions = drawn_again(count, 1, list(model.parameters()))
    words = slow_words(settings, alpha, "ssa") | {"uniforms": uniforms}
    # a pass that refreshes the statistics has a mask, which they do not depend on
    masks = [torch.ones(n, UNITS) for epoch in range(EPOCHS) for n in ITEMS]
    apart = [split(d, model.parameters()) for d in directions]
    expected = references[0].ssa(model, batches, directions=apart, masks=masks, **words)
    assert_same(found, expected)
    network = tiny(references[1], started(NamedDropout(0.5)))
    flat = [d.numpy() for d in directions]
    arrays = [mask.numpy() for mask in masks]
    by_hand = references[1].ssa(network, as_numpy(batches), directions=flat, masks=arrays, **words)
    assert_agree(expected, by_hand)
    kept, taken_back = outcomes(found)
    assert kept + taken_back >= 3
    assert taken_back >= 1
    if "drop_below" in settings:
        assert {r["radius"] for r in expected} > {0.1, 0.01}


@pytest.mark.parametrize("refresh", [False, True])
def test_the_loss_while_searching_is_that_before_the_step(refresh):
    """In training mode where there is such a pass; else in inference mode, not a zero."""
    steps = Steps("ssa", {"refresh": refresh}, 1.0)
    ((batch, *_), *_) = make_batches()
    module = started(ExactDropout(0.5)).eval()
    with torch.no_grad():
        expected = functional.cross_entropy(module(batch[0]), batch[1]).item()
        steps.step(*batch)
    found = steps.objective.first_loss.item()
    assert (found == pytest.approx(expected, rel=1e-12)) != refresh
    assert found > 0.5


def split(flat, parameters):
    shapes = [p.shape for p in parameters]
    parts = torch.split(flat, [shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
