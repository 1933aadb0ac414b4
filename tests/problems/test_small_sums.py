"""Small problems of the question against what they are written out, in float64."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from escaping_minima.data.load import load_images
from escaping_minima.draws.boxes import draw_in_box
from escaping_minima.draws.item_draws import StepDraws
from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.curve import curve_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.sums import with_data

CPU = torch.device("cpu")
STREAMS = Streams("written out", 0)
ROWS, BATCH, STRENGTH = 4, 5, 0.3
SOURCES = ("none", "dropout", "input_noise", "augmentation", "weight_noise")
XOR_INPUTS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
XOR_TARGETS = torch.tensor([0, 1, 1, 0], dtype=torch.float64)


def step_draws():
    found = StepDraws([STREAMS], ROWS, CPU)
    found.begin(0)
    return found


def network(sizes, weights, inputs, masks=None):
    """Return the outputs of one network (n, outputs), layer by layer."""
    place, a = 0, inputs
    for index, (before, after) in enumerate(pairwise(sizes)):
        matrix = weights[place : place + before * after].view(after, before)
        bias = weights[place + before * after : place + (before + 1) * after]
        place += (before + 1) * after
        a = a @ matrix.T + bias
        if index < len(sizes) - 2:
            a = functional.elu(a)
            a = a if masks is None else a * masks[index]
    return a


def written_out(sizes, row, source, inputs_of, loss, w, chosen, draws):
    """Return the gradient of one network by autograd, disturbed as a source says."""
    weights, inputs, masks = w[row].clone().requires_grad_(), inputs_of(0, chosen[row]), None
    used = weights
    if source == "weight_noise":
        used = weights + STRENGTH * draws.normal("weight noise", w.shape[1:])[row]
    if source == "input_noise":
        inputs = inputs + STRENGTH * draws.normal("input noise", (BATCH, sizes[0]))[row]
    if source == "augmentation":
        share = draws.uniform("augmentation", (BATCH,))[row] / STRENGTH
        others = inputs_of(None, chosen[row])[1:]
        for item, at in enumerate(share.tolist()):
            if at < 1:
                inputs[item] = others[int(at * len(others)), item]
    if source == "dropout":
        masks = [
            (draws.uniform(f"dropout {layer}", (BATCH, units))[row] >= STRENGTH).double() / 0.7
            for layer, units in enumerate(sizes[1:-1])
        ]
    loss(network(sizes, used, inputs, masks), chosen[row]).backward()
    return weights.grad


def compare(problem, sizes, source, inputs_of, loss):
    w = draw_in_box(problem, STREAMS, "points", ROWS)
    chosen = torch.from_numpy(
        STREAMS.generator("items", 0).integers(0, problem.items, (ROWS, BATCH))
    )
    found = problem.noisy_gradients(w, chosen, step_draws())
    rest = (source, inputs_of, loss, w, chosen, step_draws())
    exact = torch.stack([written_out(sizes, row, *rest) for row in range(ROWS)])
    torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-13)
    # a comparison of zeros would say nothing
    assert exact.abs().amax(1).min() > 1e-3
    values = [
        [
            loss(network(sizes, w[row], inputs_of(0, one)), one).item()
            for one in chosen[row].split(1)
        ]
        for row in range(ROWS)
    ]
    torch.testing.assert_close(problem.item_values(w, chosen), torch.tensor(values).double())


@pytest.mark.parametrize("source", SOURCES)
def test_xor_is_the_network_written_out(source):
    strength = 0.0 if source == "none" else STRENGTH
    settings = {"width": 3, "depth": 2, "source": source, "strength": strength}
    problem = make_problem("xor_sum", settings)
    variants = torch.stack([XOR_INPUTS, 1 - XOR_INPUTS])

    def inputs_of(variant, items):
        return variants[:, items] if variant is None else variants[variant, items].clone()

    def loss(outputs, items):
        return functional.binary_cross_entropy_with_logits(outputs[:, 0], XOR_TARGETS[items])

    compare(problem, (2, 3, 3, 1), source, inputs_of, loss)


@pytest.fixture(scope="module")
def mnist():
    return load_images("mnist", "sample")


@pytest.mark.parametrize("source", SOURCES)
def test_mnist_is_the_network_written_out_on_small_images(source, mnist):
    strength = 0.0 if source == "none" else STRENGTH
    settings = {"data": "sample", "train_images": 40, "width": 4, "depth": 3, "side": 14}
    problem = make_problem("small_mnist", {**settings, "source": source, "strength": strength})
    images = torch.tensor(mnist.train_images[:40], dtype=torch.float64) / 255
    padded = functional.pad(images, (2, 2, 2, 2))
    ways = [(0, 0), *[(y, x) for y in (-2, 0, 2) for x in (-2, 0, 2) if (y, x) != (0, 0)]]
    moved = [padded[:, :, 2 + y : 30 + y, 2 + x : 30 + x] for y, x in ways]
    variants = torch.stack([functional.avg_pool2d(some, 2).flatten(1) for some in moved])
    labels = torch.tensor(mnist.train_labels[:40].astype(np.int64))

    def inputs_of(variant, items):
        return variants[:, items] if variant is None else variants[variant, items].clone()

    def loss(outputs, items):
        return functional.cross_entropy(outputs, labels[items])

    compare(with_data(problem, mnist, CPU), (196, 4, 4, 4, 10), source, inputs_of, loss)


def test_starts_of_small_mnist_are_those_of_torch():
    problem = make_problem("small_mnist", {"width": 3, "depth": 1, "gain": 2.0})
    hidden, output = 2 / 7, 2 / math.sqrt(3)
    assert problem.upper == pytest.approx((hidden,) * 150 + (output,) * 40, rel=1e-15)
    assert problem.lower == tuple(-bound for bound in problem.upper)


def test_xor_as_a_sum_is_xor():
    summed, whole = (make_problem(name, {"width": 4, "depth": 2}) for name in ("xor_sum", "xor"))
    w = draw_in_box(summed, STREAMS, "points", 10)
    assert torch.equal(summed.values(w), whole.values(w))
    assert torch.equal(summed.gradients(w), whole.gradients(w))
    flat = torch.zeros(1, len(summed.lower), dtype=torch.float64)
    assert summed.values(flat).item() == pytest.approx(summed.levels[-1])


# ------------------------------------------------------------------------------- scattered sum


@pytest.mark.parametrize(("barrier", "top"), [(0.1, -0.2), (0.02, -0.5), (1.0, -0.05)])
def test_the_mean_of_scattered_curves_has_the_minima_and_the_barrier_that_are_set(barrier, top):
    problem = make_problem("scattered_sum", {"barrier": barrier, "top": top})
    points = curve_points(problem)
    assert [p.kind for p in points] == ["minimum", "maximum", "minimum"]
    assert [p.x for p in points] == pytest.approx([-1.0, top, 1.0], abs=1e-12)
    local, peak, lowest = (p.value for p in points)
    assert peak - local == pytest.approx(barrier, rel=1e-12)
    assert lowest == pytest.approx(0.0, abs=1e-15)
    assert problem.levels == pytest.approx((0.0, local), abs=1e-15)
    assert local > 0.1 * barrier


def test_items_are_the_curves_that_are_described():
    problem = make_problem("scattered_sum", {"items": 5, "interpolates": "local"})
    x = np.linspace(-1.5, 1.5, 7)
    still = 1 - np.exp(-(((x + 1) / 0.5) ** 2))
    for item in range(5):
        wave = np.sqrt(2) * still * np.sin(2 * x + 2 * np.pi * item / 5) / 2
        chosen = torch.full((7, 1), item)
        found = problem.item_values(torch.from_numpy(x).unsqueeze(1), chosen)[:, 0]
        np.testing.assert_allclose(found, problem.height(x) + wave, rtol=1e-13, atol=1e-15)
        sides = [
            problem.item_values(torch.from_numpy(x + way).unsqueeze(1), chosen)[:, 0]
            for way in (1e-6, -1e-6)
        ]
        slopes = problem.mean_gradients(torch.from_numpy(x).unsqueeze(1), chosen)[:, 0]
        torch.testing.assert_close(slopes, (sides[0] - sides[1]) / 2e-6, rtol=1e-6, atol=1e-8)


def item_slopes(problem, x):
    every = torch.arange(problem.items).unsqueeze(1)
    at = torch.full((problem.items, 1), x, dtype=torch.float64)
    return problem.mean_gradients(at, every)[:, 0].numpy()


@pytest.mark.parametrize("scatter", [0.3, 1.0])
def test_slopes_of_items_scatter_by_what_is_set(scatter):
    problem = make_problem("scattered_sum", {"scatter": scatter, "items": 64})
    for x in (-1.0, -0.2, 0.37, 1.0):
        slopes = item_slopes(problem, x)
        assert slopes.std() == pytest.approx(scatter, rel=1e-12)
        assert slopes.mean() == pytest.approx(problem.slope(np.array(x)), abs=1e-14)


def test_minima_of_items_are_scattered():
    problem = make_problem("scattered_sum", {})
    x = torch.linspace(-2.0, 2.0, 2001, dtype=torch.float64).unsqueeze(1)
    lowest = x[problem.item_values(x, None).argmin(0), 0].numpy()
    # the two minima of the mean are 2 apart
    assert lowest.std() > 0.5
    assert (np.abs(np.abs(lowest) - 1.0) > 0.1).mean() > 0.5


@pytest.mark.parametrize(("which", "x"), [("local", -1.0), ("global", 1.0)])
def test_every_slope_vanishes_where_a_minimum_interpolates(which, x):
    problem = make_problem("scattered_sum", {"interpolates": which})
    assert np.abs(item_slopes(problem, x)).max() == 0.0
    assert item_slopes(problem, -x).std() == pytest.approx(1.0, rel=1e-6)
    plain = make_problem("scattered_sum", {})
    at = torch.tensor([[x], [-x]], dtype=torch.float64)
    assert torch.equal(problem.values(at), plain.values(at))
