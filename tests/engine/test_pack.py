"""What a pack does when one of its runs fails, and once it was asked to stop."""

from __future__ import annotations

import gc
import weakref

import pytest

from escaping_minima.data.load import load_images
from escaping_minima.engine.pack import Start, run_pack
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Stopped
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.schedules.batch_sizes import BatchSizes

PROBLEM = TakaseMnist(data="generated", train_images=40, test_images=20)


@pytest.fixture
def start(runs):
    """Return how a run of a pack is started."""
    import torch

    cpu = torch.device("cpu")
    placed = PROBLEM.place(PROBLEM.select(load_images("mnist", "generated")), cpu)

    def make(key, block=0, epochs=3):
        plan = runs.network_plan(PROBLEM, make_method("gd", {}), BatchSizes(10, 10), epochs)
        return Start(key, lambda: Run(plan, placed, block, cpu))

    return make


def out_of_memory():
    raise MemoryError("no memory for a third run")


def test_a_run_that_cannot_be_built_costs_the_others_nothing(runs, start):
    session = runs.MemorySession()
    pack = [start("a", epochs=1), start("b", 1), Start("c", out_of_memory)]
    several = run_pack(pack, [None, None], session)
    # the third takes the stream of the first, which has ended
    assert next(several)[0] == "a"
    with pytest.raises(MemoryError, match="third run"):
        next(several)
    assert sorted(session.saved) == ["b"]
    (_, resumed), *_ = run_pack([start("b", 1)], [None], session)
    (_, whole), *_ = run_pack([start("b", 1)], [None], _Nothing())
    runs.assert_equal(resumed.table, whole.table)


def test_what_cannot_be_saved_does_not_hide_why(runs, start):
    session = runs.MemorySession()

    def full(key, state):
        raise OSError("the disk is full")

    session.save = full
    with pytest.raises(MemoryError):
        list(run_pack([start("a"), Start("c", out_of_memory)], [None] * 2, session))


def test_a_stop_is_not_taken_back(runs, start):
    """A limit of time may look less near once a state was saved faster than the one before."""
    answers = iter([False, False, True] + [False] * 100)
    session = runs.MemorySession(lambda: next(answers))
    with pytest.raises(Stopped):
        list(run_pack([start(k) for k in "abcd"], [None, None], session))
    assert sorted(session.saved) == ["a", "b"]


def test_a_run_that_was_closed_is_gone_at_once(start):
    gc.disable()
    try:
        for _, run in run_pack([start("a"), start("b", 1)], [None], _Nothing()):
            seen = weakref.ref(run)
            run.close()
            del run
            assert seen() is None
    finally:
        gc.enable()


class _Nothing:
    def should_stop(self):
        return False

    def is_due(self, key):
        return False

    def load(self, key):
        return None
