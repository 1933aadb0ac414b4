"""Three epochs of the engine against a plain loop: torch's own layers, optimisers and masks.

The loop shares with the engine what names say (order, dropout bits and weights of each epoch and
layer) and nothing else: the network is written out from the paper's Table 1, the gradient is
autograd's, the updates are torch.optim's.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.data.load import load_images
from escaping_minima.draws.streams import Streams
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.schedules.batch_sizes import BatchSizes

EPOCHS, BLOCK = 3, 4
#: 95 images: the last batches are of 5, 15 and 5 images.
PROBLEM = TakaseMnist(data="generated", train_images=95, test_images=60)
SIZES = {1: 10, 2: 20, 3: 30}
#: Small steps, so that the rounding in which two correct programs differ does not grow.
RATES = {"gd": 1e-3, "adagrad": 1e-4}
OPTIMIZERS = {
    "gd": lambda p: torch.optim.SGD(p, lr=RATES["gd"]),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=RATES["adagrad"], eps=1e-8),
}


class Written(nn.Module):
    """Table 1, layer by layer; the dropout masks are given."""

    def __init__(self, streams):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5), nn.Conv2d(32, 64, 5)
        self.norm1, self.norm2, self.norm3 = (nn.BatchNorm2d(c) for c in (32, 64, 64))
        self.dense1, self.dense2 = nn.Linear(1024, 1024), nn.Linear(1024, 10)
        self.norm4 = nn.BatchNorm1d(1024)
        for index, layer in enumerate((self.conv1, self.conv2, self.dense1, self.dense2)):
            shape = tuple(layer.weight.shape)
            field = int(np.prod(shape[2:]))
            bound = np.sqrt(6 / (field * shape[0] + field * shape[1]))
            unit = streams.generator("weights", index).random(shape)
            layer.weight.data = torch.tensor(bound * (2 * unit - 1), dtype=torch.float32)
            layer.bias.data.zero_()

    def forward(self, x, masks=(1.0, 1.0)):
        x = functional.max_pool2d(functional.relu(self.norm1(self.conv1(x))), 2)
        x = functional.max_pool2d(functional.relu(self.norm2(self.conv2(x))), 2)
        x = functional.relu(self.norm3(x)).flatten(1) * masks[0]
        return self.dense2(functional.relu(self.norm4(self.dense1(x))) * masks[1])


def masks_of(streams, epoch, images):
    """Two layers of 1,024 units: a bit keeps and doubles a unit, at a place of the order."""
    raw = np.frombuffer(streams.generator("dropout", epoch).bytes(images * 256), np.uint8)
    bits = np.unpackbits(raw.reshape(images, 256), axis=1)
    return torch.from_numpy(2.0 * bits).float().split(1024, dim=1)


def measured(network, images, labels):
    network.eval()
    with torch.no_grad():
        logits = network(images)
    network.train()
    wrong = (logits.argmax(1) != labels).double().mean()
    return float(functional.cross_entropy(logits, labels)), 100 * float(wrong)


def written_out(data, method):
    """Train; return one row an epoch: running, training and test loss, and both errors."""
    streams = Streams("takase_mnist", BLOCK)
    network = Written(streams)
    optimizer = OPTIMIZERS[method](network.parameters())
    x, x_test = (torch.tensor(i) / 255 for i in (data.train_images, data.test_images))
    y, y_test = (torch.tensor(i).long() for i in (data.train_labels, data.test_labels))
    rows = []
    for epoch in range(1, EPOCHS + 1):
        order = torch.from_numpy(streams.generator("order", epoch).permutation(len(x)))
        first, second = masks_of(streams, epoch, len(x))
        total = 0.0
        for begin in range(0, len(x), SIZES[epoch]):
            places = slice(begin, begin + SIZES[epoch])
            picked = order[places]
            loss = functional.cross_entropy(
                network(x[picked], (first[places], second[places])), y[picked]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(picked)
        train, test = measured(network, x, y), measured(network, x_test, y_test)
        rows.append([total / len(x), train[0], test[0], train[1], test[1]])
    return np.array(rows)


@pytest.mark.parametrize("method", OPTIMIZERS)
def test_three_epochs_are_those_of_a_plain_loop(runs, method):
    data = PROBLEM.select(load_images("mnist", "generated"))
    rule, sizes = make_method(method, {"learning_rate": RATES[method]}), BatchSizes(10, 30)
    result = runs.train_network(runs.network_plan(PROBLEM, rule, sizes, EPOCHS), data, BLOCK)
    names = ("running_loss", "train_loss", "test_loss", "train_error", "test_error")
    ours = np.array([result.curves[name][1:] for name in names]).T
    theirs = written_out(data, method)
    assert result.curves["batch_size"][1:] == [10, 20, 30]
    # in float32 they agree to about 5e-6
    np.testing.assert_allclose(ours[:, :3], theirs[:, :3], rtol=1e-4)
    np.testing.assert_allclose(ours[:, 3:], theirs[:, 3:], atol=100 / 60 + 1e-9)
