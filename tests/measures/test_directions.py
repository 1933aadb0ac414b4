"""A step down the gradient beside a random one as long: values, lengths, and nothing moved."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.draws.dropout import HalfDropout, NamedDropout
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.probing import probe_state
from escaping_minima.measures.directions import Directions
from escaping_minima.parts.registry import part_record, read_part

BLOCK = 3
NORM = "gradient_norm"
STREAMS = Streams("directions", BLOCK)


class Rows:
    """A task of rows that a network sees one by one."""

    def __init__(self, inputs, targets, loss):
        self.inputs, self.targets, self.loss = inputs, targets, loss
        self.size = len(targets)

    def batch(self, rows):
        return self.inputs[rows], self.targets[rows]


class Spied(FlatNetwork):
    """Remembers where it was asked for a loss."""

    places = ()

    def bind(self, vector):
        super().bind(vector)
        self.places = (*self.places, vector.clone())


class Small(nn.Module):
    """A convolution, batch normalisation, both kinds of dropout and dense layers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 3, 3),
            nn.BatchNorm2d(3),
            nn.Tanh(),
            nn.Flatten(),
            NamedDropout(0.5),
            nn.Linear(12, 8),
            HalfDropout(8),
            nn.Linear(8, 4),
        )

    def forward(self, x):
        return self.layers(x)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def small_network():
    module = Small()
    generator = seeded(0)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) - 0.2)
        module.layers[1].running_var.add_(1.0)
    return module.eval()


@pytest.fixture
def task():
    inputs = torch.randn(23, 2, 4, 4, generator=seeded(1))
    return Rows(inputs, torch.randint(4, (23,), generator=seeded(2)), functional.cross_entropy)


@pytest.fixture
def network():
    return Spied(small_network(), torch.device("cpu"), torch.contiguous_format)


def test_values_on_a_quadratic_are_those_computed_by_hand():
    """L = |w - mean of the batch|^2 / 2 + constant, with gradient g = w - mean."""
    x = torch.tensor([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 1.0], [2.0, 2.0]])
    module = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[0.5, -1.5]]))
    network = FlatNetwork(module, torch.device("cpu"), torch.contiguous_format)
    task = Rows(torch.eye(2).expand(5, 2, 2), x, _half_square)
    found = Directions(batches=2, batch=2, rates=(0.9, 0.25)).at_state_of(network, task, BLOCK)
    order = STREAMS.generator("order", 0).permutation(5)
    assert found["batch"] == [0, 0, 1, 1]
    assert found["rate"] == [0.9, 0.25, 0.9, 0.25]
    w = np.array([0.5, -1.5])
    for row, (batch, rate) in enumerate(itertools.product((0, 1), (0.9, 0.25))):
        # the fifth row is left over alone: it joins the second minibatch
        rows = x.numpy().astype(np.float64)[order[:2] if batch == 0 else order[2:]]
        g = w - rows.mean(0)
        u = STREAMS.generator("direction", batch).standard_normal(2, np.float32).astype(float)
        step = rate * np.linalg.norm(g) * u / np.linalg.norm(u)
        expected = {
            "loss": 0.5 * np.square(w - rows).sum(1).mean(),
            "gradient_norm": np.linalg.norm(g),
            "gradient_change": (-rate + rate**2 / 2) * (g @ g),
            "random_change": g @ step + step @ step / 2,
        }
        for name, value in expected.items():
            assert found[name][row] == pytest.approx(value, rel=2e-6), name


def _half_square(outputs, targets):
    return (outputs[..., 0] - targets).square().sum(1).mean() / 2


def masks(batch, begin, end):
    """Return what the dropout layers of `Small` multiply a minibatch by, as their names say."""
    drawn = torch.rand(end - begin, 12, generator=seeded(STREAMS.seed("dropout 0", batch)))
    raw = STREAMS.generator("dropout", 0).bytes(23)
    bits = np.unpackbits(np.frombuffer(raw, np.uint8)[:, None], axis=1)[begin:end]
    return 2.0 * (drawn >= 0.5).double(), 2.0 * torch.from_numpy(bits).double()


