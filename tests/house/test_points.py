"""A small problem of any dimension, and a method of a later study on it, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.engine.points import run_points
from escaping_minima.engine.session import Stopped
from escaping_minima.kinds.kind import Piece
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.points.parts import points_plan, read_method_of
from escaping_minima.kinds.records import read_cell

STEPS = 250
PATH = {"name": "path", "settings": {"every": 1, "coordinates": [2]}}


@pytest.fixture
def walk(runs, toys):
    def go(method="toy_annealing", session=None, blocks=(0,), **settings):
        cell = make_points_cell("toy_wells", method, STEPS, 50, {}, settings, observers=(PATH,))
        cell = read_cell(cell.record())
        pieces = [Piece(cell, block) for block in blocks]
        keys = [str(block) for block in blocks]
        methods = [read_method_of(piece.cell) for piece in pieces]
        words = methods, list(blocks), keys, torch.device("cpu")
        session = session or runs.MemorySession()
        return run_points(points_plan(pieces[0].cell), *words, session), session

    return go


def path_of(session, key, column):
    """Return a column of the path of a block, (steps, replicates), from its pieces in order."""
    numbers = sorted(n for k, name, n in session.pieces if (k, name) == (key, "path"))
    return np.concatenate([session.pieces[key, "path", n][column] for n in numbers]).reshape(
        STEPS, -1
    )


def test_every_step_is_kept_in_pieces_of_bounded_size(walk, toys):
    (table,), session = walk(temperature=0.1)
    sizes = {len(piece["step"]) for piece in session.pieces.values()}
    # a page of steps at most
    assert max(sizes) == 100 * toys.Wells.BLOCK
    loss = path_of(session, "0", "loss")
    assert loss.shape == (STEPS, toys.Wells.BLOCK)
    assert np.isfinite(loss).all()
    # coordinates of the replicate that the cell names, and of no other
    where = path_of(session, "0", "w4")
    named = np.isfinite(where).all(0)
    assert named.tolist() == [i == 2 for i in range(toys.Wells.BLOCK)]
    points = torch.tensor([[path_of(session, "0", f"w{a}")[9, 2] for a in range(5)]])
    assert toys.Wells().values(points).item() == loss[9, 2]
    assert "start_x" not in table


def test_looks_are_counted_and_losses_fall(walk):
    (table,), session = walk(temperature=1e-3, learning_rate=0.01)
    assert (table["gradient_evaluations"] == STEPS).all()
    assert (table["loss_evaluations"] == 2 * STEPS).all()
    assert (table["loss"] < path_of(session, "0", "loss")[0]).all()


def test_a_cold_walk_never_climbs_and_a_hot_one_does(walk):
    cold = path_of(walk(temperature=1e-12, kick=0.05)[1], "0", "loss")
    hot = path_of(walk(temperature=1e12, kick=0.05)[1], "0", "loss")
    assert (np.diff(cold, axis=0) <= 0).all()
    assert (np.diff(hot, axis=0) > 0).any(0).all()


@pytest.mark.parametrize("stops", [(0,), (1,), (2, 0)])
def test_blocks_and_their_pieces_survive_stops_whatever_runs_beside(walk, runs, stops):
    (_, table), whole = walk(blocks=(3, 4))
    session = runs.MemorySession()
    for stop in stops:
        session.should_stop = runs.StopAt(stop)
        with pytest.raises(Stopped):
            walk(session=session, blocks=(4,))
    session.should_stop = bool
    (alone,), _ = walk(session=session, blocks=(4,))
    runs.assert_equal(alone, table)
    for column in ("step", "replicate", "loss", "gradient_norm", "w0"):
        one, other = (path_of(s, "4", column) for s in (session, whole))
        np.testing.assert_array_equal(one, other)
