"""Derived tables against what was planted, and as a reader sees them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.populations import show
from escaping_minima.studies.populations.noise_activity import noise_activity
from escaping_minima.studies.populations.printed import load_p_values
from escaping_minima.studies.populations.searches import searches
from escaping_minima.studies.populations.sets import select_sets
from escaping_minima.studies.populations.show_tests import show_tests
from escaping_minima.studies.populations.trajectories import Trajectories


@pytest.fixture(scope="module")
def runs(everything):
    return Trajectories.build(everything)


def scores(tables, cell, kind="A", column="test_score"):
    epochs = tables["epochs.parquet"]
    selected = select_sets(epochs[epochs["cell"] == cell], 3)
    return selected[selected["set"] == kind].astype({column: float}).groupby("block")[column].mean()


def test_trajectories_are_of_their_roles_alone(runs, everything, nothing):
    assert set(runs.populations["role"]) == {"tuned", "base", "acting", "plain", "monotonic"}
    assert runs.populations["task"].is_monotonic_increasing
    assert set(runs.selected["cell"]) == set(runs.populations["cell"])
    assert [task for task, _, _ in runs.arms("base")] == ["cifar-10", "tweeteval-emotion"]
    assert Trajectories.build(nothing).selected.empty


def test_levels_are_means_over_trajectories(derived, everything):
    table = derived["levels.csv"].set_index(["role", "task", "method", "set", "measure"])
    for kind in ("A", "V"):
        own = scores(everything, "tuned cifar-10 sam", kind)
        row = table.loc[("tuned", "cifar-10", "sam", kind, "score")]
        assert row["mean"] == pytest.approx(own.mean())
        assert row["low"] == pytest.approx(mean_columns(own.tolist())["low"])
    losses = scores(everything, "tuned cifar-10 sam", "B", "train_loss")
    assert table.loc[("tuned", "cifar-10", "sam", "B", "loss"), "mean"] == pytest.approx(
        losses.mean()
    )
    assert table.loc[("tuned", "cifar-10", "sam", "A", "shared"), "mean"] == 100.0


def test_every_method_is_compared_with_sgd_of_its_role_or_of_base(derived, everything):
    table = derived["against_sgd.csv"].set_index(["role", "task", "method"])
    cases = {("tuned", "sam"): "tuned", ("acting", "nim_bh"): "base", ("plain", "gd"): "base"}
    cases[("monotonic", "nig_mbh")] = "base"
    for (role, method), other in cases.items():
        own = scores(everything, f"{role} cifar-10 {method}")
        sgd = scores(everything, f"{other} cifar-10 gd")
        row = table.loc[(role, "cifar-10", method)]
        assert row["difference"] == pytest.approx((own - sgd).mean())
        assert row["margin"] == 0.5
    assert ("tuned", "cifar-10", "gd") not in table.index
    assert table.loc[("tuned", "cifar-10", "sam"), "evaluations_ratio"] == 2.0
    assert table.loc[("base", "tweeteval-emotion", "nim_bh"), "margin"] == 2.0
    tuned = table.loc["tuned"]
    # the smallest p of five is multiplied by five
    assert tuned["holm_p"].min() == pytest.approx(min(1.0, 5 * tuned["p"].min()))
    assert (tuned["holm_p"] >= tuned["p"]).all()


def test_single_models_count_the_pairs_that_favour_sam(derived, everything):
    epochs = everything["epochs.parquet"]
    table = derived["single_models.csv"].set_index(["role", "task", "rule"])
    last = epochs[epochs["epoch"] == 9].set_index(["cell", "block"])["test_score"].astype(float)
    differences = last["tuned cifar-10 sam"] - last["tuned cifar-10 gd"]
    row = table.loc[("tuned", "cifar-10", "last")]
    assert row["mean"] == pytest.approx(differences.mean())
    assert row["sam_higher"] == (differences > 0).sum()
    whole = scores(everything, "tuned cifar-10 sam") - scores(everything, "tuned cifar-10 gd")
    assert table.loc[("tuned", "cifar-10", "set_a"), "mean"] == pytest.approx(whole.mean())
    # no SAM at base settings was planted
    assert set(table.index.get_level_values("role")) == {"tuned"}


def test_activity_is_over_all_epochs_and_names_what_does_as_sgd_does(everything):
    seen = everything["activity.parquet"].copy()
    cell = seen["cell"] == "tuned cifar-10 nim_bh"
    seen.loc[cell & (seen["epoch"] == 1), ["fired", "noise_ratio"]] = [0.9, 0.5]
    # late in a run gradients vanish, and the ratio to them says nothing
    seen.loc[cell & seen["epoch"].isin([2, 3]), "noise_ratio"] = [0.4, 90.0] * 4
    # in one of four runs something happened
    seen.loc[cell & (seen["block"] == 0), "same_as_sgd"] = 0
    table = noise_activity({**everything, "activity.parquet": seen})
    row = table[table["role"] == "tuned"].set_index("method").loc["nim_bh"]
    assert row["fired"] == pytest.approx(10.0)
    assert row["noise_ratio"] == pytest.approx(0.5)
    assert row["same_as_sgd"] == 75.0
    assert not {"gd", "sam"} & set(table["method"])
    html = show.show_activity(table)
    assert html.count("DOES WHAT SGD DOES") == (table["same_as_sgd"] == 100.0).sum() > 0


def test_searches_say_what_was_drawn_and_chosen(everything):
    table = searches(everything).set_index(["variant", "method"])
    row = table.loc[("tuned", "nim_bh")]
    assert (row["trials"], row["diverged"], row["epochs"]) == (3, 1, 3)
    assert (row["learning_rate"], row["learning_rate_high"]) == (1e-3, 0.1)
    assert row["radius"] == pytest.approx(0.3)
    assert row["validation_score"] == 52.0
    assert np.isnan(table.loc[("acting", "nim_bh"), "learning_rate"])
    assert np.isnan(table.loc[("tuned", "gd"), "radius_low"])
    html = show.show_searches(searches(everything))
    assert "0.3<br><small>[0.1, 0.3]</small>" in html


@pytest.mark.parametrize("name", ["2a", "5b", "6"])
def test_each_printed_value_stands_beside_ours(name, derived):
    tests = derived["tests.csv"]
    html = show_tests(tests, name)
    assert (
        html.count("not run")
        == ((tests["table"] == name) & (tests["reason"] == "no such runs")).sum()
    )
    printed = load_p_values().query("table == @name and task == 'cifar-10' and method == 'gd'")
    assert all(f"{p:.2f}" in html or f"{p:.4f}" in html for p in printed["p"])
    assert ("two sets permuted" in html) == (name == "6")
    assert ("equal within the margin" in html) == (name != "5b")
    assert "trajectories × models" in html


def test_the_note_of_a_row_says_both_reasons(derived):
    row = derived["tests.csv"].query("table == '2a' and cell == 'tuned cifar-10 sam'").iloc[:1]
    row = row.assign(reason="one trajectory has no spread", mixed_reason="one trajectory")
    assert "one trajectory has no spread; mixed model: one trajectory" in show_tests(row, "2a")


def test_rates_are_shown_by_table_and_size(derived):
    html = show.show_error_rates(derived["error_rates.csv"])
    rates = derived["error_rates.csv"].query("table == '6' and role == 'tuned'")
    low, high = 100 * rates["rate"].min(), 100 * rates["rate"].max()
    assert f"{low:.3g} to {high:.3g}" in html


def test_runs_and_floors_are_said(everything, quick, runs):
    words = show.show_runs(everything["cells.csv"], runs)
    assert "SGD, NiG-SGD, NiM-SGD, SAM, NiG-BH, NiM-BH: 4 trajectories of 9 epochs" in words
    assert "monotonic basin hopping, CIFAR-10" in words
    assert "7 cells" in words
    smaller = show.show_runs(quick["cells.csv"], Trajectories.build(quick))
    assert smaller.count("SMALLER THAN THE PAPER&#x27;S NETWORKS OR DATA") == 2
    assert "SMALLER" not in show.show_runs(
        *(pick(everything["cells.csv"], everything) for pick in (_of_images, _runs_of_images))
    )
    assert "TF-IDF, linear" in show.show_floors(everything)
    assert "no rows" in show.show_floors({})


def _of_images(cells, _):
    return cells[cells["task"] == "cifar-10"]


def _runs_of_images(cells, tables):
    return Trajectories(_of_images(cells, tables), tables["epochs.parquet"])


def test_empty_tables_are_a_line(nothing):
    empty = pd.DataFrame(columns=["rate"])
    assert "no rows" in show.show_error_rates(empty)
    assert "no rows" in show.show_levels(empty)
