"""What is told of a block, against the same told plainly."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.engine.walk_points import Sampling
from escaping_minima.engine.walk_tables import tables_of
from escaping_minima.methods.gradient_walk import GradientWalk
from escaping_minima.parts.registry import make_problem

LAST = ("loss", "gradient_norm", "test_loss", "train_accuracy", "test_accuracy")


def rows(table, *keys):
    """Return a table as a dict from its keys to the rest of a row."""
    rest = [name for name in table if name not in keys]
    found = {
        tuple(int(table[k][i]) for k in keys): [table[r][i] for r in rest]
        for i in range(len(table[keys[0]]))
    }
    assert len(found) == len(table[keys[0]])
    return found


def check(slow, tables, seen):
    """Hold the tables of a block to the slow ones, of what was seen (steps, walks)."""
    loss, norm, test = seen["loss"], seen["gradient_norm"], seen["test_loss"]
    steps = len(loss)
    cloud = slow.cloud(loss, norm, None if np.isnan(test).all() else test)
    found = rows(tables["cloud"], "loss_bin", "gradient_bin")
    assert found.keys() == cloud.keys()
    for key, (count, logs) in cloud.items():
        assert found[key] == [count, pytest.approx(logs, rel=1e-9, abs=1e-9)]
    low = slow.low(loss, norm)
    found = rows(tables["low"], "threshold", "loss_bin")
    assert {key: tuple(value) for key, value in found.items()} == low
    course = slow.course(steps, **seen)
    assert tables["course"]["step"].tolist() == slow.course_steps(steps)
    for name, values in course.items():
        assert tables["course"][name] == pytest.approx(values, rel=1e-9, nan_ok=True)
    walks = tables[""]
    assert walks["still"].tolist() == slow.still(np.float64(loss)).tolist()
    assert walks["first_loss"].tolist() == loss[0].tolist()
    for name in LAST:
        np.testing.assert_array_equal(walks[name], np.float64(seen[name][-1]))
    assert walks["loss_max"].tolist() == loss.max(0).tolist()
    assert walks["gradient_max"].tolist() == norm.max(0).tolist()
    assert walks["loss_mean"] == pytest.approx(loss.mean(0, dtype=np.float64))
    assert walks["replicate"].tolist() == list(range(loss.shape[1]))


@pytest.mark.parametrize(("bound", "size", "steps"), [(1.0, 0.02, 600), (10.0, 2.0, 100)])
def test_tables_of_xor_are_the_plain_ones(slow_walks, walked, bound, size, steps):
    problem = make_problem("xor", {"bound": bound})
    found = walked("xor", problem, GradientWalk(size), steps, (0, 1), None, Sampling())
    for tables, seen in zip(found.tables, found.seen, strict=True):
        check(slow_walks, tables, seen)
        assert tables["cloud"]["count"].sum() == steps * 9
        assert tables["cloud"]["test_log"].tolist() == [0] * len(tables["cloud"]["count"])
        assert tables[""]["gradient_evaluations"].tolist() == [steps] * 9
    # or low gradients would not have been counted
    assert len(found.tables[0]["low"]["points"]) > 3


def test_tables_of_images_are_the_plain_ones(slow_walks, walked, mnist):
    problem, _, _ = mnist()
    found = walked("mnist_walk", problem, GradientWalk(0.02), 12, (0,), None, Sampling())
    check(slow_walks, found.tables[0], found.seen[0])


def test_tables_of_odd_numbers_are_the_plain_ones(slow_walks):
    """Zero, infinite, huge and still."""
    rng = np.random.default_rng(5)
    shape = (100, 4)
    seen = {name: np.float32(10 ** rng.uniform(-12, 12, shape)) for name in LAST}
    seen["loss"][:5] = 0
    seen["gradient_norm"][3:9] = 0
    seen["gradient_norm"][10:30] = np.float32(0.05)
    seen["loss"][40, 1], seen["gradient_norm"][41, 2] = np.inf, np.inf
    # the last tenth and no more, with a change that is small for its size, and one that is not
    seen["loss"][-10:, :3] = (0.6931, 3e5, 0.5)
    seen["loss"][-1, 1] = 3e5 + 0.125
    seen["loss"][-10, 2] = 0.50001
    check(slow_walks, tables_of(seen, 100), seen)
    assert slow_walks.still(np.float64(seen["loss"])).tolist() == [True, True, False, False]


def test_points_are_those_that_were_asked_for(walked):
    """Every ninth, all of low gradient, and one of each of four walks, none of them twice."""
    problem = make_problem("xor", {})
    asked = Sampling(every=9, low_gradient=0.1, drawn=4)
    found = walked("xor", problem, GradientWalk(0.02), 300, (6,), None, asked)
    whole = walked("xor", problem, GradientWalk(0.02), 300, (6,))
    (kept,), (seen,), (w,) = found.pieces, found.seen, whole.w
    alone = walked("xor", problem, GradientWalk(0.02), 300, (6,), None, Sampling(drawn=4))
    (drawn,) = alone.pieces
    assert len(set(drawn["replicate"].tolist())) == len(drawn["step"]) == 4
    named = set(zip(drawn["step"].tolist(), drawn["replicate"].tolist(), strict=True))
    named |= {(step, walk) for step in range(0, 300, 9) for walk in range(9)}
    low = {(int(s), int(r)) for s, r in np.argwhere(seen["gradient_norm"] < 0.1)}
    places = list(zip(kept["step"].tolist(), kept["replicate"].tolist(), strict=True))
    assert len(places) == len(set(places))
    assert set(places) == named | low
    assert len(low - named) > 50
    for row, (step, walk) in enumerate(places):
        assert kept["low"][row] == ((step, walk) not in named)
        assert kept["loss"][row] == seen["loss"][step, walk]
        assert [kept[f"w{i}"][row] for i in range(9)] == w[step, walk].tolist()