def exact_loss(w, inputs, targets, masks=None):
    """Return the loss of `Small` in float64, with the statistics of a batch where masks are."""
    module = small_network().double()
    state = dict(module.named_parameters())
    parts = torch.split(w, [p.numel() for p in state.values()])
    conv, conv_bias, scale, shift, first, first_bias, last, last_bias = (
        part.view(p.shape) for part, p in zip(parts, state.values(), strict=True)
    )
    x = functional.conv2d(inputs, conv, conv_bias)
    mean, variance = module.layers[1].running_mean, module.layers[1].running_var
    if masks:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    x = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + 1e-5).sqrt()
    x = torch.tanh(x * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)).flatten(1)
    x = (x * masks[0] if masks else x) @ first.T + first_bias
    x = (x * masks[1] if masks else x) @ last.T + last_bias
    return -x.log_softmax(1)[torch.arange(len(x)), targets].mean()


def test_values_on_a_network_are_those_of_a_loop_in_float64(network, task):
    """The gradient is that of training mode, the losses are those of inference."""
    found = Directions(batches=2, batch=8, rates=(0.5, 0.05)).at_state_of(network, task, BLOCK)
    order = STREAMS.generator("order", 0).permutation(task.size)
    start = nn.utils.parameters_to_vector(small_network().parameters()).detach().double()
    row = 0
    for batch in range(2):
        begin, end = 8 * batch, 8 * (batch + 1)
        rows = torch.from_numpy(order[begin:end])
        there = task.inputs[rows].double(), task.targets[rows]
        w = start.clone().requires_grad_()
        (g,) = torch.autograd.grad(exact_loss(w, *there, masks(batch, begin, end)), w)
        (foreign,) = torch.autograd.grad(exact_loss(w, *there), w)
        assert float((foreign - g).norm() / g.norm()) > 0.05, "modes do not differ here"
        u = STREAMS.generator("direction", batch).standard_normal(len(g), np.float32)
        u = torch.from_numpy(u).double()
        loss = exact_loss(start, *there)
        for rate in (0.5, 0.05):
            aside = start + rate * g.norm() * u / u.norm()
            expected = {
                "loss": loss,
                "gradient_norm": g.norm(),
                "gradient_change": exact_loss(start - rate * g, *there) - loss,
                "random_change": exact_loss(aside, *there) - loss,
            }
            for name, value in expected.items():
                exact_value = value.item()
                assert found[name][row] == pytest.approx(exact_value, rel=1e-4, abs=1e-7), name
            row += 1
    assert row == len(found["rate"])


def test_both_steps_are_as_long_and_the_random_one_goes_one_way(network, task):
    start = network.w.clone()
    found = Directions(batches=1, batch=8, rates=(0.5, 0.05)).at_state_of(network, task, BLOCK)
    norm = found["gradient_norm"][0]
    steps = [place - start for place in network.places if not torch.equal(place, start)]
    lengths = [float(step.double().norm()) for step in steps]
    assert lengths == pytest.approx([rate * norm for rate in (0.5, 0.5, 0.05, 0.05)], rel=1e-4)
    down, aside, down_less, aside_less = (step.double()[0] / step.norm() for step in steps)
    assert float(down @ down_less) == pytest.approx(1, abs=1e-4)
    assert float(aside @ aside_less) == pytest.approx(1, abs=1e-4)
    assert abs(float(down @ aside)) < 0.9


def test_nothing_is_moved_and_the_same_is_found_again(network, task):
    """Weights and running statistics are as before, to the bit."""
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    first = Directions(batch=8).at_state_of(network, task, BLOCK)
    for name, tensor in network.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert network.parameters[0].data_ptr() == network.w.data_ptr()
    assert not any(layer.training for layer in network.module.modules())
    assert Directions(batch=8).at_state_of(network, task, BLOCK) == first


