"""What every problem must be: its derivatives those of its values, its draws named."""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import Numerics
from escaping_minima.engine.points_objective import evaluator
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import training_items
from escaping_minima.kinds.training.texts import load_text_data
from escaping_minima.parts.registry import make_method, make_problem, part_class
from escaping_minima.problems.plane import BLOCK
from escaping_minima.problems.points import draw_starts
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.vouching.cases import registered


def those_with(attribute):
    names = registered("problems")
    return [name for name in names if hasattr(part_class("problems", name), attribute)]


NETWORKS = those_with("network")
WALKED = those_with("surface")
PLANE = those_with("value")
ROWS = those_with("values")
SUMMED = those_with("summed")
CPU = torch.device("cpu")
ITEMS, TEST_IMAGES, TEST_TEXTS, BATCH = 60, 40, 28, 12
#: Of the channels of networks whose width is a setting.
DIVISOR = 16
#: Of networks whose depth is a setting: fifty layers at their start magnify the last digits of
#: float32 until units of ReLU change sides, which moves a gradient by percents.
BLOCKS = (1, 1, 1, 1)


#: What libraries may differ by where they have an exponential each of their own.
LAST_DIGITS = {"gentle_plane": 1e-14}


def test_every_problem_is_of_one_form():
    assert sorted([*NETWORKS, *PLANE, *SUMMED, *{*ROWS, *WALKED}]) == registered("problems")


def box(problem, count=200):
    rng = np.random.default_rng(0)
    low, high = np.array(problem.lower), np.array(problem.upper)
    return low + (high - low) * rng.random((count, len(low)))


@pytest.fixture(params=[*PLANE, *ROWS, "five_wells"])
def small(request, battery):
    if request.param == "five_wells":
        return battery.FiveWells()
    return make_problem(request.param, {})


def test_gradients_are_the_slopes_of_values(small):
    points = torch.from_numpy(box(small))
    ask = evaluator(small)
    step = 1e-6
    for axis in range(points.shape[1]):
        shift = torch.zeros(points.shape[1], dtype=torch.float64)
        shift[axis] = step
        slope = (ask.values(points + shift) - ask.values(points - shift))[:, 0] / (2 * step)
        # values of up to thousands lose digits in the difference
        torch.testing.assert_close(ask.gradients(points)[:, axis], slope, rtol=1e-6, atol=1e-4)


def test_the_box_is_one_and_starts_lie_in_it(small):
    assert len(small.lower) == len(small.upper)
    assert all(low < high for low, high in zip(small.lower, small.upper, strict=True))
    starts = draw_starts(small, Streams("battery", 0))
    assert starts.shape == (small.BLOCK, len(small.lower))
    assert ((starts >= small.lower) & (starts < small.upper)).all()
    wide = (np.array(small.upper) - small.lower) * np.sqrt(1 / 12)
    if small.BLOCK == BLOCK:
        assert starts.std(0) == pytest.approx(wide, rel=0.15)


def test_values_in_the_box_are_finite(small):
    points = torch.from_numpy(box(small))
    assert torch.isfinite(evaluator(small).values(points)).all()
    assert torch.isfinite(evaluator(small).gradients(points)).all()


