"""Equations 4.1 to 4.3 of the paper, on its network: they need losses that are the image's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from escaping_minima.data.load import load_images
from escaping_minima.draws.dropout import HalfDropout
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.engine.item_losses import each_loss, inference_losses
from escaping_minima.parts.registry import make_problem

N = 5


@pytest.fixture(scope="module")
def placed():
    """Return the network of the paper at its start, and a task of a few images."""
    settings = {"data": "generated", "train_images": 4 * N, "test_images": 5}
    problem = make_problem("takase_mnist", settings)
    streams = Streams("takase_mnist", 0)
    network = FlatNetwork(problem.network(), torch.device("cpu"))
    problem.start(network.module, streams)
    data = problem.place(problem.select(load_images("mnist", "generated")), torch.device("cpu"))
    return network, problem.task(data, streams)


def loss_and_gradient(network, task, rows):
    network.module.eval()
    inputs, targets = task.batch(rows)
    loss = functional.cross_entropy(network.module(inputs).double(), targets)
    parts = torch.autograd.grad(loss, network.parameters)
    return loss.item(), torch.cat([part.reshape(-1) for part in parts]).double()


def test_the_mean_of_gradients_is_the_gradient_of_the_mean(placed):
    """In inference mode, image by image: loss (4.3) and gradient (4.1, 4.2) of a minibatch."""
    rows = torch.arange(0, 3 * N, 3)
    loss, gradient = loss_and_gradient(*placed, rows)
    alone = [loss_and_gradient(*placed, rows[i : i + 1]) for i in range(N)]
    assert loss == pytest.approx(sum(one for one, _ in alone) / N, rel=1e-6)
    mean = torch.stack([g for _, g in alone]).mean(0)
    assert float((gradient - mean).norm() / gradient.norm()) < 1e-5
    # images differ, so that a single one would not do
    assert float((gradient - alone[0][1]).norm() / gradient.norm()) > 0.1
    losses = inference_losses(*placed, 3 * N)
    assert losses[rows].tolist() == pytest.approx([one for one, _ in alone], rel=1e-6)


def losses_in(network, task, rows, training):
    """Return the losses of images in a minibatch; of training mode, batch normalisation alone."""
    network.module.train(training)
    for layer in network.module.modules():
        if isinstance(layer, HalfDropout):
            # every unit is kept
            layer.bits = torch.full((len(rows), layer.bytes), 255, dtype=torch.uint8)
    inputs, targets = task.batch(rows)
    with torch.no_grad():
        return each_loss(task, network.module(inputs), targets)


def test_in_training_mode_the_loss_of_an_image_depends_on_the_others_of_its_minibatch(placed):
    """So there is no E(n) of the equations that would be the image's own."""
    one, other = torch.tensor([0, 1, 2, 3]), torch.tensor([0, 4, 5, 6])
    same = [losses_in(*placed, rows, training=False)[0].item() for rows in (one, other)]
    assert same[0] == pytest.approx(same[1], rel=1e-5)
    apart = [losses_in(*placed, rows, training=True)[0].item() for rows in (one, other)]
    assert abs(apart[0] - apart[1]) > 0.05 * apart[0]
