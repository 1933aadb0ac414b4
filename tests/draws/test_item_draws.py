"""Draws of any shape a replicate belong to a block, a purpose and a step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.draws.boxes import draw_in_box
from escaping_minima.draws.item_draws import StepDraws
from escaping_minima.draws.streams import Streams
from escaping_minima.parts.registry import make_problem

CPU = torch.device("cpu")
STREAMS = [Streams("toy", block) for block in (0, 3)]
FORMS = ("normal", "uniform")


def drawn(form, step=0, streams=STREAMS, replicates=5, shape=(3, 2), purpose="mask"):
    draws = StepDraws(streams, replicates, CPU)
    draws.begin(step)
    return getattr(draws, form)(purpose, shape)


@pytest.mark.parametrize("form", FORMS)
def test_draws_are_those_of_their_stream(form):
    found = drawn(form, step=7)
    assert (found.shape, found.dtype) == ((10, 3, 2), torch.float64)
    for block, streams in enumerate(STREAMS):
        rng = streams.generator("mask", 7)
        exact = rng.standard_normal((5, 3, 2)) if form == "normal" else rng.random((5, 3, 2))
        np.testing.assert_array_equal(found[5 * block : 5 * block + 5], exact)


@pytest.mark.parametrize("form", FORMS)
def test_draws_do_not_depend_on_what_stands_beside_them(form):
    found = drawn(form)
    assert torch.equal(drawn(form, streams=STREAMS[1:]), found[5:])
    assert torch.equal(drawn(form, replicates=2)[:2], found[:2])
    twice = drawn(form, streams=[STREAMS[0], STREAMS[0]])
    assert torch.equal(twice[:5], twice[5:])
    assert not torch.equal(found[:5], found[5:])


def test_a_purpose_is_drawn_once_a_step():
    draws = StepDraws(STREAMS, 5, CPU)
    seen = []
    for step in (0, 1, 0):
        draws.begin(step)
        first = draws.uniform("mask", (4,)).clone()
        assert torch.equal(draws.uniform("mask", (4,)), first)
        assert not torch.equal(draws.uniform("other", (4,)), first)
        seen.append(first)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


def test_points_of_a_box_are_uniform_in_it_and_the_first_stay():
    plane = make_problem("gentle_plane", {})
    points = draw_in_box(plane, STREAMS[0], "points", 4000)
    assert torch.equal(draw_in_box(plane, STREAMS[0], "points", 10), points[:10])
    low, high = np.array(plane.lower), np.array(plane.upper)
    assert ((points.numpy() >= low) & (points.numpy() < high)).all()
    np.testing.assert_allclose(points.mean(0), (low + high) / 2, atol=0.2)
    np.testing.assert_allclose(points.std(0), (high - low) / np.sqrt(12), rtol=0.05)
