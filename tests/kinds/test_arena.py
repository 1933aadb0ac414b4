"""Blocks of the arena and its searches as they are run: chosen, read, gone on from, timed."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import draw_starts
from escaping_minima.engine.session import NoSession
from escaping_minima.errors import UserError
from escaping_minima.kinds.arena.cell import make_arena_cell
from escaping_minima.kinds.arena_search import run as searching
from escaping_minima.kinds.arena_search.cell import make_arena_search_cell, tuned_by
from escaping_minima.kinds.kind import Piece, kind_of
from escaping_minima.parts.registry import make_problem
from escaping_minima.plan.jobs import Job, PlannedBlocks, needed_jobs
from escaping_minima.results.blocks import manifest_path
from escaping_minima.results.further import write_further
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train

pytestmark = pytest.mark.usefixtures("no_checkout")

PROBLEM = "six_hump_camel"
SPACE = {
    "learning_rate": {"log_uniform": (0.001, 0.05)},
    "radius": {"log_uniform": (0.1, 2.0)},
    "compare": {"choice": ("previous_minimum", "perturbed_point")},
}


def arena(method="nim_mbh", starts=6, budget=700, **more):
    return make_arena_cell(PROBLEM, method, starts, budget, **more)


def search(method="nim_mbh", space=SPACE, trials=4, starts=5, budget=500, **more):
    return make_arena_search_cell(PROBLEM, method, starts, budget, space, trials, **more)


def job(name, *cells, blocks=1):
    planned = tuple(PlannedBlocks(cell, blocks, {}, "s1", 0) for cell in cells)
    return Job("study", name, planned, name)


def path_of(folder, cell, block=0):
    return ResultPaths(folder / "results", "smoke").block("study", cell.id, block)


def read(folder, cell, block=0, further=""):
    path = path_of(folder, cell, block)
    table = path.with_name(f"{path.stem}.{further}.parquet") if further else path
    return pd.read_parquet(table), json.loads(manifest_path(path).read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory, write_plan):
    """Return a folder with a search and what it tuned, and the cells."""
    folder = tmp_path_factory.mktemp("whole")
    one = search()
    cells = [arena(tuned_by=tuned_by(one), path_of=(0,))]
    cells.append(arena(tuned_by=tuned_by(one, 2, fixed={"radius": 0.0})))
    plan = write_plan(folder, job("search", one), job("tuned", *cells, blocks=2))
    assert train(plan) == ["study: nothing is left of 5 blocks"]
    return folder, one, cells


def test_a_trial_is_what_its_settings_do_alone(whole):
    """Trials that differ in a word run apart, and are told apart by nothing else."""
    folder, one, _ = whole
    table, manifest = read(folder, one)
    kept, _ = read(folder, one, further="trials")
    assert manifest["trials_side_by_side"] < one.trials
    assert table["trial"].tolist() == kept["trial"].tolist() == [0, 1, 2, 3]
    for trial, row in kept.iterrows():
        assert json.loads(row["settings"]) == one.settings(trial)
        alone = make_arena_search_cell(
            PROBLEM,
            "nim_mbh",
            one.starts,
            one.budget,
            {name: {"choice": (value,)} for name, value in one.settings(trial).items()},
            1,
        )
        (block,) = next(searching.run([Piece(alone, 0)], around_of()))
        assert block.table["score"] == [row["score"]]
    assert kept["score"].nunique() > 1


def around_of():
    """Return surroundings without files."""
    opened = {"open_session": lambda *given, **more: NoSession()}
    return SimpleNamespace(device="cpu", data_folder=None, accepted=(), **opened)


def test_a_search_has_starts_that_no_other_cell_has(whole):
    folder, one, cells = whole
    problem = make_problem(PROBLEM, {})
    own = draw_starts(problem, Streams(f"{PROBLEM} search", 0), one.starts).numpy()
    table, _ = read(folder, one)
    assert table["start_loss"][0] == pytest.approx(problem.value(*own.T).mean())
    tuned = read(folder, cells[0])[0]["start_loss"]
    assert not np.isin(problem.value(*own.T), tuned).any()


def test_tuned_blocks_run_with_the_best_settings_and_what_is_fixed(whole, tmp_path, write_plan):
    folder, one, cells = whole
    scores = read(folder, one)[0]["score"].tolist()
    plain = []
    for cell, count, fixed in zip(cells, (4, 2), ({}, {"radius": 0.0}), strict=True):
        best = scores.index(min(scores[:count]))
        settings = one.settings(best) | fixed
        manifest = read(folder, cell)[1]
        assert manifest["tuned"] == {"trial": best, "settings": settings}
        digest = read(folder, one)[1]["further"]["trials.parquet"]
        assert manifest["data"] == {f"{one.id}/0/trials": digest}
        settings = {**cell.method_settings, **settings}
        plain.append(replace(cell, tuned_by=None, method_settings=settings))
    train(write_plan(tmp_path, job("plain", *plain, blocks=2)))
    for cell, other in zip(cells, plain, strict=True):
        for block in (0, 1):
            for further in ("", "targets"):
                expected = read(tmp_path, other, block, further)[0]
                found = read(folder, cell, block, further)[0]
                pd.testing.assert_frame_equal(found, expected, check_exact=True)
    paths = read(folder, cells[0], 1, "paths")[0]
    assert set(paths["replicate"]) == {0}
    assert not path_of(folder, cells[1]).with_name("b0000.paths.parquet").exists()


def test_what_is_stopped_goes_on_to_the_same_bytes(whole, tmp_path, write_plan, few_questions):
    folder, one, cells = whole
    plan = write_plan(tmp_path, job("search", one), job("tuned", *cells, blocks=2))
    states = set()
    while "nothing is left" not in train(plan, limit=few_questions(2))[0]:
        states |= {path.parent.name for path in (tmp_path / "results").rglob("*.pt")}
    assert one.id in states
    assert states & {cell.id for cell in cells}
    pairs = [(one, 0), *((cell, block) for cell in cells for block in (0, 1))]
    for cell, block in pairs:
        one_path, other = path_of(tmp_path, cell, block), path_of(folder, cell, block)
        assert one_path.read_bytes() == other.read_bytes()
    assert not list((tmp_path / "results" / "smoke" / "checkpoints").rglob("*.pt"))


def test_another_search_makes_what_it_tuned_stale(whole, tmp_path, write_plan):
    _, one, cells = whole
    plan = write_plan(tmp_path, job("search", one), job("tuned", cells[0]))
    train(plan)
    made = path_of(tmp_path, cells[0]).stat().st_mtime_ns
    assert "nothing is left" in train(plan)[0]
    path = path_of(tmp_path, one)
    kept = read(tmp_path, one, further="trials")[0]
    worst = int(kept["score"].argmax())
    kept.loc[worst, "score"] = kept["score"].min() - 1.0
    manifest = json.loads(manifest_path(path).read_text())
    manifest["further"] = write_further(path, {"trials": kept}, {}, {})
    manifest_path(path).write_text(json.dumps(manifest))
    train(plan, "study_tuned")
    assert path_of(tmp_path, cells[0]).stat().st_mtime_ns > made
    assert read(tmp_path, cells[0])[1]["tuned"]["trial"] == worst


def test_a_tuned_cell_waits_for_its_search(tmp_path, write_plan):
    one = search()
    jobs = [job("tuned", arena(tuned_by=tuned_by(one))), job("search", one)]
    assert needed_jobs(jobs[0], jobs) == [jobs[1]]
    with pytest.raises(UserError, match=f"cell {one.id}, block 0: trials is missing"):
        train(write_plan(tmp_path, jobs[0]), "study_tuned")


def test_seconds_are_expected_from_a_part_of_the_budget():
    cell, one = arena("gd", budget=2000), search("gd", {"learning_rate": {"choice": (0.01,)}})
    found = kind_of(cell).calibrate([Piece(cell, 0), Piece(cell, 1)], "cpu", 0)
    assert set(found) == {cell.id}
    assert 0 < found[cell.id] < 10
    assert set(kind_of(one).calibrate([Piece(one, 0)], "cpu", 0)) == {one.id}


def test_data_are_found_and_named(tmp_path, write_plan):
    cell = make_arena_cell(
        "small_mnist",
        "gd",
        2,
        400,
        {"train_images": 20, "width": 3},
        batch={"first": 4, "last": 10},
    )
    plan = write_plan(tmp_path, job("images", cell))
    train(plan)
    table, manifest = read(tmp_path, cell)
    assert (table["end_region"] == -1).all()
    assert (table["loss"] < table["start_loss"]).any()
    assert (table["cost"] <= 400).all()
    assert manifest["data"] == dict(kind_of(cell).present_data(Piece(cell, 0), around_of()))
    assert manifest["data"]
    assert "nothing is left" in train(plan)[0]
