"""The engine's loss and gradient against the network written out in float64, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - what everybody calls it

from escaping_minima.draws.dropout import DropoutBits, HalfDropout
from escaping_minima.draws.starts import draw_glorot_uniform
from escaping_minima.draws.streams import Streams
from escaping_minima.engine import flat_network
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.objective import NetworkObjective
from escaping_minima.methods.adagrad import AdaGrad
from escaping_minima.methods.gd import GradientDescent
from escaping_minima.problems.takase_mnist import TakaseMnist

BATCH = 12
CPU = torch.device("cpu")


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    images = torch.from_numpy(rng.random((BATCH, 1, 28, 28), dtype=np.float32))
    return images, torch.from_numpy(rng.integers(0, 10, BATCH))


@pytest.fixture
def network():
    made = FlatNetwork(TakaseMnist().network(), CPU)
    draw_glorot_uniform(made.module, Streams("takase_mnist", 0))
    return made


def layers_of(network):
    return [m for m in network.module.modules() if isinstance(m, HalfDropout)]


def give_bits(network, begin=0):
    bits = DropoutBits(layers_of(network), Streams("takase_mnist", 0), 2 * BATCH, CPU)
    bits.draw(1)
    for layer, part in zip(layers_of(network), bits.parts(begin, begin + BATCH), strict=True):
        layer.bits = part
    return [layer.bits.numpy() for layer in layers_of(network)]


def slow_loss(parameters, images, labels, bits):
    """Table 1 of the paper in float64: convolution, batch norm, ReLU, pooling, in printed order."""
    c1, d1, g1, h1, c2, d2, g2, h2, g3, h3, w1, e1, g4, h4, w2, e2 = parameters
    masks = [2.0 * torch.from_numpy(np.unpackbits(b, axis=1).astype(float)) for b in bits]

    def norm(x, scale, shift):
        dims = [0, 2, 3] if x.dim() == 4 else [0]
        shape = [1, -1, 1, 1] if x.dim() == 4 else [1, -1]
        mean = x.mean(dims, keepdim=True)
        variance = (x - mean).square().mean(dims, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-5) * scale.view(shape) + shift.view(shape)

    def convolve(x, weight, bias):
        patches = F.unfold(x, 5).transpose(1, 2)
        side = x.shape[-1] - 4
        out = patches @ weight.reshape(weight.shape[0], -1).T + bias
        return out.transpose(1, 2).reshape(len(x), -1, side, side)

    def pool(x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))

    x = pool(norm(convolve(images.double(), c1, d1), g1, h1).clamp(min=0))
    x = pool(norm(convolve(x, c2, d2), g2, h2).clamp(min=0))
    x = norm(x, g3, h3).clamp(min=0).reshape(len(x), -1) * masks[0]
    x = norm(x @ w1.T + e1, g4, h4).clamp(min=0) * masks[1]
    logits = x @ w2.T + e2
    return -(logits - logits.logsumexp(1, keepdim=True))[range(BATCH), labels].mean()


def test_loss_and_gradient_are_those_of_the_network_written_out(network, batch):
    images, labels = batch
    bits = give_bits(network)
    objective = NetworkObjective(network, F.cross_entropy)
    objective.take(images, labels)
    gradient, value = torch.empty_like(network.w), torch.empty(1, 1)
    with torch.no_grad():
        objective.gradient(network.w, gradient)
        objective.value(network.w, value)
    slow = [p.detach().double().contiguous().requires_grad_() for p in network.parameters]
    loss = slow_loss(slow, images, labels, bits)
    expected = torch.autograd.grad(loss, slow)
    assert float(objective.first_loss) == pytest.approx(loss.item(), rel=1e-5)
    assert float(value) == pytest.approx(loss.item(), rel=1e-5)
    largest = max(float(exact.abs().max()) for exact in expected)
    for view, exact in zip(network.views(gradient), expected, strict=True):
        # batch norm takes a bias before it out again: its gradient is zero but for rounding
        allowed = 2e-4 * float(exact.abs().max()) + 1e-4 * largest
        assert float((view.double() - exact).abs().max()) < allowed
    assert (objective.gradient_evaluations, objective.loss_evaluations) == (1, 1)


def test_a_method_moves_the_network_by_moving_its_vector(network, batch):
    """Two AdaGrad updates against torch.optim's own on copies of the weights."""
    objective = NetworkObjective(network, F.cross_entropy)
    rule = AdaGrad(learning_rate=0.05)
    copies = [p.detach().clone().requires_grad_() for p in network.parameters]
    theirs = torch.optim.Adagrad(copies, lr=0.05, eps=1e-8, foreach=False, fused=False)
    with torch.no_grad():
        state = rule.start(network.w)
        for begin in (0, BATCH):
            give_bits(network, begin)
            objective.take(*batch)
            rule.step(network.w, state, objective, None)
            for copy, gradient in zip(copies, network.views(state["g"]), strict=True):
                copy.grad = gradient.clone()
            theirs.step()
    for mine, copy in zip(network.views(network.w), copies, strict=True):
        torch.testing.assert_close(mine, copy.detach(), rtol=1e-6, atol=1e-7)
    assert objective.gradient_evaluations == 2


