"""The slow reference of SGD-SA against cases worked out by hand, and what SSA shares with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

LN3 = math.log(3)
#: What normalisation adds to the variance.
EPS = 1e-5


def numbers(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def softplus(x):
    return math.log1p(math.exp(x))


@pytest.fixture(scope="module")
def slow(root, load_module):
    return load_module(root / "tests" / "methods" / "annealing_torch.py")


def small_network(slow, seed=0):
    """Return a network with all that the methods must treat with care, and a batch for it."""
    torch.manual_seed(seed)
    layers = [nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), slow.MaskedDropout(), nn.Linear(5, 4)]
    batch = (torch.randn(8, 3, dtype=torch.float64), torch.arange(8) % 4)
    return nn.Sequential(*layers).double(), batch


def flat(tensors):
    return torch.cat([t.detach().flatten() for t in tensors]).numpy().copy()


# --- SGD-SA: two weights, of which only the margin m, their difference, matters. With one item of
# each class the loss is softplus(m) - m / 2, and a step of rate r takes m to
# m - 2 r (sigmoid(m) - 1 / 2). From ln 3 a rate of 6 ln 3 overshoots to -2 ln 3.
PAIR = (numbers([1.0], [1.0]), torch.tensor([0, 1]))
RATE = 6 * LN3
OLD, NEW = math.log(4 / math.sqrt(3)), math.log(10 / 3)


def margin_model():
    model = nn.Sequential(nn.Linear(1, 2, bias=False).double())
    model[0].weight.data = numbers([LN3 / 2], [-LN3 / 2])
    return model


def one_step(slow, uniform, batch=PAIR, model=None, **settings):
    settings = {"rates": [0.0, RATE], "choices": [1], "temperature": 0.5, "masks": None} | settings
    return slow.sgd_sa(model or margin_model(), [[batch]], uniforms=[uniform], **settings)[0]


# half the worsening is divided by half, or the whole: exp(OLD - NEW), or its square
@pytest.mark.parametrize(("unit", "probability"), [("share", 6 / 75**0.5), ("mean", 36 / 75)])
def test_a_worse_move_is_kept_below_its_probability(slow, unit, probability):
    step = one_step(slow, 0.0, unit=unit)
    assert step["l_old"] == pytest.approx(OLD, rel=1e-14)
    assert step["l_new"] == pytest.approx(NEW, rel=1e-14)
    assert step["worse"] == pytest.approx(math.log(75**0.5 / 6), rel=1e-13)
    assert step["probability"] == pytest.approx(probability, rel=1e-13)
    assert (step["rate"], step["temperature"]) == (RATE, 0.5)

    kept = one_step(slow, np.nextafter(step["probability"], 0.0), unit=unit)
    assert kept["accepted"]
    assert kept["weights"] == pytest.approx([-LN3, LN3], rel=1e-14)
    lost = one_step(slow, step["probability"], unit=unit)
    assert not lost["accepted"]
    assert lost["weights"].tolist() == [LN3 / 2, -LN3 / 2]
    assert lost["l_new"] == kept["l_new"]


def test_the_unit_decides(slow):
    assert one_step(slow, 0.6, unit="share")["accepted"]
    assert not one_step(slow, 0.6, unit="mean")["accepted"]


@pytest.mark.parametrize("rate", [2 * LN3, 0.0, math.inf])
def test_what_is_not_worse_is_always_kept(slow, rate):
    """It is better, the same, or not a number."""
    step = one_step(slow, np.nextafter(1.0, 0.0), rates=[rate], choices=[0], temperature=1e-14)
    assert step["accepted"]
    assert step["probability"] == 1.0
    if rate == 0.0:
        assert step["worse"] == 0.0
    elif rate == math.inf:
        assert math.isnan(step["l_new"])
        assert step["weights"].tolist() == [-math.inf, math.inf]
    else:
        assert step["l_new"] == pytest.approx(math.log(2), rel=1e-14)


def test_the_next_step_starts_where_the_last_one_ended(slow):
    steps = slow.sgd_sa(
        margin_model(),
        [[PAIR, PAIR], [PAIR]],
        rates=[2 * LN3, RATE],
        choices=[1, 1, 0],
        uniforms=[0.9, 0.1, 0.0],
        masks=None,
        temperature=0.5,
    )
    assert [step["accepted"] for step in steps] == [False, True, True]
    assert [step["rate"] for step in steps] == [RATE, RATE, 2 * LN3]
    assert [step["temperature"] for step in steps] == pytest.approx([0.5, 0.5, 0.4])
    assert [step["l_old"] for step in steps] == pytest.approx([OLD, OLD, NEW])
    # at -2 ln 3 the sigmoid is 1 / 10
    margin = -2 * LN3 - 4 * LN3 * (0.1 - 0.5)
    assert steps[-1]["weights"] == pytest.approx([margin / 2, -margin / 2])
    assert steps[0]["weights"].tolist() == [LN3 / 2, -LN3 / 2]


def test_without_acceptance_it_is_gradient_descent(slow):
    model, batch = small_network(slow)
    rival, _ = small_network(slow)
    mask = torch.rand(8, 5, dtype=torch.float64)
    steps = slow.sgd_sa(
        model,
        [[batch] * 6],
        rates=[9.0],
        choices=[0] * 6,
        uniforms=None,
        masks=[mask] * 6,
        temperature=1e-9,
        accept=False,
    )
    rival[3].mask = mask
    optimizer = torch.optim.SGD(rival.parameters(), lr=9.0)
    for step in steps:
        optimizer.zero_grad()
        nn.functional.cross_entropy(rival(batch[0]), batch[1]).backward()
        optimizer.step()
        assert step["accepted"]
        assert math.isnan(step["l_old"])
        assert math.isnan(step["l_new"])
        assert step["weights"] == pytest.approx(flat(rival.parameters()), rel=1e-12)
        means = flat([rival[1].running_mean, rival[1].running_var])
        assert step["statistics"] == pytest.approx(means, rel=1e-12)
    assert int(model[1].num_batches_tracked) == 6


# --- Running statistics: nothing but a normalisation. The batch has mean 3 and variance 4 (8
# unbiased), so that its margins, 4 either way, are divided by 1 at first, by the root of
# 0.9 + 0.8 after one pass, and by 2 in training.
SPREAD = (numbers([5.0, 1.0], [1.0, 5.0]), torch.tensor([0, 1]))
FIRST, MOVED = [0.0, 0.0, 1.0, 1.0], [0.3, 0.3, 1.7, 1.7]


def test_statistics_move_between_the_losses_compared(slow):
    model = nn.Sequential(nn.BatchNorm1d(2).double())
    step = one_step(slow, 0.9, SPREAD, model, choices=[0], temperature=1e-6)
    assert step["l_old"] == pytest.approx(softplus(-4 / math.sqrt(1 + EPS)), rel=1e-12)
    assert step["l_new"] == pytest.approx(softplus(-4 / math.sqrt(1.7 + EPS)), rel=1e-12)
    assert not step["accepted"]
    assert step["weights"].tolist() == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("uniform", [0.0, 0.9])
@pytest.mark.parametrize("roll_back", [False, True])
@pytest.mark.parametrize("losses", ["inference", "training"])
def test_statistics_go_back_only_on_request(slow, losses, roll_back, uniform):
    """A step up the gradient is worse with any statistics."""
    model = nn.Sequential(nn.BatchNorm1d(2).double())
    chosen = {"roll_back": roll_back, "losses": losses, "rates": [-3.0], "choices": [0]}
    step = one_step(slow, uniform, SPREAD, model, temperature=0.2, **chosen)
    assert 0.0 < step["probability"] < 0.9
    assert step["accepted"] == (uniform == 0.0)
    assert (step["weights"].tolist() == [1.0, 1.0, 0.0, 0.0]) == (uniform == 0.9)
    rolled = roll_back and not step["accepted"]
    assert step["statistics"] == pytest.approx(FIRST if rolled else MOVED)
    assert int(model[0].num_batches_tracked) == (not rolled)


def test_losses_as_printed_are_those_of_training(slow):
    model = nn.Sequential(nn.BatchNorm1d(2).double())
    step = one_step(slow, 0.9, SPREAD, model, choices=[0], losses="training")
    assert step["l_old"] == pytest.approx(softplus(-4 / math.sqrt(4 + EPS)), rel=1e-12)
    assert step["l_new"] == step["l_old"]
    assert step["statistics"] == pytest.approx(MOVED)


@pytest.mark.parametrize(("losses", "factor"), [("inference", 1.0), ("training", 3.0)])
def test_dropout_is_of_training_alone(slow, losses, factor):
    """Factors of 3 make the margin 3 ln 3, and the gradient three times that at this margin."""
    model = nn.Sequential(slow.MaskedDropout(), *margin_model())
    masks = [torch.full((2, 1), 3.0, dtype=torch.float64)]
    chosen = {"masks": masks, "losses": losses, "rates": [0.1], "choices": [0]}
    step = one_step(slow, 0.0, model=model, **chosen)
    moved = LN3 - 2 * 0.1 * 3 * (27 / 28 - 0.5)
    assert step["weights"][0] - step["weights"][1] == pytest.approx(moved)
    for key, margin in (("l_old", LN3), ("l_new", moved)):
        assert step[key] == pytest.approx(softplus(factor * margin) - factor * margin / 2)


# --- Temperatures


def test_temperatures_are_those_of_the_description(slow):
    """Its batch of 512 makes a temperature of 1 one of 512 in means."""
    epoch = [(torch.zeros(512, 1, dtype=torch.float64), torch.zeros(512, dtype=torch.long))]
    drawn = {"rates": [0.0], "choices": [0] * 101, "uniforms": [0.0] * 101, "masks": None}
    steps = slow.sgd_sa(margin_model(), [epoch] * 101, temperature=1.0, **drawn)
    printed = {0: 512, 10: 55, 20: 5.9, 30: 0.63, 40: 0.068, 60: 7.9e-4, 100: 1.0e-7}
    for after, temperature in printed.items():
        assert 512 * steps[after]["temperature"] == pytest.approx(temperature, rel=0.05)
        assert steps[after]["temperature"] == pytest.approx(0.8**after)

    drawn = {"directions": [[torch.zeros(2, 1)]] * 101, "uniforms": [0.0] * 101, "masks": None}
    steps = slow.ssa(margin_model(), [epoch] * 101, radius=0.0, temperature=1.0, **drawn)
    assert 512 * steps[100]["temperature"] == pytest.approx(24, rel=0.05)


@pytest.mark.parametrize("method", ["sgd_sa", "ssa"])
@pytest.mark.parametrize(("floor", "expected"), [(None, 1e-4), (0.3, 0.3)])
def test_a_temperature_cools_at_steps_and_at_epochs_down_to_a_floor(slow, method, floor, expected):
    drawn = {"uniforms": [0.0] * 5, "masks": None, "temperature": 1.0}
    drawn |= {"cooling_step": 0.1, "cooling_epoch": 0.5} | ({"floor": floor} if floor else {})
    if method == "sgd_sa":
        drawn |= {"rates": [0.0], "choices": [0] * 5}
    else:
        drawn |= {"radius": 0.0, "directions": [[torch.zeros(2, 1)]] * 5}
    steps = getattr(slow, method)(margin_model(), [[PAIR] * 2, [PAIR] * 3], **drawn)
    free = [1.0, 0.1, 0.005, 5e-4, 5e-5]
    found = [step["temperature"] for step in steps]
    assert found == pytest.approx([max(t, floor or 0.0) for t in free])


@pytest.mark.parametrize(("method", "floor"), [("sgd_sa", 1e-14), ("ssa", 1e-10)])
def test_the_floor_is_the_released_one(slow, method, floor):
    drawn = {"uniforms": [0.0] * 2, "masks": None, "temperature": 1.2 * floor}
    drawn |= {"cooling_epoch": 0.1}
    if method == "sgd_sa":
        drawn |= {"rates": [0.0], "choices": [0] * 2}
    else:
        drawn |= {"radius": 0.0, "directions": [[torch.zeros(2, 1)]] * 2}
    steps = getattr(slow, method)(margin_model(), [[PAIR]] * 2, **drawn)
    assert steps[1]["temperature"] == floor


# --- Any network


def test_any_network_is_moved_whole_and_put_back_whole(slow):
    """Convolutions and their normalisation too; a rejected move leaves every bit as it was."""
    torch.manual_seed(1)
    head = [nn.Flatten(), slow.MaskedDropout(), nn.Linear(18, 3)]
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), *head).double()
    batch = (torch.randn(4, 1, 4, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 0]))
    start = flat(model.parameters())
    drawn = {"uniforms": [0.99, 0.0], "masks": [torch.ones(4, 18)] * 2, "temperature": 1.0}
    lost, kept = slow.sgd_sa(model, [[batch] * 2], rates=[-1.0], choices=[0] * 2, **drawn)
    assert (lost["accepted"], kept["accepted"]) == (False, True)
    assert lost["weights"].tolist() == start.tolist()
    sizes = [p.numel() for p in model.parameters()]
    moves = torch.tensor(np.abs(kept["weights"] - start)).split(sizes)
    # biases before a normalisation have no gradient
    assert [float(move.max()) > 1e-6 for move in moves] == [True, False, True, True, True, True]

    start = flat(model.parameters())
    directions = [[torch.randn_like(p) for p in model.parameters()]] * 2
    lost, kept = slow.ssa(model, [[batch] * 2], radius=2.0, directions=directions, **drawn)
    assert (lost["accepted"], kept["accepted"]) == (False, True)
    assert lost["weights"].tolist() == start.tolist()
    assert np.abs(kept["weights"] - start) == pytest.approx(2.0 * np.abs(flat(directions[1])))
