"""Unlike runs side by side, stopped and resumed anywhere, end in the bits of each alone."""

from __future__ import annotations

import random

import pytest
import torch

from escaping_minima.engine.session import Stopped

GROWING = {"first": 6, "last": 14, "line": "epochs"}
DRAWN = {"crop": 2, "flip": True, "validation": 4}


@pytest.fixture
def mixed(house):
    """Return unlike runs of one data set: (plan, block) by key."""
    cells = {
        "adagrad": house.cell("adagrad", sizes=GROWING, epochs=3, problem_settings=DRAWN),
        "sgd": house.cell("gd", epochs=2, problem_settings=DRAWN),
        "sam": house.cell("sam", epochs=2, problem_settings=DRAWN),
        "nig": house.cell("nig", epochs=2, keep_epochs=(1, 2)),
        "annealing": house.cell("toy_annealing", epochs=2),
        "diverges": house.cell("gd", epochs=4, method_settings={"learning_rate": 1e30}),
    }
    return {key: (house.plan(cell), i) for i, (key, cell) in enumerate(cells.items())}


@pytest.fixture
def data(house):
    return house.data(house.cell())


@pytest.fixture
def alone(runs, mixed, data):
    return {key: runs.train_network(plan, data, block) for key, (plan, block) in mixed.items()}


def assert_same(runs, found, alone):
    assert found.keys() == alone.keys()
    for key, result in found.items():
        runs.assert_equal(result, alone[key])
        assert torch.equal(result.run.network.w, alone[key].run.network.w) or result.diverged
        assert result.diverged == (key == "diverges")


def run_to_its_end(runs, mixed, data, session, chance):
    """Stop at random questions until every run has ended."""
    found, stops = {}, 0
    while len(found) < len(mixed):
        left = {key: one for key, one in mixed.items() if key not in found}
        session.should_stop = runs.StopAt(chance.randrange(1, 8))
        try:
            for key, result in runs.iterate_pack(left, data, session, width=3):
                found[key] = result
        except Stopped:
            stops += 1
    return found, stops


@pytest.mark.parametrize("width", [1, 3, 6])
def test_runs_side_by_side_give_the_bits_of_each_alone(runs, mixed, data, alone, width):
    assert_same(runs, runs.train_pack(mixed, data, width=width), alone)


@pytest.mark.parametrize("seed", range(4))
def test_random_stops_and_checkpoints_change_nothing(runs, mixed, data, alone, seed):
    chance = random.Random(seed)
    session = runs.MemorySession(is_due=lambda key: chance.random() < 0.2)
    found, stops = run_to_its_end(runs, mixed, data, session, chance)
    assert stops >= 2
    assert_same(runs, found, alone)


def test_states_are_kept_at_named_epochs_whatever_runs_beside(runs, mixed, data, alone):
    session = runs.MemorySession()
    runs.train_pack(mixed, data, session, width=3)
    assert sorted(session.states) == [("nig", "epoch1"), ("nig", "epoch2")]
    kept = session.states["nig", "epoch2"]
    for name, tensor in alone["nig"].run.network.module.state_dict().items():
        assert torch.equal(kept[name], tensor), name
