"""Real images as a network gets them: scaled, padded, normalised, cropped, mirrored, held out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from escaping_minima.draws.dropout import NamedDropout

SETS = {"toy_fashion": (1, 28), "toy_cifar": (3, 32)}
PER_CHANNEL = {
    "toy_fashion": {"mean": (0.286,), "deviation": (0.353,)},
    "toy_cifar": {"mean": (0.4914, 0.4822, 0.4465), "deviation": (0.247, 0.2435, 0.2616)},
}


@pytest.mark.parametrize("problem", SETS)
def test_inputs_are_padded_and_normalised_by_channel(house, problem):
    channels, side = SETS[problem]
    pixels = PER_CHANNEL[problem]
    cell = house.cell(problem=problem, problem_settings={"train_images": 500, "pad": 2, **pixels})
    inputs, _ = house.run(cell).task.batch(torch.arange(500))
    images = house.data(cell).train_images.astype(float) / 255.0
    assert inputs.shape == (500, channels, side + 4, side + 4)
    for channel in range(channels):
        mean, deviation = pixels["mean"][channel], pixels["deviation"][channel]
        inner = inputs[:, channel, 2:-2, 2:-2].numpy()
        np.testing.assert_allclose(inner, (images[:, channel] - mean) / deviation, atol=1e-5)
        # what is padded is black, not the mean
        assert inputs[:, channel, 0].numpy() == pytest.approx(-mean / deviation, abs=1e-5)
        # the numbers are those of the set
        assert abs(inner.mean()) < 0.1
        assert abs(inner.std() - 1) < 0.1


@pytest.mark.parametrize("problem", SETS)
def test_crops_and_mirrors_are_those_of_their_draws(house, problem):
    cell = house.cell(problem=problem, problem_settings={"crop": 3, "flip": True})
    run = house.run(cell, block=4)
    images = house.data(cell).train_images
    side = images.shape[-1]
    seen = []
    for epoch in (1, 2):
        run.task.begin_epoch(epoch)
        rows = torch.tensor([7, 0, 31, 16])
        inputs, targets = run.task.batch(rows)
        shifts = run.streams.generator("crop", epoch).integers(0, 7, size=(40, 2))
        flips = run.streams.generator("flip", epoch).integers(0, 2, size=40)
        for place, row in enumerate(rows.tolist()):
            padded = np.pad(images[row], ((0, 0), (3, 3), (3, 3)))
            down, right = shifts[row]
            cut = padded[:, down : down + side, right : right + side]
            cut = cut[:, :, ::-1] if flips[row] else cut
            np.testing.assert_allclose(inputs[place].numpy(), cut / 255.0, atol=1e-6)
        assert targets.tolist() == house.data(cell).train_labels[rows].tolist()
        assert 0 < flips.sum() < 40
        seen.append(inputs)
    assert not torch.equal(*seen)


def test_images_are_moved_in_training_alone(house):
    drawn = house.cell(problem_settings={"crop": 3, "flip": True})
    still = house.cell()
    for split in ("train", "test"):
        scores = [
            house.run(cell).evaluation(split).scores["loss"].item() for cell in (drawn, still)
        ]
        assert scores[0] == scores[1]
    assert house.train(drawn).curves["test_loss"] != house.train(still).curves["test_loss"]


def test_a_validation_split_is_held_out_and_scored(house):
    cell = house.cell(problem_settings={"validation": 12}, epochs=2)
    result = house.train(cell)
    assert {"validation_loss", "validation_error"} <= set(result.curves)
    # 28 images in batches of 10; 8 are left over
    assert result.curves["updates"] == [0, 3, 6]
    data = house.data(cell)
    held = data.train_images[28:]
    network = result.run.network.module.eval()
    with torch.no_grad():
        said = network(torch.from_numpy(held / np.float32(255))).argmax(1).numpy()
    error = 100 * (said != data.train_labels[28:]).mean()
    assert result.curves["validation_error"][-1] == pytest.approx(error)
    # nothing of it is trained on: 28 images alone give the same weights
    alone = house.train(house.cell(problem_settings={"train_images": 28}, epochs=2))
    assert torch.equal(alone.run.network.w, result.run.network.w)


@pytest.mark.parametrize("problem", SETS)
def test_a_network_learns_from_real_images(house, problem):
    settings = {"train_images": 200, "dropout": 0.1, **PER_CHANNEL[problem]}
    cell = house.cell("adagrad", problem, 4, problem_settings=settings)
    errors = house.train(cell).curves["train_error"]
    assert errors[-1] < 0.8 * errors[0]


def test_dropout_of_any_rate_and_width_is_named_by_the_update(house):
    cell = house.cell(problem_settings={"dropout": 0.3, "width": 100})
    one, other = house.run(cell, 3), house.run(cell, 3)
    next_block = house.run(cell, 4)

    def mask(run, update):
        (layer,) = (m for m in run.network.module if isinstance(m, NamedDropout))
        run.draws.begin(update)
        layer.begin()
        passed = layer(torch.ones(50, 100))
        # every pass of an update sees the same
        assert torch.equal(layer(torch.ones(50, 100)), passed)
        return passed

    first = mask(one, 5)
    assert first.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    # 5,000 draws: the share of zeros is 0.3 within 5 standard errors
    assert (first == 0).double().mean().item() == pytest.approx(0.3, abs=0.033)
    mask(one, 6)
    assert torch.equal(mask(one, 5), first)
    assert torch.equal(mask(other, 5), first)
    assert not torch.equal(mask(one, 6), first)
    assert not torch.equal(mask(next_block, 5), first)


def test_the_start_is_that_of_torch_but_named(house):
    cell = house.cell()
    torch.manual_seed(1)
    one = house.run(cell, 2)
    torch.manual_seed(2)
    other = house.run(cell, 2)
    assert torch.equal(one.network.w, other.network.w)
    assert not torch.equal(house.run(cell, 3).network.w, one.network.w)
    own = nn.Linear(100, 100)
    (mine,) = (m for m in one.network.module if isinstance(m, nn.Linear) and m.out_features == 100)
    for drawn, torchs in ((mine.weight, own.weight), (mine.bias, own.bias)):
        assert drawn.abs().max().item() <= 0.1
        assert drawn.std().item() == pytest.approx(torchs.std().item(), rel=0.3)
    # uniform within 1 / sqrt(fan-in)
    assert mine.weight.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)
