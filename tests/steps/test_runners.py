"""What runs side by side, and that it changes nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from escaping_minima.steps.runners import (
    Interrupted,
    Surroundings,
    pieces,
    run_missing,
    side_by_side,
)

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.steps import runners


def plane(method="nim_mbh", blocks=1, first=0, steps=300, problem="six_hump_camel", **settings):
    cell = make_points_cell(problem, method, steps, 100, None, settings)
    return PlannedBlocks(cell, blocks, {}, "s1", first)


def network(epochs=1):
    cell = make_training_cell("takase_mnist", "adagrad", epochs, {"first": 10, "last": 10})
    return PlannedBlocks(cell, 1, {}, "s1")


def around(should_stop=bool):
    return Surroundings("cpu", 0.0, should_stop, None, (), None)


def run(missing, folder, **words):
    found = {}
    for batch in run_missing(missing, folder, "s1", around(**words)):
        for one in batch:
            found[one.cell.id, one.block] = one
    return found


def test_cells_that_differ_in_their_radius_alone_run_together():
    nig = [plane("nig", radius=r) for r in (1.0, 2.0, 3.0)]
    lone = [
        plane("gd"),
        plane("gd", learning_rate=0.1),
        plane("nig", radius=1.0, learning_rate=0.1),
        plane("nig", radius=1.0, steps=400),
        plane("nig", radius=1.0, problem="himmelblau"),
        plane("nim", radius=1.0),
        network(1),
        network(2),
    ]
    given = [nig[0], *lone[:4], nig[1], *lone[4:], nig[2]]
    groups = side_by_side(given)
    assert groups == [nig, *([one] for one in lone)]


def test_blocks_of_one_index_stand_beside_one_another_and_none_twice():
    one, other = plane(radius=0.1, blocks=3), plane(radius=0.2, blocks=2, first=1)
    found = pieces([one, other, one])
    assert [(cell.id, block) for cell, block in found] == [
        (one.cell.id, 0),
        (one.cell.id, 1),
        (other.cell.id, 1),
        (one.cell.id, 2),
        (other.cell.id, 2),
    ]


@pytest.mark.parametrize("width", [1, 3, 20])
def test_company_changes_no_number(tmp_path, monkeypatch, width):
    missing = pieces([plane(radius=r, blocks=2) for r in (0.05, 0.2, 0.6)])
    alone = {}
    for piece in missing:
        alone |= run([piece], tmp_path)
    monkeypatch.setattr(runners, "SIDE_BY_SIDE", width)
    together = run(missing, tmp_path)
    assert together.keys() == alone.keys()
    for key, one in together.items():
        pd.testing.assert_frame_equal(one.table, alone[key].table, check_exact=True)
        assert one.manifest["blocks_side_by_side"] == min(width, len(missing))
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".pt"]


def test_a_state_belongs_to_its_list_of_blocks(tmp_path):
    """Fewer blocks are left than when the run was stopped: their numbers are still their own."""
    missing = pieces([plane(radius=r) for r in (0.05, 0.2, 0.6)])
    asked = iter([False, False, True])
    with pytest.raises(Interrupted):
        run(missing, tmp_path, should_stop=lambda: next(asked))
    states = list(tmp_path.iterdir())
    fewer = run(missing[1:], tmp_path)
    assert all(state.exists() for state in states)
    whole = run(missing, tmp_path)
    assert not any(state.exists() for state in states)
    for key, one in fewer.items():
        pd.testing.assert_frame_equal(one.table, whole[key].table, check_exact=True)
