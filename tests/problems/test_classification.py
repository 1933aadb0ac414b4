"""Settings of the problems that tell images apart: what is trained on, held out and evaluated."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from escaping_minima.data.load import load_images
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import Numerics
from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Piece
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.kinds.training.run import calibrate
from escaping_minima.parts.registry import make_problem, read_problem
from escaping_minima.parts.settings import settings_of

CPU = torch.device("cpu")
IMAGES, TEST_IMAGES = 60, 40
SIZES = {"first": 50, "last": 50, "line": "epochs"}
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261)
NAMES = ("vgg16", "resnet34")
ALL_NAMES = (*NAMES, "resnet50")
DATA_SETS = {"cifar-10": 10, "cifar-100": 100, "fashion-mnist": 10}


class Used:
    """A problem on its data, and its task."""

    def __init__(self, name="vgg16", block=0, **settings):
        few = {"train_images": IMAGES, "test_images": TEST_IMAGES, "divisor": 64}
        self.problem = make_problem(name, {"data": "generated"} | few | settings)
        self.data = load_images(self.problem.DATA_SET, self.problem.data)
        placed = self.problem.place(self.problem.select(self.data), CPU)
        self.task = self.problem.task(placed, Streams(name, block))

    def inputs(self, rows):
        return self.task.batch(torch.tensor(rows))[0]


class Outputs(torch.nn.Module):
    """Keeps the inputs that it sees; its outputs depend on them."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x.clone())
        return x.flatten(1)[:, 100:110]


def evaluated(used, split="train"):
    """Return the inputs of an evaluation, and its result."""
    network = Outputs()
    found = used.task.evaluate(network, split, Numerics())
    return torch.cat(network.seen), found


