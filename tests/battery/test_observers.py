"""What every observer must be: the same after stops and resumes, and no part of the numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import Stopped
from escaping_minima.parts.registry import make_part, make_problem, part_class
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.vouching.cases import PART_SETTINGS, registered

OBSERVERS = registered("observers")
OF_TRAINING = [o for o in OBSERVERS if hasattr(part_class("observers", o), "watch_training")]
OF_POINTS = [o for o in OBSERVERS if hasattr(part_class("observers", o), "watch_points")]
IMAGES = 40
STEPS = 450


def test_every_observer_watches_something():
    assert set(OF_TRAINING) | set(OF_POINTS) == set(OBSERVERS)


def observe(name):
    return [] if name is None else [make_part("observers", name, PART_SETTINGS.get(name, {}))]


@pytest.fixture
def train(runs, battery):
    problem = make_problem(
        "takase_mnist", {"data": "generated", "train_images": IMAGES, "test_images": 30}
    )
    data = problem.select(load_images("mnist", "generated"))

    def go(name, stops=()):
        # a run without losses could not be told from one that diverged: one is always there
        observers = [*observe("losses"), *observe(name if name != "losses" else None)]
        plan = runs.network_plan(
            problem, battery.Mover(0.02), BatchSizes(10, 10), 3, observers=observers
        )
        session = runs.MemorySession()
        for stop in stops:
            session.should_stop = runs.StopAt(stop)
            with pytest.raises(Stopped):
                runs.train_network(plan, data, session=session)
        session.should_stop = bool
        return runs.train_network(plan, data, session=session)

    return go


@pytest.fixture
def walk(runs, battery):
    problem = make_problem("himmelblau", {})

    def go(name, stops=(), blocks=(0, 1)):
        plan = PointsPlan("himmelblau", problem, STEPS, 50, observe(name))
        keys = [f"block {b}" for b in blocks]
        # kicks that lead from basin to basin: what was seen early counts
        words = [battery.Mover(kick=0.5)] * len(blocks), list(blocks), keys, torch.device("cpu")
        session = runs.MemorySession()
        for stop in stops:
            session.should_stop = runs.StopAt(stop)
            with pytest.raises(Stopped):
                run_points(plan, *words, session)
        session.should_stop = bool
        return dict(zip(keys, run_points(plan, *words, session), strict=True)), session.pieces

    return go


def assert_tables(one, other):
    assert one.keys() == other.keys()
    for key in one:
        assert one[key].keys() == other[key].keys()
        for column in one[key]:
            np.testing.assert_array_equal(one[key][column], other[key][column], err_msg=column)


@pytest.mark.parametrize("name", OF_TRAINING)
def test_what_is_seen_of_training_survives_stops(runs, train, name):
    """Before the first update, within an epoch, at a border, in the last epoch."""
    whole, stopped = train(name), train(name, stops=(1, 3, 2, 4))
    runs.assert_equal(whole, stopped)
    assert_tables(whole.tables, stopped.tables)
    assert len(whole.curves["epoch"]) == 4
    seen = set(whole.curves) - {"epoch", "batch_size", "updates"}
    assert seen
    assert {len(column) for column in whole.curves.values()} == {4}


@pytest.mark.parametrize("name", OF_TRAINING)
def test_to_be_watched_changes_no_weight(train, name):
    assert torch.equal(train(name).run.network.w, train(None).run.network.w)


@pytest.mark.parametrize("name", OF_POINTS)
def test_what_is_seen_of_points_survives_stops(walk, name):
    (whole, pieces), (stopped, pieces_of_stopped) = walk(name), walk(name, stops=(0, 2, 1))
    assert_tables(whole, stopped)
    assert_tables(pieces, pieces_of_stopped)
    plain, no_pieces = walk(None)
    assert not no_pieces
    for key, columns in plain.items():
        for column, values in columns.items():
            np.testing.assert_array_equal(values, whole[key][column])
    assert pieces or set(whole["block 0"]) > set(plain["block 0"])


@pytest.mark.parametrize("name", OF_POINTS)
def test_what_is_seen_of_a_block_is_the_same_whatever_runs_beside(walk, name):
    (both, pieces), (alone, own) = walk(name), walk(name, blocks=(1,))
    assert_tables(alone, {"block 1": both["block 1"]})
    assert_tables(own, {key: table for key, table in pieces.items() if key[0] == "block 1"})