@pytest.mark.parametrize("name", PLANE)
def test_second_derivatives_are_the_slopes_of_the_gradient(name):
    problem = make_problem(name, {})
    x, y = box(problem).T
    step = 1e-6
    rows = [
        [(up - down) / (2 * step) for up, down in zip(*pair, strict=True)]
        for pair in (
            (problem.gradient(x + step, y), problem.gradient(x - step, y)),
            (problem.gradient(x, y + step), problem.gradient(x, y - step)),
        )
    ]
    fxx, fxy, fyy = problem.hessian(x, y)
    for exact, slope in (
        (fxx, rows[0][0]),
        (fxy, rows[0][1]),
        (fxy, rows[1][0]),
        (fyy, rows[1][1]),
    ):
        np.testing.assert_allclose(np.broadcast_to(exact, slope.shape), slope, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("function", ["value", "gradient", "hessian"])
@pytest.mark.parametrize("name", PLANE)
def test_floats_arrays_and_tensors_pass_through_the_same_expressions(name, function):
    ask = getattr(make_problem(name, {}), function)
    points = box(make_problem(name, {}), 50)
    arrays = np.stack(np.atleast_2d(ask(*points.T)))
    tensors = ask(*torch.from_numpy(points.T.copy()))
    tensors = tensors if isinstance(tensors, tuple) else (tensors,)
    for row, (x, y) in enumerate(points.tolist()):
        single = np.atleast_1d(ask(x, y))
        assert arrays[:, row].tolist() == single.tolist()
        found = np.array([t.expand(50)[row].item() for t in tensors])
        np.testing.assert_allclose(found, single, rtol=LAST_DIGITS.get(name, 0.0), atol=0.0)


@pytest.mark.parametrize("name", PLANE)
def test_blocks_of_the_plane_are_those_of_the_published_tables(name):
    assert make_problem(name, {}).BLOCK == BLOCK == 500
    assert len(make_problem(name, {}).lower) == 2


def generated(problem):
    """Return the generated data of a problem as it reads them, and their training items."""
    if not hasattr(problem, "READING"):
        data = load_images(problem.DATA_SET, "generated")
        return data, [data.train_images, data.train_labels]
    data = load_text_data(problem.DATA_SET, "generated", None, None, *problem.READING)
    return data, items_of(data.train)


def items_of(texts):
    ends = texts.ends.tolist()
    tokens = [texts.tokens[b:e] for b, e in zip([0, *ends], ends, strict=False)]
    return [np.array([t.tolist() + [0] * (99 - len(t)) for t in tokens]), texts.labels]


def exactly(inputs):
    """Return what a network reads in float64, where it is no token or mask."""
    if isinstance(inputs, tuple):
        return tuple(map(exactly, inputs))
    return inputs.double() if inputs.is_floating_point() else inputs


def contiguous(inputs):
    """Return what a network reads in the plain layout of memory."""
    if isinstance(inputs, tuple):
        return tuple(map(contiguous, inputs))
    return inputs.contiguous()


class Network:
    """A network problem on a part of its generated data."""

    def __init__(self, name):
        wanted: dict[str, object] = {"data": "generated", "divisor": DIVISOR, "blocks": BLOCKS}
        wanted |= {"train_images": ITEMS, "test_images": TEST_IMAGES}
        wanted |= {"train_texts": ITEMS, "test_texts": TEST_TEXTS, "width": 8}
        own = {f.name for f in fields(part_class("problems", name))}
        self.name = name
        self.problem = make_problem(name, {k: v for k, v in wanted.items() if k in own})
        self.data, self.items = generated(self.problem)
        self.test_items = TEST_IMAGES if "test_images" in own else TEST_TEXTS
        self.selected = self.problem.select(self.data)
        self.placed = self.problem.place(self.selected, CPU)

    def run(self, block=0, seed=0, **more):
        torch.manual_seed(seed)
        sizes = BatchSizes(BATCH, BATCH)
        plan = TrainingPlan(self.name, self.problem, make_method("gd", {}), sizes, 1, **more)
        with torch.no_grad():
            return Run(plan, self.placed, block, CPU)


@pytest.fixture(params=NETWORKS, scope="module")
def network(request):
    return Network(request.param)


def test_the_start_of_a_network_is_named(network):
    one, other = network.run(seed=1), network.run(seed=2)
    assert torch.equal(one.network.w, other.network.w)
    assert torch.isfinite(one.network.w).all()
    assert not torch.equal(network.run(block=1).network.w, one.network.w)
    for name, buffer in one.network.buffers().items():
        assert torch.equal(buffer, other.network.buffers()[name])


def test_nothing_of_an_update_comes_from_generators_without_a_name(network):
    found = []
    for seed in (1, 2):
        run = network.run()
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        with torch.no_grad():
            run.begin_epoch(BATCH)
            run.update(0, BATCH)
            run.update(BATCH, 2 * BATCH)
        assert torch.equal(torch.get_rng_state(), before)
        found.append(run)
    assert torch.equal(found[0].network.w, found[1].network.w)
    assert torch.equal(found[0].running, found[1].running)


def test_the_gradient_of_a_network_is_the_slope_of_its_loss(network):
    """In float64, at the coordinates with the steepest slopes, dropout masks and all."""
    # batch normalisation in the other layout has five digits on a CPU, in this one seven
    run = network.run(numerics=Numerics(memory_format="contiguous"))
    with torch.no_grad():
        run.begin_epoch(BATCH)
        run.draws.begin(0)
        for layer, part in zip(run._halves, run._bits.parts(0, BATCH), strict=True):
            layer.bits = part
        inputs, targets = run.task.batch(run.order[:BATCH])
        inputs = contiguous(inputs)
        run.objective.take(inputs, targets)
        gradient = torch.empty_like(run.network.w)
        run.objective.gradient(run.network.w, gradient)
        # generators of torch cannot be copied, and need not be: masks are drawn
        exact = copy.deepcopy(run.network.module, {id(run.draws): run.draws}).double()
        for layer in exact.modules():
            if isinstance(layer, NamedDropout):
                # it rounds to float32, which would drown a difference
                layer.forward = partial(torch.mul, layer._mask.double())
        loss = run.task.loss(exact(exactly(inputs)), exactly(targets)).item()
        assert run.objective.first_loss.item() == pytest.approx(loss, rel=1e-5)
        flat = gradient[0]
        views = list(exact.parameters())
        owners = list(zip(run.network.views(gradient), views, strict=True))
        for part, weights in owners:
            place = np.unravel_index(int(part.abs().argmax()), part.shape)
            if part[place].abs() < 1e-3 * flat.abs().max():
                continue
            kept, sides = weights[place].item(), []
            # so short that hardly a unit changes sides on the way
            for side in (1e-7, -1e-7):
                weights[place] = kept + side
                sides.append(run.task.loss(exact(exactly(inputs)), exactly(targets)).item())
            weights[place] = kept
            assert part[place].item() == pytest.approx((sides[0] - sides[1]) / 2e-7, rel=2e-3)


def test_evaluation_leaves_a_network_as_it_was(network):
    run = network.run()
    before = {n: b.clone() for n, b in run.network.buffers().items()}
    weights = run.network.w.clone()
    once = run.task.evaluate(run.network.module, "test", Numerics())
    assert run.network.module.training
    assert all(torch.equal(b, before[n]) for n, b in run.network.buffers().items())
    assert torch.equal(run.network.w, weights)
    again = run.task.evaluate(run.network.module, "test", Numerics())
    assert torch.equal(once.wrong, again.wrong)
    assert once.scores.keys() == again.scores.keys()
    for name, score in once.scores.items():
        assert (score.dtype, score.shape) == (torch.float64, ())
        assert score.item() == again.scores[name].item()


def test_a_task_owns_batches_loss_and_scores(network):
    run = network.run()
    task = run.task
    assert task.size == training_items(network.problem) == ITEMS
    assert {"train", "test"} <= set(task.splits)
    task.begin_epoch(1)
    inputs, targets = task.batch(torch.tensor([3, 1, 2]))
    loss = task.loss(run.network.module.eval()(inputs), targets)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    # rows of a batch are in the order that was asked for
    other, _ = task.batch(torch.tensor([2, 1, 3]))
    values, others = (i[0] if isinstance(i, tuple) else i for i in (inputs, other))
    assert len(values) == len(targets) == 3
    assert torch.equal(others[2], values[0])
    assert torch.equal(others[0], values[2])
    for split, size in (("train", ITEMS), ("test", network.test_items)):
        found = task.evaluate(run.network.module, split, Numerics())
        assert "loss" in found.scores
        assert (found.wrong.shape, found.wrong.dtype) == ((size,), torch.bool)


def test_a_part_of_the_data_is_its_first_items(network):
    selected, setting = network.selected, "train_images"
    if hasattr(selected, "train_images"):
        own = [selected.train_images, selected.train_labels]
    else:
        own, setting = items_of(selected.train), "train_texts"
    for some, every in zip(own, network.items, strict=True):
        np.testing.assert_array_equal(some, every[:ITEMS])
    assert selected.checksums == network.data.checksums
    with pytest.raises(UserError, match=rf"{setting}: found 999999; allowed: at most \d+"):
        replace(network.problem, **{setting: 999_999}).select(network.data)