def test_settings_have_these_names_in_this_order():
    full = {
        "data": "full",
        "data_set": "cifar-10",
        "train_images": 50_000,
        "test_images": 10_000,
        "divisor": 1,
        "validation_images": 0,
        "evaluated_images": 0,
        "objective": "cross_entropy",
        "crop": 0,
        "flip": False,
    }
    for name in NAMES:
        assert list(settings_of(make_problem(name, {})).items()) == list(full.items())
    further = {"crop": 4, "flip": True, "blocks": [3, 4, 6, 3]}
    full |= further
    assert list(settings_of(make_problem("resnet50", {})).items()) == list(full.items())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"divisor": 3}, "divisor is 3; allowed: a divisor of 64"),
        ({"divisor": 0}, "divisor is 0; allowed: a divisor of 64"),
        ({"divisor": 128}, "divisor is 128; allowed: a divisor of 64"),
        ({"data": "small"}, "data is 'small'; allowed: generated, sample, full"),
        ({"data_set": "mnist"}, "data_set is 'mnist'; allowed: cifar-10, cifar-100, fashion-mnist"),
        ({"objective": "hinge"}, "objective is 'hinge'; allowed: cross_entropy, error"),
        ({"train_images": 1}, "train_images is 1; allowed: 2 or more"),
        ({"test_images": 0}, "test_images is 0; allowed: 1 or more"),
        ({"evaluated_images": -1}, "evaluated_images is -1; allowed: 0 or more"),
        ({"validation_images": -1}, "validation_images is -1; allowed: 0 or more"),
        ({"validation_images": 49_999}, "validation_images is 49999; allowed: at most 49998"),
        ({"crop": -1}, "crop is -1; allowed: 0 or more"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        make_problem("resnet34", settings)


@pytest.mark.parametrize("blocks", [(3, 4, 6), (3, 4, 6, 0), (3, 4, 6, 3, 3), ()])
def test_a_residual_network_has_four_stages(blocks):
    with pytest.raises(UserError, match=r"blocks is .*; allowed: 4 numbers of 1 or more"):
        make_problem("resnet50", {"blocks": blocks})


def test_the_data_set_is_that_of_the_settings():
    formats = {"cifar-10": "cifar", "cifar-100": "cifar", "fashion-mnist": "idx"}
    for name in ALL_NAMES:
        for data_set, module in formats.items():
            cell = make_training_cell(name, "gd", 2, SIZES, {"data_set": data_set})
            assert cell.data_set == data_set
            assert f"escaping_minima.data.formats.{module}" in cell.modules()
            assert data_set == read_problem(name, cell.problem_settings).DATA_SET


@pytest.mark.parametrize(
    ("name", "each"), [("vgg16", 21.3e-3), ("resnet34", 75e-3), ("resnet50", 111.6e-3)]
)
def test_a_narrow_network_is_expected_to_take_less(name, each):
    def cost(divisor):
        settings = {"divisor": divisor, "train_images": 1000}
        return make_training_cell(name, "gd", 2, SIZES, settings).cost

    assert cost(1) == pytest.approx(2 * 1000 * each)
    assert cost(8) < cost(1) / 30
    assert cost(1) > cost(2) > cost(4) > cost(64) > 0


def test_fewer_blocks_are_expected_to_take_less():
    def seconds(blocks):
        return make_problem("resnet50", {"blocks": blocks, "divisor": 4}).SECONDS_PER_IMAGE

    assert seconds((1, 1, 1, 1)) == pytest.approx(seconds((3, 4, 6, 3)) / 3)
    assert seconds((1, 1, 2, 1)) == seconds((2, 1, 1, 1)) > seconds((1, 1, 1, 1))


def test_a_cell_is_calibrated_whatever_is_held_out():
    settings = {"divisor": 64, "validation_images": 5000, "evaluated_images": 5120}
    cell = make_training_cell("vgg16", "gd", 2, SIZES, settings)
    assert calibrate([Piece(cell, 0)], "cpu", 0)[cell.id] > 0


def test_colours_are_normalised_channel_by_channel():
    used = Used()
    raw = used.data.train_images[[5, 2]].astype(np.float64) / 255
    wanted = (raw - np.reshape(MEAN, (3, 1, 1))) / np.reshape(DEVIATION, (3, 1, 1))
    found = used.inputs([5, 2])
    assert found.shape == (2, 3, 32, 32)
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


def test_fashion_is_padded_with_zeros_before_the_mean_is_taken_off():
    used = Used(data_set="fashion-mnist")
    found = used.inputs([0, 7])
    assert found.shape == (2, 1, 32, 32)
    inner = (used.data.train_images[[0, 7]] / 255 - 0.5) / 0.5
    np.testing.assert_allclose(found[:, :, 2:-2, 2:-2].numpy(), inner, atol=1e-6)
    border = torch.ones(32, 32, dtype=torch.bool)
    border[2:-2, 2:-2] = False
    assert (found[:, :, border] == -1).all()


@pytest.mark.parametrize("data_set", DATA_SETS)
def test_what_is_normalised_has_a_mean_of_0_and_a_deviation_of_1(data_set):
    """Up to what samples differ from their whole sets."""
    used = Used(data="sample", data_set=data_set, train_images=2000)
    found = used.inputs(list(range(2000)))
    if data_set == "fashion-mnist":
        # its mean and deviation are none of its own
        assert (found.min(), found.max()) == (-1, 1)
    else:
        assert found.mean((0, 2, 3)).abs().max() < 0.03
        assert (found.std((0, 2, 3)) - 1).abs().max() < 0.01


@pytest.mark.parametrize("name", ALL_NAMES)
@pytest.mark.parametrize(("data_set", "classes"), DATA_SETS.items())
def test_samples_are_classified(name, data_set, classes):
    settings = {"data_set": data_set, "train_images": 2000, "test_images": 500}
    used = Used(name, data="sample", crop=0, flip=False, **settings)
    inputs, labels = used.task.batch(torch.arange(0, 2000, 100))
    network = used.problem.network()
    used.problem.start(network, Streams(name, 0))
    with torch.no_grad():
        outputs = network.eval()(inputs)
    assert outputs.shape == (20, classes)
    assert torch.isfinite(outputs).all()
    assert labels.tolist() == used.data.train_labels[:2000:100].tolist()


def test_the_last_training_images_are_held_out():
    used = Used(validation_images=12)
    assert used.task.splits == ("train", "validation", "test")
    assert used.task.size == IMAGES - 12
    whole = Used().inputs(list(range(IMAGES)))
    assert torch.equal(evaluated(used)[0], whole[:-12])
    assert torch.equal(evaluated(used, "validation")[0], whole[-12:])
    assert len(evaluated(used, "test")[0]) == TEST_IMAGES


def drawn_rows(used, whole):
    """Return which training images an evaluation saw."""
    seen, found = evaluated(used)
    assert len(found.wrong) == len(seen)
    same = (seen[:, None] == whole[None]).flatten(2).all(2)
    assert same.sum(1).tolist() == [1] * len(seen)
    return same.int().argmax(1).tolist()


def test_a_part_of_the_training_images_is_evaluated_and_another_next_epoch():
    whole = Used().inputs(list(range(IMAGES)))
    used = Used(evaluated_images=20)
    rows = {0: drawn_rows(used, whole)}
    for epoch in (1, 2):
        used.task.begin_epoch(epoch)
        rows[epoch] = drawn_rows(used, whole)
        assert drawn_rows(used, whole) == rows[epoch]
    for found in rows.values():
        assert len(set(found)) == len(found) == 20
    assert len({frozenset(found) for found in rows.values()}) == 3
    # they are named: the same for the same block and epoch, in whatever order
    other = Used(evaluated_images=20)
    assert drawn_rows(other, whole) == rows[0]
    other.task.begin_epoch(2)
    assert drawn_rows(other, whole) == rows[2]
    assert drawn_rows(Used(evaluated_images=20, block=1), whole) != rows[0]
    # all are trained on, and other splits are whole
    assert used.task.size == IMAGES
    assert torch.equal(used.inputs([59, 3]), whole[[59, 3]])
    assert len(evaluated(used, "test")[0]) == TEST_IMAGES


def test_what_is_held_out_is_not_evaluated_as_training():
    whole = Used().inputs(list(range(IMAGES)))
    used = Used(evaluated_images=1000, validation_images=12)
    assert sorted(drawn_rows(used, whole)) == list(range(IMAGES - 12))


def test_scores_of_a_part_are_those_of_its_images():
    whole = Used()
    inputs, labels = whole.task.batch(torch.arange(IMAGES))
    used = Used(evaluated_images=20)
    rows = drawn_rows(used, inputs)
    _, found = evaluated(used)
    outputs = Outputs()(inputs)[rows]
    loss = functional.cross_entropy(outputs.double(), labels[rows])
    assert found.scores["loss"].item() == pytest.approx(loss.item(), rel=1e-6)
    assert torch.equal(found.wrong, outputs.argmax(1) != labels[rows])


def test_the_error_of_a_minibatch_is_one_minus_its_accuracy():
    used, usual = Used(objective="error"), Used()
    outputs = torch.zeros(4, 10, requires_grad=True).clone()
    outputs[torch.arange(4), [1, 2, 3, 4]] = 2.0
    targets = torch.tensor([1, 2, 3, 9])
    loss = used.task.loss(outputs, targets)
    assert (loss.item(), loss.dtype, loss.shape) == (0.25, torch.float32, ())
    assert not loss.requires_grad
    assert usual.task.loss(outputs, targets).item() == pytest.approx(
        functional.cross_entropy(outputs, targets).item()
    )
    scores, wanted = evaluated(used, "test")[1].scores, evaluated(usual, "test")[1].scores
    assert {k: v.item() for k, v in scores.items()} == {k: v.item() for k, v in wanted.items()}


def test_training_images_are_cropped_and_mirrored_and_others_are_not():
    plain = Used()
    used = Used(crop=2, flip=True)
    used.task.begin_epoch(1)
    rows = list(range(12))
    raw = torch.tensor(plain.data.train_images[rows])
    padded = functional.pad(raw, [2] * 4).float() / 255
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, DEVIATION))
    padded = (padded - mean) / deviation
    moves = []
    for image, found in zip(padded, used.inputs(rows), strict=True):
        cuts = {
            (down, right, mirrored): cut.flip(2) if mirrored else cut
            for down in range(5)
            for right in range(5)
            for mirrored in (False, True)
            for cut in [image[:, down : down + 32, right : right + 32]]
        }
        (move,) = [m for m, cut in cuts.items() if torch.allclose(cut, found, atol=1e-6)]
        moves.append(move)
    assert len(set(moves)) > 6
    assert {mirrored for _, _, mirrored in moves} == {False, True}
    first = used.inputs(rows)
    used.task.begin_epoch(2)
    assert not torch.equal(used.inputs(rows), first)
    for split in ("train", "test"):
        assert torch.equal(evaluated(used, split)[0], evaluated(plain, split)[0])
