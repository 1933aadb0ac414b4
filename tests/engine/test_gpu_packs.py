"""On a GPU: runs in a pack have the bits that they have alone, captured or not, stopped or not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.draws.dropout import HalfDropout, NamedDropout
from escaping_minima.engine.session import Stopped
from escaping_minima.kinds.training.width import measure_bytes
from escaping_minima.modifiers.momentum import Momentum
from escaping_minima.modifiers.weight_decay import WeightDecay
from escaping_minima.observers.annealing import Annealing
from escaping_minima.observers.loss_deviation import LossDeviation
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.problems.tasks.images import ImageTask
from escaping_minima.problems.tasks.pixels import Pixels
from escaping_minima.problems.tasks.targets import OneClass
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.schedules.cooling import Cooling
from escaping_minima.schedules.cosine import Cosine

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@dataclass(frozen=True)
class Augmented(TakaseMnist):
    """The same network, its images cropped, mirrored and normalised."""

    def task(self, placed, streams):
        pixels = Pixels(255.0, mean=(0.13,), deviation=(0.31,), crop=2, flip=True)
        return ImageTask(placed.splits(), pixels, OneClass(), streams)


@dataclass(frozen=True)
class Named(TakaseMnist):
    """The same network, its dropout drawn on the device by name."""

    def network(self):
        layers = super().network()
        drawn = (NamedDropout(0.5) if isinstance(m, HalfDropout) else m for m in layers)
        return torch.nn.Sequential(*drawn)


PROBLEM = TakaseMnist(data="generated", train_images=100, test_images=60)
AUGMENTED = Augmented(data="generated", train_images=100, test_images=60)

NAMED = Named(data="generated", train_images=100, test_images=60)


@pytest.fixture(scope="module")
def data():
    return PROBLEM.select(load_images("mnist", "generated"))


@pytest.fixture
def mixed(runs):
    """Return plans of a pack: other methods, batch sizes, parts; one of them diverges."""
    small, growing = BatchSizes(2, 2), BatchSizes(2, 10)

    def plan(method, sizes, problem=PROBLEM, rate=0.01, **more):
        made = make_method(method, {"learning_rate": rate})
        return runs.network_plan(problem, made, sizes, 4, **more)

    def tolerant(method, **settings):
        # whatever the gradient is, it is small enough for noise to be due
        made = make_method(method, {"gradient_tolerance": 1e9, **settings})
        return runs.network_plan(PROBLEM, made, small, 4)

    def annealed(method, settings, problem=PROBLEM, **more):
        made = make_method(method, settings)
        watched = {"observers": (*runs.USUAL, Annealing(14))}
        return runs.network_plan(problem, made, small, 4, **watched, **more)

    cooled = {"schedules": {"temperature": Cooling(0.1)}}
    return {
        "adagrad": (plan("adagrad", small), 0),
        "growing": (plan("adagrad", growing), 1),
        "looked_at": (plan("adagrad", small, observers=(*runs.USUAL, LossDeviation(3))), 1),
        "scheduled": (plan("gd", small, schedules={"learning_rate": Cosine()}), 0),
        "decayed": (plan("gd", small, modifiers=[WeightDecay(), Momentum()]), 2),
        "augmented": (plan("gd", small, AUGMENTED), 0),
        "noisy": (plan("nig", small), 0),
        "in_model": (tolerant("nim", patience=3), 2),
        "hopping": (tolerant("nim_bh", patience=3), 1),
        "monotonic": (tolerant("nig_mbh", patience=3), 0),
        "sam": (plan("sam", small), 3),
        "named": (plan("gd", small, NAMED), 1),
        "annealed": (annealed("sgd_sa", {"temperature": 100.0}, NAMED, **cooled), 0),
        "rolled_back": (annealed("sgd_sa", {"temperature": 10.0, "roll_back": True}), 1),
        "printed": (annealed("sgd_sa", {"losses": "training", "cooling": 0.98}), 2),
        "untested": (annealed("sgd_sa", {"accept": False}), 0),
        "random": (annealed("ssa", {"drop_below": 0.6, "temperature": 1e-3}, **cooled), 0),
        "refreshed": (annealed("ssa", {"refresh": True, "unit": "mean"}, NAMED), 1),
        "diverging": (plan("gd", small, rate=1e30), 0),
    }


def test_a_mixed_pack_has_the_bits_of_each_run_alone(runs, data, mixed):
    together = runs.train_pack(mixed, data, device="cuda", width=4)
    assert together["diverging"].diverged
    for name, (plan, block) in mixed.items():
        runs.assert_equal(together[name], runs.train_network(plan, data, block, device="cuda"))


def test_captured_updates_equal_eager_ones_for_every_part(runs, data, mixed, monkeypatch):
    captured = runs.train_pack(mixed, data, device="cuda", width=8)
    monkeypatch.setattr("escaping_minima.engine.capture.EAGER_FIRST", 10**9)
    eager = runs.train_pack(mixed, data, device="cuda", width=1)
    for name, result in captured.items():
        runs.assert_equal(result, eager[name])


def test_a_stopped_pack_goes_on_to_the_same_bits(runs, data, mixed):
    session = runs.MemorySession(runs.StopAt(70))
    with pytest.raises(Stopped):
        runs.train_pack(mixed, data, session, "cuda", 4)
    session.should_stop = bool
    resumed = runs.train_pack(mixed, data, session, "cuda", 4)
    whole = runs.train_pack(mixed, data, device="cuda", width=4)
    for name, result in resumed.items():
        runs.assert_equal(result, whole[name])


def test_the_memory_of_a_run_is_measured_and_given_back(mixed, data):
    plan, _ = mixed["growing"]
    device = torch.device("cuda:0")
    placed = PROBLEM.place(data, device)
    before = allocated_by_runs(device)
    # 1,114,314 weights, their sums, gradients and the network's own: 4 bytes each
    assert measure_bytes(plan, placed, device) > 3 * 4 * 1_114_314
    assert allocated_by_runs(device) == before


def allocated_by_runs(device):
    """Return the bytes in use without the workspaces that cuBLAS keeps for each stream."""
    torch._C._cuda_clearCublasWorkspaces()
    return torch.cuda.memory_allocated(device)


def test_a_network_too_narrow_to_be_read_in_place_trains_as_on_a_cpu(runs):
    """Two channels: weights, biases and norms lie at addresses that cuDNN cannot read."""
    sizes = {"train_images": 60, "test_images": 40}
    problem = make_problem("vgg16", {"data": "generated", "divisor": 32, **sizes})
    images = problem.select(load_images("cifar-10", "generated"))
    made = make_method("gd", {"learning_rate": 0.01})
    plan = runs.network_plan(problem, made, BatchSizes(5, 5), 2, "vgg16")
    ours = runs.train_network(plan, images, device="cuda")
    theirs = runs.train_network(plan, images)
    # at the start alone: dropout is drawn by the device
    assert ours.curves["train_loss"][0] == pytest.approx(theirs.curves["train_loss"][0], rel=1e-5)
    assert not ours.diverged
    assert ours.run.objective.gradient_evaluations == 24
