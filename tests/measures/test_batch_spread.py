"""The spread of minibatch losses: closed forms, a loop written out, and nothing moved."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from escaping_minima.draws.dropout import HalfDropout
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.flat_network import FlatNetwork
from escaping_minima.measures.batch_spread import BatchSpread
from escaping_minima.parts.registry import part_record, read_part

CPU = torch.device("cpu")
BLOCK = 3


class Rows:
    """A task of rows that a network sees one by one."""

    def __init__(self, inputs, targets, loss):
        self.inputs, self.targets, self.loss = inputs, targets, loss
        self.size = len(targets)

    def batch(self, rows):
        return self.inputs[rows], self.targets[rows]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def of_losses(losses):
    """Return a network and a task whose single losses are these, in both modes."""
    module = nn.Linear(1, 1, bias=False)
    nn.init.ones_(module.weight)
    inputs = torch.tensor(losses, dtype=torch.float32).view(-1, 1)
    task = Rows(inputs, torch.zeros(len(losses)), lambda found, _: found[:, 0].mean())
    return FlatNetwork(module, CPU, torch.contiguous_format), task


class Small(nn.Module):
    """Dense layers with batch normalisation and dropout."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Linear(5, 8), nn.BatchNorm1d(8)
        self.drop, self.last = HalfDropout(8), nn.Linear(8, 3)

    def forward(self, x):
        return self.last(self.drop(torch.tanh(self.norm(self.first(x)))))


@pytest.fixture
def task():
    inputs = torch.randn(23, 5, generator=seeded(1))
    return Rows(inputs, torch.randint(3, (23,), generator=seeded(2)), functional.cross_entropy)


@pytest.fixture
def network():
    module = Small()
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn(tensor.shape, generator=seeded(3)))
        module.norm.running_var.fill_(1.7)
    return FlatNetwork(module.eval(), CPU, torch.contiguous_format)


def table(measure, network, task, block=BLOCK):
    found = pd.DataFrame(measure.at_state_of(network, task, block))
    return found.set_index(["size", "mode", "replacement"])


