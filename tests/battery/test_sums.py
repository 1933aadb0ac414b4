"""What every problem that is a mean over items must do."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.draws.boxes import draw_in_box
from escaping_minima.draws.item_draws import StepDraws
from escaping_minima.draws.streams import Streams
from escaping_minima.parts.registry import make_problem, part_class
from escaping_minima.problems.sums import SOURCES, is_sum, with_data
from escaping_minima.vouching.cases import registered

CPU = torch.device("cpu")
STREAMS = Streams("battery", 0)
ROWS, BATCH = 6, 3
FEW = {"data": "generated", "train_images": 30, "width": 3, "depth": 2}
SUMS = [name for name in registered("problems") if is_sum(part_class("problems", name))]
NOISY = [
    name for name in SUMS if "source" in {f.name for f in fields(part_class("problems", name))}
]


def made(name, **more):
    own = {f.name for f in fields(part_class("problems", name))}
    problem = make_problem(name, {k: v for k, v in {**FEW, **more}.items() if k in own})
    data = load_images(problem.DATA_SET, "generated") if hasattr(problem, "DATA_SET") else None
    return problem, with_data(problem, data, CPU)


def drawn(problem):
    """Return points, and items of a batch for each."""
    w = draw_in_box(problem, STREAMS, "points", ROWS)
    chosen = STREAMS.generator("items", 0).integers(0, problem.items, (ROWS, BATCH))
    return w, torch.from_numpy(chosen)


def draws(step=0, replicates=ROWS):
    found = StepDraws([STREAMS], replicates, CPU)
    found.begin(step)
    return found


@pytest.mark.parametrize("name", SUMS)
def test_what_is_known_without_data_is_what_is_evaluated(name):
    problem, evaluated = made(name)
    for known in ("BLOCK", "lower", "upper", "items", "levels"):
        assert getattr(problem, known) == getattr(evaluated, known)
    assert len(problem.lower) == len(problem.upper)
    assert all(low < high for low, high in zip(problem.lower, problem.upper, strict=True))
    assert evaluated.item_values(drawn(problem)[0], None).shape == (ROWS, problem.items)


@pytest.mark.parametrize("name", SUMS)
def test_a_loss_is_the_mean_over_its_items(name):
    _, problem = made(name)
    w, chosen = drawn(problem)
    every = problem.item_values(w, None)
    torch.testing.assert_close(problem.values(w), every.mean(1, keepdim=True), rtol=1e-12, atol=0)
    torch.testing.assert_close(problem.item_values(w, chosen), every.gather(1, chosen))
    # in any order
    order = torch.arange(problem.items).flip(0).expand(ROWS, -1)
    gradients = problem.mean_gradients(w, order)
    torch.testing.assert_close(problem.gradients(w), gradients, rtol=1e-10, atol=1e-13)
    assert torch.equal(problem.gradients(w), problem.mean_gradients(w, None))


@pytest.mark.parametrize("name", SUMS)
def test_gradients_of_batches_are_the_slopes_of_their_means(name):
    _, problem = made(name)
    w, chosen = drawn(problem)
    found = problem.mean_gradients(w, chosen)
    step = 1e-6
    for axis in range(w.shape[1]):
        shift = torch.zeros(w.shape[1], dtype=torch.float64)
        shift[axis] = step
        sides = [problem.item_values(w + way * shift, chosen).mean(1) for way in (1, -1)]
        slope = (sides[0] - sides[1]) / (2 * step)
        torch.testing.assert_close(found[:, axis], slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", SUMS)
def test_a_point_is_evaluated_as_it_is_alone(name):
    _, problem = made(name)
    w, chosen = drawn(problem)
    for items in (None, chosen):
        for row in range(ROWS):
            one = slice(row, row + 1)
            alone = None if items is None else items[one]
            for ask in (problem.item_values, problem.mean_gradients):
                assert torch.equal(ask(w[one], alone), ask(w, items)[one])
    assert torch.equal(problem.values(w[2:3]), problem.values(w)[2:3])
    assert problem.item_values(w[:0], None).shape == (0, problem.items)
    assert problem.mean_gradients(w[:0], None).shape == (0, w.shape[1])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", NOISY)
def test_a_source_disturbs_what_a_method_is_given_and_nothing_else(name, source):
    _, problem = made(name, source=source, strength=0.0 if source == "none" else 0.3)
    _, clean = made(name)
    w, chosen = drawn(problem)
    for items in (None, chosen):
        undisturbed = clean.mean_gradients(w, items)
        found = problem.noisy_gradients(w, items, draws())
        assert torch.equal(found, undisturbed) == (source == "none")
        assert torch.equal(found, problem.noisy_gradients(w, items, draws()))
        later = problem.noisy_gradients(w, items, draws(step=1))
        assert torch.equal(found, later) == (source == "none")
        assert torch.equal(problem.mean_gradients(w, items), undisturbed)
        assert torch.equal(problem.item_values(w, items), clean.item_values(w, items))
        alone = problem.noisy_gradients(
            w[:2], items if items is None else items[:2], draws(replicates=2)
        )
        assert torch.equal(alone, found[:2])


@pytest.mark.parametrize("name", NOISY)
def test_strengths_that_cannot_be_are_refused(name):
    for source, strength, words in (
        ("heat", 0.1, "source is 'heat'; allowed: none, dropout"),
        ("weight_noise", -0.1, "strength is -0.1; allowed: 0 or more"),
        ("dropout", 1.0, "strength is 1.0; allowed: below 1, of dropout"),
    ):
        with pytest.raises(ValueError, match=words):
            part_class("problems", name)(source=source, strength=strength)
