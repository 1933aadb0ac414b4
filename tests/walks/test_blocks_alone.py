"""A block's numbers are its own: not of what runs beside it, nor of stops, kills and states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.engine.session import Stopped
from escaping_minima.engine.walk_points import Sampling
from escaping_minima.methods.gradient_walk import GradientWalk
from escaping_minima.methods.random_walk import RandomWalk
from escaping_minima.parts.registry import make_problem

ASKED = Sampling(every=9, low_gradient=0.02, drawn=4)


def assert_same(one, other):
    """Compare walked blocks, tables and points, bit for bit."""
    assert len(one) == len(other)
    for mine, its in zip(one, other, strict=True):
        assert mine.keys() == its.keys()
        for name in mine:
            assert mine[name].keys() == its[name].keys()
            for column in mine[name]:
                np.testing.assert_array_equal(mine[name][column], its[name][column], err_msg=name)


def all_of(found):
    """Return the tables of each block, its points among them."""
    return [t | {"points": p} for t, p in zip(found.tables, found.pieces, strict=True)]


@pytest.mark.parametrize(
    ("width", "depth", "steps"),
    [
        (2, 1, 130),
        (2, 2, 60),
        (2, 3, 60),
        (4, 1, 60),
        (4, 2, 60),
        (4, 3, 60),
        (20, 1, 30),
        (20, 2, 5),
        (20, 3, 5),
    ],
)
def test_a_block_is_the_same_beside_others(walked, width, depth, steps):
    problem = make_problem("xor", {"width": width, "depth": depth})
    method = GradientWalk(0.02)
    together = all_of(walked("xor", problem, method, steps, (4, 0, 2), sampling=ASKED))
    for place, block in enumerate((4, 0, 2)):
        alone = all_of(walked("xor", problem, method, steps, (block,), sampling=ASKED))
        assert_same(alone, [together[place]])
    assert (together[0][""]["loss"] != together[1][""]["loss"]).any()


def test_a_block_of_images_is_the_same_beside_others(walked, mnist):
    problem, _, _ = mnist()
    together = all_of(walked("mnist_walk", problem, GradientWalk(0.02), 4, (1, 5), sampling=ASKED))
    alone = all_of(walked("mnist_walk", problem, GradientWalk(0.02), 4, (5,), sampling=ASKED))
    assert_same(alone, [together[1]])


class KilledError(Exception):
    """What cannot be obeyed: nothing is saved."""


@pytest.mark.parametrize("method", [GradientWalk(0.02), RandomWalk(0.2)])
@pytest.mark.parametrize("question", [1, 2, 3])
def test_a_stopped_walk_goes_on_as_if_it_had_not(walked, runs, method, question):
    problem = make_problem("xor", {"depth": 2})

    def go(session=None):
        return walked("xor", problem, method, 330, (0, 7), session, ASKED)

    session = runs.MemorySession(runs.StopAt(question))
    with pytest.raises(Stopped):
        go(session)
    session.should_stop = bool
    assert_same(all_of(go(session)), all_of(go()))


def test_a_killed_walk_goes_on_from_what_it_saved(walked, runs):
    """It saves at the hundredth step alone, and keeps points after that."""
    problem = make_problem("xor", {"depth": 2})
    asked = []

    def killed_at_the_last():
        asked.append(1)
        if len(asked) == 4:
            raise KilledError
        return False

    session = runs.MemorySession(killed_at_the_last, lambda key: len(asked) == 2)
    with pytest.raises(KilledError):
        walked("xor", problem, GradientWalk(0.02), 330, (0, 7), session, ASKED)
    assert session.saved
    session.should_stop, session.is_due = bool, lambda key: False
    found = walked("xor", problem, GradientWalk(0.02), 330, (0, 7), session, ASKED)
    whole = walked("xor", problem, GradientWalk(0.02), 330, (0, 7), None, ASKED)
    assert_same(all_of(found), all_of(whole))


def test_saving_moves_nothing(walked, runs):
    problem = make_problem("xor", {})
    session = runs.MemorySession(is_due=lambda key: True)
    saved = walked("xor", problem, GradientWalk(0.02), 210, (3,), session, ASKED)
    assert session.saved
    assert_same(
        all_of(saved), all_of(walked("xor", problem, GradientWalk(0.02), 210, (3,), None, ASKED))
    )


def test_no_draw_is_without_a_name(walked):
    problem = make_problem("xor", {})
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(all_of(walked("xor", problem, GradientWalk(0.02), 20)))
        assert torch.equal(torch.get_rng_state(), before)
    assert_same(*found)
