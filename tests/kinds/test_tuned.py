"""Trials as they are run, and runs that take the settings which a search has found."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Piece, kind_of
from escaping_minima.kinds.search.cell import make_search_cell, tuned_by
from escaping_minima.kinds.search.space import with_settings
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import part_record
from escaping_minima.plan.jobs import Job, PlannedBlocks, needed_jobs, read_plan
from escaping_minima.results.blocks import manifest_path, write_block
from escaping_minima.results.further import write_further
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps import estimate as estimating
from escaping_minima.steps import portions as handing_out
from escaping_minima.steps.estimate import JOB_SECONDS, estimate
from escaping_minima.steps.merge import merge
from escaping_minima.steps.portions import portions
from escaping_minima.steps.train import train

pytestmark = pytest.mark.usefixtures("no_checkout")

SIZES = {"first": 10, "last": 10, "line": "epochs"}
#: A network that holds out images of the training set, as small as there is.
SMALL = {
    "data": "generated",
    "train_images": 50,
    "validation_images": 20,
    "test_images": 20,
    "divisor": 64,
}
SPACE = {
    "learning_rate": {"log_uniform": (0.01, 1.0)},
    "momentum.share": {"uniform": (0.5, 0.9)},
}
#: What a kind asks of its surroundings where data are generated.
AROUND = SimpleNamespace(data_folder=None, accepted=())
MOMENTUM = part_record("modifiers", "momentum").record()
LOSSES = ({"name": "losses", "settings": {}},)


def trained(method="gd", epochs=1, **more):
    more = {"modifiers": (MOMENTUM,), "observers": LOSSES} | more
    return make_training_cell("vgg16", method, epochs, SIZES, SMALL, **more)


def searched(method="gd", space=SPACE, **more):
    return make_search_cell(trained(method), space, **more)


def planned(cell, blocks=1, first=0):
    return PlannedBlocks(cell, blocks, {}, "s1", first)


def job(name, *blocks):
    return Job("study", name, blocks, name)


def path_of(folder, cell, block=0):
    return ResultPaths(folder / "results", "smoke").block("study", cell.id, block)


def read(folder, cell, block=0):
    path = path_of(folder, cell, block)
    return pd.read_parquet(path), json.loads(manifest_path(path).read_text())


def put_trials(folder, search, scores, rates):
    """Write the blocks of a search as if it had run, with scores and learning rates as given."""
    for trial, (score, rate) in enumerate(zip(scores, rates, strict=True)):
        path = path_of(folder, search, trial)
        row = {
            "trial": [trial],
            "settings": [json.dumps({"learning_rate": rate, "momentum.share": 0.5})],
            "column": [search.score],
            "best": [search.best],
            "score": [score],
            "diverged": [math.isnan(score)],
        }
        manifest = {
            "cell_id": search.id,
            "cell": search.record(),
            "block": trial,
            "source_hash": "s1",
            "device": "cpu",
            "commit": "unknown",
            "dirty": True,
            "wall_seconds": 1.0,
            "data": dict(kind_of(search).present_data(Piece(search, trial), AROUND)),
            "further": write_further(path, {"trial": row}, {}, {}),
        }
        write_block(path, pd.DataFrame({"epoch": [0.0, 1.0]}), manifest)


def test_an_estimate_counts_trials_and_what_they_tune(monkeypatch, tmp_path):
    search = searched()
    tuned = trained(tuned_by=tuned_by(search, 3))
    jobs = [job("search", planned(search, 3)), job("tuned", planned(tuned, 2))]
    settings = SimpleNamespace(device="cpu", runs_side_by_side=None, rerun_stale=True)
    paths = ResultPaths(tmp_path / "results", "smoke")
    plan = SimpleNamespace(jobs=jobs, paths=paths, settings=settings, label="smoke")
    monkeypatch.setattr(estimating, "make_plan", lambda given: plan)
    monkeypatch.setattr(training, "_TIMED", {})
    monkeypatch.setattr(training, "_seconds_per_item", lambda *words: 0.5)
    put_trials(tmp_path, search, [0.5], [0.1])
    lines = estimate(settings, 1)
    assert lines[0].startswith("scale smoke: 2 of 2 jobs and 4 of 5 blocks are to run")
    # an epoch on 50 images, and 70 evaluated
    block = 0.5 * (50 + training.EVALUATION_SHARE * 70)
    words = f"{2 * block + JOB_SECONDS:.0f} s"
    assert lines[3:] == [f"  study_search: {words}", f"  study_tuned: {words}"]


def pair_of(series):
    """Return a search and what it tunes."""
    search = searched("nim", series=series)
    return search, trained("nim", tuned_by=tuned_by(search, 2), keep_epochs=(1,))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, write_plan):
    """Return a folder with a search of two trials and two runs that it tuned, and the cells.

    Those that rest on the others come first by name.
    """
    folder = tmp_path_factory.mktemp("whole")
    search, tuned = next(pair for pair in map(pair_of, range(100)) if pair[1].id < pair[0].id)
    plan = write_plan(folder, job("tuned", planned(tuned, 2)), job("search", planned(search, 2)))
    # the jobs' own order is not that in which they can be run
    assert train(plan) == ["study: nothing is left of 4 blocks"]
    return folder, search, tuned


def test_a_trial_is_a_run_with_the_settings_that_it_drew(whole, tmp_path, write_plan):
    folder, search, _ = whole
    plain = [search.trial(trial) for trial in (0, 1)]
    assert plain[1].method_settings["learning_rate"] == search.settings(1)["learning_rate"]
    train(write_plan(tmp_path, job("plain", *map(planned, plain))))
    for trial in (0, 1):
        table, manifest = read(folder, search, trial)
        # all trials have the draws of block 0
        pd.testing.assert_frame_equal(table, read(tmp_path, plain[trial])[0], check_exact=True)
        score = table["validation_loss"].iloc[-1]
        assert manifest["settings"] == search.settings(trial)
        assert manifest["score"] == score
        kept = pd.read_parquet(
            path_of(folder, search, trial).with_name(f"b000{trial}.trial.parquet")
        )
        assert json.loads(kept["settings"][0]) == search.settings(trial)
        assert kept.drop(columns="settings").iloc[0].to_dict() == {
            "trial": trial,
            "column": "validation_loss",
            "best": "lowest",
            "score": score,
            "diverged": False,
        }


def test_tuned_runs_take_the_best_settings_and_their_own_draws(whole, tmp_path, write_plan):
    folder, search, tuned = whole
    scores = [read(folder, search, trial)[1]["score"] for trial in (0, 1)]
    best = scores.index(min(scores))
    plain = replace(search.trial(best), keep_epochs=(1,))
    train(write_plan(tmp_path, job("plain", planned(plain, 2))))
    tables = []
    for block in (0, 1):
        table, manifest = read(folder, tuned, block)
        pd.testing.assert_frame_equal(table, read(tmp_path, plain, block)[0], check_exact=True)
        assert manifest["tuned"] == {"trial": best, "settings": search.settings(best)}
        digests = {
            f"{search.id}/{trial}/trial": read(folder, search, trial)[1]["further"]["trial.parquet"]
            for trial in (0, 1)
        }
        assert digests.items() <= manifest["data"].items()
        assert set(manifest["data"]) - set(digests) == set(read(tmp_path, plain)[1]["data"])
        tables.append(table)
    assert not tables[0].equals(tables[1])


def test_what_is_stopped_goes_on_to_the_same_bytes(whole, tmp_path, write_plan, few_questions):
    folder, search, tuned = whole
    plan = write_plan(tmp_path, job("search", planned(search, 2)), job("tuned", planned(tuned, 2)))
    states: list[list[str]] = []
    while "nothing is left" not in train(plan, limit=few_questions(3))[0]:
        states.append(sorted(p.parent.name for p in (tmp_path / "results").rglob("*.pt")))
    # both were stopped on their way
    assert {search.id, tuned.id} <= {name for names in states for name in names}
    for cell in (search, tuned):
        for block in (0, 1):
            one, other = path_of(tmp_path, cell, block), path_of(folder, cell, block)
            assert one.read_bytes() == other.read_bytes()
    assert not list((tmp_path / "results" / "smoke" / "checkpoints").rglob("*.pt"))


def test_planted_scores_choose_the_settings(tmp_path, write_plan):
    scores, rates = [0.5, math.nan, 0.2, 0.2, 0.1], [0.1, 0.2, 0.03, 0.04, 0.05]
    for best, trials, chosen in (("lowest", 4, 2), ("lowest", 5, 4), ("highest", 5, 0)):
        search = searched(best=best)
        put_trials(tmp_path, search, scores, rates)
        tuned = trained(tuned_by=tuned_by(search, trials))
        train(write_plan(tmp_path, job("tuned", planned(tuned))), "study_tuned")
        table, manifest = read(tmp_path, tuned)
        settings = {"learning_rate": rates[chosen], "momentum.share": 0.5}
        assert manifest["tuned"] == {"trial": chosen, "settings": settings}
        plain = with_settings(trained(), settings)
        train(write_plan(tmp_path, job("plain", planned(plain))), "study_plain")
        pd.testing.assert_frame_equal(table, read(tmp_path, plain)[0], check_exact=True)


def test_a_run_waits_for_every_trial_and_for_one_that_ended(tmp_path, write_plan):
    search = searched()
    tuned = trained(tuned_by=tuned_by(search, 3))
    plan = write_plan(tmp_path, job("tuned", planned(tuned)))
    put_trials(tmp_path, search, [0.5, 0.4], [0.1, 0.2])
    with pytest.raises(UserError, match=f"cell {search.id}, block 2: trial is missing"):
        train(plan, "study_tuned")
    put_trials(tmp_path, search, [math.nan] * 3, [0.1, 0.2, 0.3])
    with pytest.raises(UserError, match=f"all 3 trials of the search {search.id} diverged"):
        train(plan, "study_tuned")


def test_a_trial_that_diverges_is_a_result(tmp_path, write_plan):
    search = searched(space={"learning_rate": {"choice": (1e30,)}})
    plan = write_plan(tmp_path, job("search", planned(search)))
    assert train(plan, "study_search") == []
    _, manifest = read(tmp_path, search)
    assert (manifest["outcome"], manifest["score"]) == ("diverged", None)
    kept = pd.read_parquet(path_of(tmp_path, search).with_name("b0000.trial.parquet"))
    assert kept["diverged"].all()
    assert kept["score"].isna().all()


def test_a_score_that_no_split_has_is_named(tmp_path, write_plan):
    search = searched(score="validation_macro_f1", best="highest")
    plan = write_plan(tmp_path, job("search", planned(search)))
    with pytest.raises(UserError, match="allowed: validation_loss, validation_error"):
        train(plan, "study_search")


def test_another_trial_makes_tuned_runs_stale_and_their_states(tmp_path, write_plan, few_questions):
    search = searched()
    put_trials(tmp_path, search, [0.5, 0.4], [0.1, 0.2])
    tuned = trained(tuned_by=tuned_by(search, 2))
    plan = write_plan(tmp_path, job("tuned", planned(tuned, 2)))
    train(plan, "study_tuned")
    made = path_of(tmp_path, tuned).stat().st_mtime_ns
    train(plan, "study_tuned")
    assert path_of(tmp_path, tuned).stat().st_mtime_ns == made
    # a third trial is none of its own; another score of a trial that is not taken counts
    put_trials(tmp_path, search, [0.5, 0.4, 0.1], [0.1, 0.2, 0.3])
    assert "nothing is left" in train(plan)[0]
    assert path_of(tmp_path, tuned).stat().st_mtime_ns == made
    put_trials(tmp_path, search, [0.6, 0.4], [0.1, 0.2])
    train(plan, limit=few_questions(3))
    assert list((tmp_path / "results").rglob("b0.*.pt"))
    assert path_of(tmp_path, tuned).stat().st_mtime_ns == made
    put_trials(tmp_path, search, [0.3, 0.4], [0.1, 0.2])
    train(plan, "study_tuned")
    plain = with_settings(trained(), {"learning_rate": 0.1, "momentum.share": 0.5})
    train(write_plan(tmp_path, job("plain", planned(plain, 2))), "study_plain")
    for block in (0, 1):
        table, manifest = read(tmp_path, tuned, block)
        assert manifest["tuned"]["trial"] == 0
        pd.testing.assert_frame_equal(table, read(tmp_path, plain, block)[0], check_exact=True)


def test_jobs_of_tuned_cells_come_after_all_jobs_of_their_search():
    search = searched()
    tuned = trained(tuned_by=tuned_by(search, 2))
    first, second = (job(f"search_{trial}", planned(search, 1, trial)) for trial in (0, 1))
    jobs = [job("tuned", planned(tuned, 2)), first, job("plain", planned(trained())), second]
    assert needed_jobs(jobs[0], jobs) == [first, second]
    assert all(needed_jobs(one, jobs) == [] for one in jobs[1:])


def test_on_a_gpu_tuned_runs_are_not_put_beside_what_comes_before_their_search(monkeypatch):
    searches = {method: searched(method) for method in ("gd", "nim")}
    tuned = {
        method: planned(trained(method, tuned_by=tuned_by(search, 2)))
        for method, search in searches.items()
    }
    named = {
        "base": planned(trained()),
        "search_gd": planned(searches["gd"], 2),
        "tuned_gd": tuned["gd"],
        "search_nim": planned(searches["nim"], 2),
        "tuned_nim": tuned["nim"],
        "more": planned(trained("nim")),
    }
    monkeypatch.setattr(handing_out, "resolve_training_device", lambda wanted: "cuda")
    jobs = [job(name, blocks) for name, blocks in named.items()]
    handed = list(portions(jobs, "auto", lambda portion: 1))
    names = {id(blocks): name for name, blocks in named.items()}
    assert [[names[id(g)] for group in turn.groups for g in group] for turn in handed] == [
        ["base", "more"],
        ["search_gd", "search_nim"],
        ["tuned_gd", "tuned_nim"],
    ]


def test_tuned_runs_are_merged_with_the_search_that_they_rest_on(whole, tmp_path, write_plan):
    folder, search, tuned = whole
    jobs = [job("tuned", planned(tuned, 2)), job("search", planned(search, 2))]
    here = tmp_path / "here"
    run, planned_jobs = read_plan(write_plan(here, *jobs))
    merged = merge([folder / "results"], run, list(planned_jobs.values()), here)
    assert (merged.blocks, merged.refused) == (4, [])
    assert train(here / "plan.json") == ["study: nothing is left of 4 blocks"]
    # elsewhere the search found something else, and stays
    there = tmp_path / "there"
    put_trials(there, search, [0.5, 0.4], [0.1, 0.2])
    run, planned_jobs = read_plan(write_plan(there, *jobs))
    merged = merge([folder / "results"], run, list(planned_jobs.values()), there)
    assert merged.blocks == 0
    assert ["differs" in line for line in merged.refused].count(True) == 2
    assert ["other data" in line for line in merged.refused].count(True) == 2


def test_of_two_searches_tuned_runs_of_the_one_that_is_taken_are(whole, tmp_path, write_plan):
    """Also where neither was there before."""
    folder, search, tuned = whole
    other = tmp_path / "other"
    put_trials(other, search, [0.5, 0.4], [0.1, 0.2])
    jobs = [job("search", planned(search, 2)), job("tuned", planned(tuned, 2))]
    train(write_plan(other, *jobs), "study_tuned")
    here = tmp_path / "here"
    run, planned_jobs = read_plan(write_plan(here, *jobs))
    folders = [other / "results", folder / "results"]
    merged = merge(folders, run, list(planned_jobs.values()), here)
    assert (merged.blocks, len(merged.refused)) == (4, 4)
    assert path_of(here, tuned, 1).read_bytes() == path_of(other, tuned, 1).read_bytes()
    # a folder that lost its search comes first: what it tuned is no stand-in
    lone = tmp_path / "lone"
    shutil.copytree(folder / "results", lone / "results")
    shutil.rmtree(path_of(lone, search).parent)
    empty = tmp_path / "empty"
    run, planned_jobs = read_plan(write_plan(empty, *jobs))
    folders = [lone / "results", other / "results"]
    merged = merge(folders, run, list(planned_jobs.values()), empty)
    assert (merged.blocks, ["other data" in line for line in merged.refused]) == (4, [True] * 2)
    assert path_of(empty, tuned, 1).read_bytes() == path_of(other, tuned, 1).read_bytes()