def test_another_run_has_other_minibatches_and_directions(network, task):
    """On a network without dropout, so that masks do not hide that minibatches are the same."""
    plain = FlatNetwork(nn.Sequential(nn.Flatten(), nn.Linear(32, 4)), torch.device("cpu"))
    measure = Directions(batches=1, batch=8, rates=(0.5,))
    first, again, other = (measure.at_state_of(plain, task, block) for block in (0, 0, 1))
    assert first == again
    assert first["loss"] != other["loss"]
    assert first["gradient_change"] != other["gradient_change"]
    # all items in one minibatch: the draw of the direction alone is left
    whole = Directions(batches=1, batch=23, rates=(0.5,))
    one, two = (whole.at_state_of(plain, task, block) for block in (0, 1))
    assert one["loss"] == pytest.approx(two["loss"], rel=1e-6)
    assert one["gradient_change"] == pytest.approx(two["gradient_change"], rel=1e-3)
    assert one["random_change"] != pytest.approx(two["random_change"], rel=0.1)


def test_masks_differ_from_run_to_run_and_from_minibatch_to_minibatch(network):
    """All items are the same one, so that only masks and directions can differ."""
    inputs = torch.randn(1, 2, 4, 4, generator=seeded(1)).expand(16, 2, 4, 4)
    task = Rows(inputs, torch.zeros(16, dtype=torch.int64), functional.cross_entropy)
    measure = Directions(batches=2, batch=8, rates=(0.5,))
    norms = [n for block in (0, 1) for n in measure.at_state_of(network, task, block)[NORM]]
    assert len(set(norms)) == 4


def test_random_directions_differ_from_minibatch_to_minibatch_and_are_drawn_evenly(network, task):
    """Over minibatches the mean of a coordinate of the random direction is about 0."""
    Directions(batches=23, batch=1, rates=(0.5,)).at_state_of(network, task, BLOCK)
    start = network.w
    aside = [p - start for p in network.places if not torch.equal(p, start)][1::2]
    units = torch.cat([step / step.norm() for step in aside])
    assert len(units) == 22
    d = units.shape[1]
    cosines = units @ units.T - torch.eye(len(units))
    assert float(cosines.abs().max()) < 6 / d**0.5
    assert float(units.square().mean(0).max()) < 5 / d


def test_a_small_training_set_gives_the_minibatches_that_it_has(network, task):
    found = Directions(batches=20, batch=8).at_state_of(network, task, BLOCK)
    assert sorted(set(found["batch"])) == [0, 1, 2]
    whole = Directions().at_state_of(network, task, BLOCK)
    assert set(whole["batch"]) == {0}
    with torch.no_grad():
        loss = functional.cross_entropy(network.module(task.inputs), task.targets)
    assert whole["loss"][0] == pytest.approx(float(loss), rel=1e-6)


def test_a_probe_of_a_state_draws_what_belongs_to_its_block(task):
    class Problem:
        def network(self):
            # as networks are made: in training mode
            return Small().train()

        def task(self, placed, streams):
            return task

    state = small_network().state_dict()
    measure = Directions(batch=8)
    place = torch.device("cpu")
    found = probe_state("toy", Problem(), None, BLOCK, state, {}, measure, place)
    network = FlatNetwork(small_network(), place)
    assert found == measure.at_state_of(network, task, BLOCK)
    assert found != measure.at_state_of(network, task, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batches": 0}, "batches"),
        ({"batch": 0}, "batch"),
        ({"rates": ()}, "rates"),
        ({"rates": (0.5, 0.0)}, "rates"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Directions(**settings)


def test_cost_is_that_of_as_many_passes():
    """Of 14 rates: a gradient, which is three passes, a loss, and two losses a rate."""
    measure = Directions(batches=20, batch=512, rates=tuple(0.1 * i for i in range(1, 15)))
    assert measure.trained_images(50_000) == pytest.approx(20 * 512 * 32 / 3)
    # two minibatches of 8 and one of 7 are all that there are
    assert Directions(batches=20, batch=8, rates=(0.5,)).trained_images(23) == pytest.approx(46)


def test_a_record_that_was_written_down_gives_the_measure_back():
    record = part_record("measures", "directions", {"rates": (0.9, 0.05)}).record()
    read = json.loads(json.dumps(record))
    assert read_part("measures", read["name"], read["settings"]) == Directions(rates=(0.9, 0.05))