def batches_of(images, size, replacement, count, block=BLOCK):
    """Return the rows of minibatches and the names of their rounds, as the docstring says."""
    way = f"{'with' if replacement else 'without'} replacement {size}"
    rows = []
    for index in itertools.count():
        rng = Streams("batch_spread", block).generator(f"{way} {index}", 0)
        if replacement:
            drawn = rng.integers(0, images, (images // size, size))
        else:
            order = rng.permutation(images)
            drawn = [order[i * size : (i + 1) * size] for i in range(images // size)]
        rows += [(f"{way} {index}", place, one) for place, one in enumerate(drawn)]
        if len(rows) >= count:
            return rows[:count]


def test_every_column_is_what_other_code_makes_of_the_same_minibatches():
    losses = np.random.default_rng(0).gamma(0.5, size=29).astype(np.float32).astype(float)
    measure = BatchSpread(sizes=(4, 10), draws=50, training_draws=30, shown=7)
    found = table(measure, *of_losses(losses))
    assert len(found) == 8
    modes = {"inference": 50, "training": 30}
    for size, (mode, draws), replacement in itertools.product((4, 10), modes.items(), (1, 0)):
        drawn = [rows for _, _, rows in batches_of(29, size, replacement, draws)]
        means = np.array([losses[rows].mean() for rows in drawn])
        within = np.mean([losses[rows].var(ddof=1) for rows in drawn])
        apart = means - losses.mean()
        normal = stats.norm(means.mean(), means.std(ddof=1))
        row = found.loc[size, mode, replacement]
        expected = {
            "draws": draws,
            "images": 29,
            "full_loss": losses.mean(),
            "image_variance": losses.var() if mode == "inference" else within,
            "image_skewness": stats.skew(losses),
            "mean": apart.mean(),
            "variance": apart.var(ddof=1),
            "skewness": stats.skew(apart),
            "kurtosis": stats.kurtosis(apart),
            "normal_distance": stats.kstest(means, normal.cdf).statistic,
            "mean_absolute": np.abs(apart).mean(),
            "mean_absolute_centred": np.abs(apart - apart.mean()).mean(),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-5, abs=1e-9), name
        np.testing.assert_array_equal(
            np.frombuffer(row["losses"], np.float32), means[:7].astype(np.float32)
        )


def test_variance_and_skewness_are_those_of_a_mean_of_draws_from_so_many():
    """Without replacement the variance is smaller by (M - N) / (M - 1), and so is its skewness."""
    losses = np.random.default_rng(1).exponential(size=40)
    found = table(BatchSpread(sizes=(8, 20), draws=2000, training_draws=0), *of_losses(losses))
    third = ((losses - losses.mean()) ** 3).mean()
    for size in (8, 20):
        free, cut = (found.loc[size, "inference", way] for way in (1, 0))
        alone = losses.var() / size
        # standard errors of a variance and a skewness of 2,000 draws are about 3 and 6 percent
        assert free["variance"] == pytest.approx(alone, rel=0.15)
        assert cut["variance"] == pytest.approx(alone * (40 - size) / 39, rel=0.15)
        of_a_mean = third / losses.std() ** 3 / size**0.5
        assert free["skewness"] == pytest.approx(of_a_mean, abs=0.22)
        # cumulants of a mean of a sample from a finite set (Isserlis 1931)
        exact = third * (40 - size) * (40 - 2 * size) / (size**2 * 39 * 38)
        exact /= (alone * (40 - size) / 39) ** 1.5
        assert cut["skewness"] == pytest.approx(exact, abs=0.22)
        assert abs(free["mean"]) < 4 * (alone / 2000) ** 0.5


def test_minibatches_without_replacement_use_each_image_once_in_a_round():
    """Whole rounds then have the mean of all images, those with replacement do not."""
    losses = np.arange(12.0) ** 2
    found = table(BatchSpread(sizes=(4,), draws=6, training_draws=6), *of_losses(losses))
    for mode in ("inference", "training"):
        assert found.loc[4, mode, 0]["mean"] == pytest.approx(0, abs=1e-5)
        assert abs(found.loc[4, mode, 1]["mean"]) > 0.1


def test_training_mode_is_that_of_a_loop_written_out(network, task):
    """Batch normalisation by the minibatch, and a mask of its own for each, in float64."""
    found = table(BatchSpread(sizes=(6,), draws=9, training_draws=9), network, task)
    w = {name: t.double().numpy() for name, t in network.module.state_dict().items()}
    for replacement in (1, 0):
        means, variances = [], []
        for name, place, rows in batches_of(23, 6, replacement, 9):
            streams = Streams(f"batch_spread {name}", BLOCK)
            raw = np.frombuffer(streams.generator("dropout", 0).bytes(3 * 6), np.uint8)
            mask = 2.0 * np.unpackbits(raw[:, None], axis=1)[place * 6 : (place + 1) * 6]
            x = task.inputs.double().numpy()[rows] @ w["first.weight"].T + w["first.bias"]
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
            x = np.tanh(x * w["norm.weight"] + w["norm.bias"]) * mask
            x = x @ w["last.weight"].T + w["last.bias"]
            chosen = x[np.arange(6), task.targets.numpy()[rows]]
            each = np.log(np.exp(x).sum(1)) - chosen
            means.append(each.mean())
            variances.append(each.var(ddof=1))
        row = found.loc[6, "training", replacement]
        assert row["mean"] == pytest.approx(np.mean(means) - row["full_loss"], rel=1e-5)
        assert row["variance"] == pytest.approx(np.var(means, ddof=1), rel=1e-4)
        assert row["image_variance"] == pytest.approx(np.mean(variances), rel=1e-4)


def test_nothing_is_moved_and_the_same_is_found_again(network, task):
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    measure = BatchSpread(sizes=(4, 9), draws=12, training_draws=12)
    first = table(measure, network, task)
    for name, tensor in network.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert not any(layer.training for layer in network.module.modules())
    pd.testing.assert_frame_equal(table(measure, network, task), first)
    other = table(measure, network, task, block=0)
    assert not (other["mean"] == first["mean"]).any()
    # the state is the same, whoever draws
    assert (other["full_loss"] == first["full_loss"]).all()


def test_sizes_that_there_are_no_images_for_are_left_out(network, task):
    measure = BatchSpread(sizes=(4, 12, 13), draws=3, training_draws=0, images=13)
    found = table(measure, network, task)
    assert [key[0] for key in found.index] == [4, 4, 12, 12]
    assert (found["images"] == 13).all()
    with torch.no_grad():
        loss = functional.cross_entropy(network.module(task.inputs[:13]), task.targets[:13])
    assert found["full_loss"].iloc[0] == pytest.approx(float(loss), rel=1e-6)


def test_cost_is_that_of_as_many_passes():
    """A pass of all images, and the minibatches in training mode, each a third of training."""
    measure = BatchSpread(sizes=(10, 50, 500), draws=90, training_draws=30)
    assert measure.trained_images(400) == pytest.approx((400 + 2 * 30 * 60) / 3)
    assert measure.trained_images(1000) == pytest.approx((1000 + 2 * 30 * 560) / 3)
    assert BatchSpread((10,), draws=5).trained_images(60) == pytest.approx((60 + 2 * 5 * 10) / 3)
    assert BatchSpread(images=100, training_draws=0).trained_images(1000) == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sizes": ()}, "sizes"),
        ({"sizes": (1, 10)}, "sizes"),
        ({"draws": 1}, "draws"),
        ({"training_draws": 1}, "training_draws"),
        ({"images": -1}, "images"),
        ({"shown": -1}, "shown"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        BatchSpread(**settings)


def test_a_record_that_was_written_down_gives_the_measure_back():
    record = part_record("measures", "batch_spread", {"sizes": (10, 20), "draws": 30}).record()
    read = json.loads(json.dumps(record | {"settings": record["settings"] | {"shown": 5}}))
    expected = BatchSpread(sizes=(10, 20), draws=30, training_draws=250, shown=5)
    assert read_part("measures", read["name"], read["settings"]) == expected
