"""A training run depends on its cell and its index alone; killing it anywhere changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from escaping_minima.engine.run_training import Stopped, TrainingSettings, run_training

from escaping_minima.data.load import load_images
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.schedules.batch_sizes import BatchSizes

IMAGES = 100
SIZES = BatchSizes(10, 30)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data():
    problem = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    return problem.select(load_images("mnist", "generated"))


def train(data, method="adagrad", settings=None, block=0, epochs=3, sizes=SIZES, **problem):
    made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60, **problem)
    rule = make_method(method, {"learning_rate": 0.01})
    around = settings or TrainingSettings()
    return run_training("takase_mnist", made, data, rule, sizes, epochs, block, around)


def assert_equal(one, other):
    assert one.curves.keys() == other.curves.keys()
    for key, values in one.curves.items():
        np.testing.assert_array_equal(values, other.curves[key], err_msg=key)
    np.testing.assert_array_equal(one.wrong, other.wrong)
    assert one.gradient_evaluations == other.gradient_evaluations


class StopAt:
    """Asks to stop before the n-th update."""

    def __init__(self, update):
        self.left = update

    def __call__(self):
        self.left -= 1
        return self.left < 0


# batches an epoch: 10, 5, 4; so the first update, in an epoch, at a border, in the last epoch
@pytest.mark.parametrize("stops", [[0], [4], [10], [13], [18], [3, 5, 4]])
@pytest.mark.parametrize("method", ["adagrad", "sam", "nig"])
def test_resumed_runs_give_the_same_bits(data, tmp_path, method, stops):
    """With batch normalisation and dropout on, which the network has."""
    path = tmp_path / "state.pt"
    for stop in stops:
        with pytest.raises(Stopped):
            train(data, method, TrainingSettings(checkpoint=path, should_stop=StopAt(stop)))
        assert path.exists()
    resumed = train(data, method, TrainingSettings(checkpoint=path))
    assert_equal(resumed, train(data, method))


def test_checkpoints_in_passing_change_nothing(data, tmp_path):
    often = TrainingSettings(checkpoint=tmp_path / "state.pt", checkpoint_seconds=1e-9)
    assert_equal(train(data, settings=often), train(data))


@pytest.mark.parametrize("damage", ["cut", "altered", "other version", "gone"])
def test_a_damaged_checkpoint_falls_back_on_the_one_before(data, tmp_path, capsys, damage):
    path = tmp_path / "state.pt"
    for stop in (6, 6):
        with pytest.raises(Stopped):
            train(data, settings=TrainingSettings(checkpoint=path, should_stop=StopAt(stop)))
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif damage == "gone":
        path.unlink()
    else:
        _rewrite_version(path)
    counted = Counting()
    resumed = train(data, settings=TrainingSettings(checkpoint=path, should_stop=counted))
    # 19 updates in all, 6 of them before the older checkpoint
    assert counted.asked == 19 - 6
    assert_equal(resumed, train(data))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == (0 if damage == "gone" else 1)
    assert all("the checkpoint is not used" in line and "state.pt" in line for line in said)


def test_two_damaged_checkpoints_start_the_block_again(data, tmp_path, capsys):
    path = tmp_path / "state.pt"
    for stop in (6, 6):
        with pytest.raises(Stopped):
            train(data, settings=TrainingSettings(checkpoint=path, should_stop=StopAt(stop)))
    for file in tmp_path.iterdir():
        file.write_bytes(b"no checkpoint")
    assert_equal(train(data, settings=TrainingSettings(checkpoint=path)), train(data))
    assert len(capsys.readouterr().out.splitlines()) == 2


class Counting:
    def __init__(self):
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return False


def _rewrite_version(path):
    import hashlib
    import io

    content = path.read_bytes()
    loaded = torch.load(io.BytesIO(content[32:]), weights_only=True)
    buffer = io.BytesIO()
    torch.save(loaded | {"torch": "1.0"}, buffer)
    body = buffer.getvalue()
    path.write_bytes(hashlib.sha256(body).digest() + body)


def test_curves_say_what_happened(data):
    result = train(data)
    curves = result.curves
    assert curves["epoch"] == [0, 1, 2, 3]
    assert curves["batch_size"] == [0, 10, 20, 30]
    assert curves["updates"] == [0, 10, 15, 19]
    assert result.gradient_evaluations == 19
    assert result.loss_evaluations == 0
    assert result.parameters == 1_111_946
    assert math.isnan(curves["running_loss"][0])
    assert result.wrong.mean() * 100 == pytest.approx(curves["test_error"][-1])
    # ten classes at the start: about ln 10, with weights inside Glorot's bounds
    assert curves["test_loss"][0] == pytest.approx(math.log(10), abs=0.3)
    assert curves["weight_max"][0] == pytest.approx(math.sqrt(6 / (25 * (1 + 32))), rel=0.01)
    assert curves["parameter_min"][0] == curves["weight_min"][0]
    assert not result.diverged


def test_blocks_differ_and_methods_share_their_start(data):
    one, other = train(data, epochs=1), train(data, epochs=1, block=1)
    assert one.curves["test_loss"][0] != other.curves["test_loss"][0]
    plain = train(data, "gd", epochs=1)
    assert plain.curves["test_loss"][0] == one.curves["test_loss"][0]
    assert plain.curves["test_loss"][1] != one.curves["test_loss"][1]


def test_runs_of_other_length_share_their_beginning(data):
    fixed = BatchSizes(10, 10)
    short = train(data, epochs=1, sizes=fixed)
    longer = train(data, epochs=2, sizes=fixed)
    for key, values in short.curves.items():
        np.testing.assert_array_equal(values, longer.curves[key][:2], err_msg=key)


def test_a_loss_that_is_not_finite_ends_the_block_as_diverged(data):
    made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    rule = make_method("gd", {"learning_rate": 1e30})
    result = run_training("takase_mnist", made, data, rule, SIZES, 5, 0, TrainingSettings())
    assert result.diverged
    assert result.curves["epoch"] == [0, 1]


def test_labels_in_random_order_leave_nothing_to_learn(data):
    """What is learnt from the generated images is gone with permuted labels."""
    fixed = {"epochs": 6, "sizes": BatchSizes(10, 10)}
    learnt = train(data, **fixed).curves["test_error"][-1]
    permuted = train(data, **fixed, permute_labels=True).curves["test_error"][-1]
    assert learnt < 40
    assert permuted > 70


def test_batch_norm_statistics_move_once_an_update(data):
    """SAM evaluates twice; its first evaluation alone may move them."""
    made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    still = replace(made, batch_norm_momentum=1.0)
    seen = []
    for method in ("gd", "sam"):
        rule = make_method(method, {"learning_rate": 1e-12})
        result = run_training(
            "takase_mnist", still, data, rule, BatchSizes(100, 100), 1, 0, TrainingSettings()
        )
        seen.append(result.curves["test_loss"][1])
    # with a step of nothing and momentum 1 the statistics are those of the one batch at the start
    assert seen[1] == pytest.approx(seen[0], rel=1e-5)


@pytest.fixture
def as_trained(monkeypatch):
    """Set what training sets on a GPU."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("method", ["adagrad", "gd"])
def test_captured_updates_equal_eager_ones(data, monkeypatch, as_trained, method):
    settings = TrainingSettings(device="cuda")
    captured = train(data, method, settings, epochs=6, sizes=BatchSizes(2, 2))
    monkeypatch.setattr("escaping_minima.engine.capture.EAGER_FIRST", 10**9)
    eager = train(data, method, settings, epochs=6, sizes=BatchSizes(2, 2))
    assert_equal(captured, eager)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("stop", [4, 60, 130])
def test_resumed_runs_on_a_gpu_give_the_same_bits(data, as_trained, tmp_path, stop):
    """Before an update is captured, after it, and in a later epoch: 50 updates an epoch."""
    sizes = BatchSizes(2, 2)

    def run(**words):
        return train(data, settings=TrainingSettings(device="cuda", **words), sizes=sizes)

    with pytest.raises(Stopped):
        run(checkpoint=tmp_path / "state.pt", should_stop=StopAt(stop))
    assert_equal(run(checkpoint=tmp_path / "state.pt"), run())
