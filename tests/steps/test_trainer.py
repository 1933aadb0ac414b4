"""What runs together, that it changes nothing, and what a state on disk belongs to."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.engine.session import Stopped
from escaping_minima.kinds.kind import Surroundings, kind_of
from escaping_minima.kinds.points import run as points
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.steps.states import Sessions
from escaping_minima.steps.trainer import companies, pieces


def plane(method="nim_mbh", blocks=1, first=0, steps=300, problem="six_hump_camel", **settings):
    cell = make_points_cell(problem, method, steps, 100, None, settings)
    return PlannedBlocks(cell, blocks, {}, "s1", first)


def network(epochs=1, method="adagrad", **problem):
    small = {"data": "generated", "train_images": 60, "test_images": 50} | problem
    sizes = {"first": 10, "last": 10, "line": "epochs"}
    return PlannedBlocks(
        make_training_cell("takase_mnist", method, epochs, sizes, small), 1, {}, ""
    )


def run(missing, folder, should_stop=bool):
    """Run pieces with states in a folder; return finished blocks by piece."""
    hashes = {piece.cell.id: "s1" for piece in missing}
    sessions = Sessions(lambda cell: folder, hashes, 1e9, should_stop)
    around = Surroundings("cpu", 0, None, (), folder / "gpus", sessions.open, None)
    found = {}
    for batch in kind_of(missing[0].cell).run(missing, around):
        for one in batch:
            found[one.piece.key] = one
            sessions.finished(one.piece)
    return found


def assert_equal(one, other):
    pd.testing.assert_frame_equal(
        pd.DataFrame(dict(one.table)), pd.DataFrame(dict(other.table)), check_exact=True
    )


def test_cells_that_differ_in_their_radius_alone_run_together():
    nig = [plane("nig", radius=r) for r in (1.0, 2.0, 3.0)]
    lone = [
        plane("gd"),
        plane("gd", learning_rate=0.1),
        plane("nig", radius=1.0, learning_rate=0.1),
        plane("nig", radius=1.0, steps=400),
        plane("nig", radius=1.0, problem="himmelblau"),
        plane("nim", radius=1.0),
    ]
    given = [nig[0], *lone[:4], nig[1], *lone[4:], nig[2]]
    assert companies(given) == [nig, *([one] for one in lone)]


def test_networks_on_the_same_data_run_in_one_process():
    one, other, full = network(1), network(2, "gd"), network(data="full")
    assert companies([one, full, other]) == [[one, other], [full]]


def test_blocks_of_one_index_stand_beside_one_another_and_none_twice():
    one, other = plane(radius=0.1, blocks=3), plane(radius=0.2, blocks=2, first=1)
    found = pieces([one, other, one])
    assert [(piece.cell.id, piece.block) for piece in found] == [
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
    monkeypatch.setattr(points, "SIDE_BY_SIDE", 500 * width)
    together = run(missing, tmp_path)
    assert together.keys() == alone.keys()
    for key, one in together.items():
        assert_equal(one, alone[key])
        assert one.manifest["blocks_side_by_side"] == min(width, len(missing))
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".pt"]


def test_a_state_belongs_to_its_list_of_blocks(tmp_path):
    """Fewer blocks are left than when the run was stopped: their numbers are still their own."""
    missing = pieces([plane(radius=r) for r in (0.05, 0.2, 0.6)])
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        run(missing, tmp_path, should_stop=lambda: next(asked))
    states = list(tmp_path.iterdir())
    fewer = run(missing[1:], tmp_path)
    assert all(state.exists() for state in states)
    whole = run(missing, tmp_path)
    assert not any(state.exists() for state in states)
    for key, one in fewer.items():
        assert_equal(one, whole[key])


def test_a_run_does_not_go_on_with_other_data(tmp_path, monkeypatch, capsys):
    """Stopped with altered labels, gone on with after the official ones were put back."""
    (piece,) = pieces([network(2)])
    asked = iter([False] * 4 + [True])
    with monkeypatch.context() as altered:
        official = training.load_images

        def relabelled(*words):
            data = official(*words)
            labels = data.train_labels[::-1].copy()
            return replace(data, train_labels=labels, checksums={"train-labels": "1" * 64})

        altered.setattr(training, "_load", relabelled)
        with pytest.raises(Stopped):
            run([piece], tmp_path / "stopped", lambda: next(asked))
    (resumed,) = run([piece], tmp_path / "stopped").values()
    assert "is of other sources, data or device: not used" in capsys.readouterr().out
    (whole,) = run([piece], tmp_path / "whole").values()
    assert_equal(resumed, whole)
    assert resumed.manifest["data"] == whole.manifest["data"]


def test_a_state_of_vouched_sources_is_gone_on_from(tmp_path, monkeypatch, capsys):
    missing = pieces([plane()])
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        run(missing, tmp_path, should_stop=lambda: next(asked))
    (state,) = tmp_path.glob("*.pt")
    older = state.with_name(state.name.replace(".s1-", ".s0-"))
    state.rename(older)
    monkeypatch.setattr(
        "escaping_minima.steps.states.equivalents", lambda source, device: {source, "s0"}
    )
    pages = SimpleNamespace(count=0)

    def counted():
        pages.count += 1
        return False

    resumed = run(missing, tmp_path, counted)
    # of three pages two were done
    assert pages.count == 1
    assert capsys.readouterr().out == ""
    monkeypatch.undo()
    for key, one in run(missing, tmp_path / "whole").items():
        assert_equal(resumed[key], one)