def test_evaluating_elsewhere_leaves_the_weights(network, batch):
    objective = NetworkObjective(network, F.cross_entropy)
    give_bits(network)
    objective.take(*batch)
    here, there = network.w.clone(), network.w * 0.5
    value = torch.empty(1, 1)
    with torch.no_grad():
        objective.value(there, value)
        objective.value(network.w, value)
    assert torch.equal(network.w, here)
    assert float(value) == pytest.approx(float(_fresh_value(network, batch)), rel=1e-6)


def _fresh_value(network, batch):
    objective, value = NetworkObjective(network, F.cross_entropy), torch.empty(1, 1)
    objective.take(*batch)
    with torch.no_grad():
        objective.value(network.w, value)
    return value


def test_a_step_down_the_gradient_is_plain_sgd(network, batch):
    objective = NetworkObjective(network, F.cross_entropy)
    give_bits(network)
    objective.take(*batch)
    before = network.w.clone()
    rule = GradientDescent(learning_rate=0.1)
    with torch.no_grad():
        state = rule.start(network.w)
        rule.step(network.w, state, objective, None)
    torch.testing.assert_close(network.w, before - 0.1 * state["g"])


def test_weights_are_glorot_uniform_by_name(network):
    shapes = {name: p for name, p in network.module.named_parameters() if p.dim() > 1}
    assert len(shapes) == 4
    for weight in shapes.values():
        field = weight[0, 0].numel()
        bound = np.sqrt(6 / (field * (weight.shape[0] + weight.shape[1])))
        weight = weight.detach()
        assert float(weight.abs().max()) <= bound
        # a uniform draw has the standard deviation bound / sqrt(3)
        assert float(weight.std()) == pytest.approx(bound / np.sqrt(3), rel=0.05)
    again = FlatNetwork(TakaseMnist().network(), CPU)
    draw_glorot_uniform(again.module, Streams("takase_mnist", 0))
    assert torch.equal(again.w, network.w)
    draw_glorot_uniform(again.module, Streams("takase_mnist", 1))
    assert not torch.equal(again.w, network.w)


def test_the_count_of_weights_is_the_paper_s(network):
    dense = network.dense_parameters()
    assert sum(p.numel() for p in dense["weights"]) == 1_110_816
    assert sum(p.numel() for p in dense["biases"]) == 1_130
    assert network.w.shape == (1, 1_111_946 + 2_368)


def narrow_network(device=CPU):
    """Make one whose weights do not all lie at multiples of 16 bytes."""
    layers = [nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 5)]
    made = FlatNetwork(nn.Sequential(*layers), device)
    draw_glorot_uniform(made.module, Streams("narrow", 0))
    return made


def adagrad_updates(network, images, labels):
    objective = NetworkObjective(network, F.cross_entropy)
    rule = AdaGrad(learning_rate=0.05)
    losses = []
    with torch.no_grad():
        state = rule.start(network.w)
        for _ in range(3):
            objective.take(images, labels)
            rule.step(network.w, state, objective, None)
            losses.append(float(objective.first_loss))
    return losses, network.w.clone()


def test_weights_that_a_device_could_not_read_in_place_are_copied(monkeypatch):
    rng = np.random.default_rng(3)
    images = torch.from_numpy(rng.random((6, 3, 4, 4), dtype=np.float32))
    labels = torch.from_numpy(rng.integers(0, 5, 6))
    in_place = narrow_network()
    expected, moved = adagrad_updates(in_place, images, labels)
    addresses = [p.data_ptr() % 16 for p in in_place.parameters]
    # an allocation of a CPU lies at a multiple of 64 bytes
    assert any(addresses)
    monkeypatch.setitem(flat_network._ALIGNMENT, "cpu", 16)
    copied = narrow_network()
    losses, w = adagrad_updates(copied, images, labels)
    assert not any(p.data_ptr() % 16 for p in copied.parameters)
    assert losses == expected
    assert torch.equal(w, moved)
