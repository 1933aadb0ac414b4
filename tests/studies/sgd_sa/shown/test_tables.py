"""Derived tables against what was planted, against the printed numbers, and against arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.observers.annealing import BINS
from escaping_minima.studies.sgd_sa import show
from escaping_minima.studies.sgd_sa.comparisons import compare
from escaping_minima.studies.sgd_sa.equal_training import equal_training
from escaping_minima.studies.sgd_sa.moves import by_epoch, by_rate, worsening_quantiles
from escaping_minima.studies.sgd_sa.printed import load_table1
from escaping_minima.studies.sgd_sa.printed_errors import printed_errors
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.scope import is_smaller, network_words, scope_words
from escaping_minima.studies.sgd_sa.selection import HELD_OUT, NO_CHOICE, TEST
from escaping_minima.studies.sgd_sa.spreads import spread
from escaping_minima.studies.sgd_sa.tables import derive


def seeds(*values):
    return pd.Series(values, index=range(len(values)), dtype=float)


def values_of(tables, measure, role="main", network="vgg16", run="sgd_sa"):
    runs = Runs.build(tables)
    return runs.values(runs.find(role, network, run), measure)


def test_table_1_as_printed():
    table = load_table1()
    assert len(table) == 40
    wide = table.pivot(index="seed", columns=["network", "method"], values="accuracy")
    assert wide["vgg16", "sgd_sa"].max() == 86.76
    assert wide["resnet34", "sgd_sa"].mean() == pytest.approx(82.237)
    chosen = (table["network"] == "resnet34") & (table["method"] == "scheduled_sgd")
    assert table[chosen].set_index("seed").loc[2, "loss"] == 0.001467


def test_table_1_has_ours_beside_the_printed_numbers(everything, derived):
    table = derived["table_1.csv"].astype({"seed": str})
    rows = table[(table["network"] == "vgg16") & (table["method"] == "sgd_sa")].set_index("seed")
    assert list(rows.index) == [*map(str, range(10)), "best", "mean", "SD"]
    ours = values_of(everything, "last_test_loss")
    assert rows["last_loss"].iloc[:3].tolist() == pytest.approx(ours.tolist())
    assert rows["last_loss"].iloc[3:10].isna().all()
    # 500 times what is printed, and the best rows from the seeds, not from the damaged ones
    assert rows.loc["0", "printed_loss"] == pytest.approx(0.5635)
    assert rows.loc["best", "printed_loss"] == pytest.approx(500 * 0.001084)
    assert rows.loc["best", "printed_accuracy"] == 86.76
    accuracy = values_of(everything, "best_test_accuracy")
    assert rows.loc["best", "best_accuracy"] == pytest.approx(accuracy.max())
    assert rows.loc["best", "last_loss"] == pytest.approx(ours.min())
    assert rows.loc["mean", "printed_accuracy"] == pytest.approx(86.161)
    assert rows.loc["SD", "printed_accuracy"] == pytest.approx(0.454, abs=0.001)
    assert np.isnan(rows.loc["best", "best_epoch"])


def test_losses_are_compared_by_their_ratio_and_accuracies_in_points():
    ours, theirs = seeds(1.0, 2.0, 4.0), seeds(2.0, 4.0, 8.0)
    ratio = compare(ours, theirs, ratio=True)
    assert ratio["difference"] == pytest.approx(100 * np.log(0.5))
    assert (ratio["unit"], ratio["n"], ratio["higher"]) == ("ratio", 3, 0)
    points = compare(ours, theirs, ratio=False)
    assert points["difference"] == pytest.approx(-7 / 3)
    assert (points["mean"], points["other_mean"]) == pytest.approx((7 / 3, 14 / 3))
    # a seed that one side lacks counts for neither
    less = compare(ours.drop(1), theirs, ratio=False)
    assert (less["n"], less["mean"], less["other_mean"]) == (2, 2.5, 5.0)


def test_methods_and_controls_are_compared_with_sgd_sa(everything, derived):
    table = derived["methods.csv"].set_index(["role", "network", "measure"])
    row = table.loc[("main", "resnet34", "last_test_accuracy")]
    ours = values_of(everything, "last_test_accuracy", network="resnet34")
    theirs = values_of(everything, "last_test_accuracy", "main", "resnet34", "scheduled_sgd")
    assert row["difference"] == pytest.approx((ours - theirs).mean())
    table = derived["controls.csv"].set_index(["role", "run", "measure"])
    row = table.loc[("small", "accept_off", "last_test_accuracy")]
    control = values_of(everything, "last_test_accuracy", "small", run="accept_off")
    assert row["mean"] == pytest.approx(control.mean())
    assert row["other_mean"] == pytest.approx(
        values_of(everything, "last_test_accuracy", "small").mean()
    )
    assert "rate_0.05_tested" in set(derived["controls.csv"]["run"])
    runs = derived["variants.csv"]["run"]
    assert {"as_printed", "ssa_shortened", "scheduled_sgd"} <= set(runs)


def test_equal_passes_take_sgd_sa_early(everything, derived):
    table = derived["equal_passes.csv"].set_index(["role", "network", "budget", "measure"])
    row = table.loc[("main", "vgg16", "a third of the epochs", "test_loss")]
    assert row["mean"] == pytest.approx(values_of(everything, "test_loss_at_third").mean())
    theirs = values_of(everything, "last_test_loss", run="scheduled_sgd")
    assert row["other_mean"] == pytest.approx(theirs.mean())
    row = table.loc[("small", "vgg16", "three fifths of the epochs", "test_accuracy")]
    ours = values_of(everything, "test_accuracy_at_three_fifths", "small")
    assert row["mean"] == pytest.approx(ours.mean())


def test_spread_has_the_interval_of_normal_values():
    found = spread([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])
    assert (found["n"], found["sd"]) == (5, pytest.approx(np.sqrt(2.5)))
    # tables of chi-square with 4 degrees of freedom: 0.4844 and 11.143
    assert found["low"] == pytest.approx(np.sqrt(10 / 11.143), rel=1e-3)
    assert found["high"] == pytest.approx(np.sqrt(10 / 0.4844), rel=1e-3)
    assert np.isnan(spread([1.0, 2.0])["low"])


def test_spreads_are_by_source_and_of_the_printed_seeds(everything, derived):
    table = derived["spreads.csv"].set_index(["role", "network", "run", "source", "measure"])
    runs = Runs.build(everything)
    cell = runs.find("sources", "vgg16", "sgd_sa", "vary_acceptance")
    expected = runs.values(cell, "last_test_loss").std(ddof=1)
    key = ("sources", "vgg16", "sgd_sa", "vary_acceptance", "last_test_loss")
    assert table.loc[key, "sd"] == pytest.approx(expected)
    key = ("main", "resnet34", "sgd_sa", "printed", "last_test_accuracy")
    assert table.loc[key, "sd"] == pytest.approx(2.229, abs=0.001)


def test_held_out_images_choose_seed_and_epoch(everything):
    tables = dict(everything)
    measures = tables["measures.parquet"].copy()
    cell = Runs.build(tables).find("selection", "vgg16", "sgd_sa")
    there = measures["cell"] == cell
    columns = ["chosen_validation_accuracy", "chosen_test_accuracy", "chosen_test_loss"]
    measures.loc[there, columns] = [[80.0, 85.0, 0.6], [82.0, 83.0, 0.7], [81.0, 86.0, 0.5]]
    measures.loc[there, "best_test_accuracy"] = [87.0, 86.0, 88.0]
    measures.loc[there, "test_loss_at_best"] = [0.9, 0.8, 0.75]
    measures.loc[there, "last_test_accuracy"] = [84.0, 85.0, 86.0]
    tables["measures.parquet"] = measures
    table = derive(tables, load_records("sgd_sa"))[0]["selection.csv"]
    chosen = (table["role"] == "selection") & (table["network"] == "vgg16")
    rows = table[chosen & (table["run"] == "sgd_sa")].set_index("chosen_by")
    assert rows.loc[HELD_OUT, ["seed", "test_accuracy", "test_loss"]].tolist() == [1, 83.0, 0.7]
    assert rows.loc[TEST, ["seed", "test_accuracy", "test_loss"]].tolist() == [2, 88.0, 0.75]
    assert rows.loc[NO_CHOICE, "test_accuracy"] == 85.0
    # main runs hold nothing out
    assert HELD_OUT not in set(table.loc[table["role"] == "main", "chosen_by"])


def test_sgd_is_taken_once_it_trains_as_well(everything):
    tables = dict(everything)
    curves = tables["curves.parquet"].copy()
    runs = Runs.build(tables)
    ssa, sgd = (runs.find("fashion", "vgg16", run) for run in ("ssa", "sgd"))
    for cell, train, test in (
        (ssa, [10, 30, 40], [10, 29, 39]),
        (sgd, [10, 41, 40.5], [10, 36, 11.5]),
    ):
        for seed in range(3):
            there = (curves["cell"] == cell) & (curves["seed"] == seed)
            count = there.sum() - 3
            curves.loc[there, "train_accuracy"] = np.float32([*train, *[train[-1]] * count])
            curves.loc[there, "test_accuracy"] = np.float32([*test, *[test[-1]] * count])
    table = equal_training(Runs.build({**tables, "curves.parquet": curves}))
    assert table["sgd_epoch"].tolist() == [2, 2, 2]
    assert table["sgd_train_accuracy"].tolist() == [40.5] * 3
    assert table["ssa_gap"].tolist() == [1, 1, 1]
    assert table["sgd_gap"].tolist() == [29, 29, 29]
    never = curves.assign(
        train_accuracy=curves["train_accuracy"].where(curves["cell"] != sgd, 39.0)
    )
    table = equal_training(Runs.build({**tables, "curves.parquet": never}))
    assert table["sgd_epoch"].isna().all()


def moves_table():
    """Two rates in two epochs of one run; in the second no move worsens."""
    columns = ["epoch", "rate", "tried", "accepted", "worse", "accepted_worse"]
    rows = [(1, 0.9, 4, 2, 3, 1), (1, 0.1, 6, 6, 1, 1), (2, 0.9, 5, 5, 0, 0), (2, 0.1, 0, 0, 0, 0)]
    frame = pd.DataFrame(rows, columns=columns).assign(cell="a", seed=0)
    return frame.assign(probability=[0.6, 0.8, 0.0, 0.0], worsening=[3.0, 1.0, 0.0, 0.0])


def test_moves_by_epoch():
    found = by_epoch(moves_table()).set_index("epoch")
    assert found.loc[1, "probability_worse"] == pytest.approx(1.4 / 4)
    assert found.loc[1, "probability_all"] == pytest.approx((1.4 + 6) / 10)
    assert found.loc[1, "mean_worsening"] == pytest.approx(1.0)
    assert found.loc[1, "effective_rate"] == pytest.approx((0.9 * 2 + 0.1 * 6) / 10)
    assert np.isnan(found.loc[2, "probability_worse"])
    assert (found.loc[2, "probability_all"], found.loc[2, "updates"]) == (1, 15)


def test_moves_by_rate():
    found = by_rate(moves_table()).set_index(["rate", "epoch"])
    assert found.loc[(0.9, 1), ["accepted_share", "improved_share"]].tolist() == [50, 25]
    assert np.isnan(found.loc[(0.1, 2), "accepted_share"])


def test_quantiles_of_worsenings_are_those_of_what_was_counted():
    rng = np.random.default_rng(1)
    kept, rejected = 10 ** rng.normal(-3, 0.7, 4000), 10 ** rng.normal(-1, 0.3, 2000)
    place = [np.floor((np.log10(v) + 8) * 4).astype(int) + 1 for v in (kept, rejected)]
    counts = [np.bincount(p, minlength=BINS) for p in place]
    table = pd.DataFrame({"epoch": 7, "bin": np.arange(BINS)})
    table = table.assign(accepted=counts[0], rejected=counts[1])
    found = worsening_quantiles(table).set_index("outcome")
    assert found["count"].tolist() == [4000, 2000]
    for outcome, values in (("accepted", kept), ("rejected", rejected)):
        exact = np.quantile(values, [0.1, 0.5, 0.9])
        binned = found.loc[outcome, [0.1, 0.5, 0.9]].to_numpy(float)
        assert np.log10(binned) == pytest.approx(np.log10(exact), abs=0.05)
    # epochs without any have no row
    assert len(worsening_quantiles(table.assign(rejected=0))) == 1


def test_smaller_runs_are_called_so():
    row = {"role": "main", "network": "vgg16", "data_set": "cifar-10", "data_words": "words"}
    paper = pd.DataFrame([row | {"channels": 64, "images": 50_000}])
    assert scope_words(paper) == "VGG16; words"
    for change in ({"channels": 8}, {"images": 49_999}):
        smaller = paper.assign(**change)
        assert is_smaller(smaller)
        assert scope_words(smaller).endswith("SMALLER THAN THE PAPER'S RUNS")
    held_out = paper.assign(role="selection", images=45_000)
    assert not is_smaller(held_out)
    assert network_words("resnet34", 4) == "ResNet34 of a sixteenth of the width"


def test_errors_have_the_arithmetic_of_the_printed_seeds():
    spreads, significantly, _ = printed_errors()
    assert "0.000061 of SGD-SA, 0.000070 of Scheduled-SGD" in spreads["arithmetic"]
    assert "0.7 percent in seed 3 and 1.1 percent in seed 4" in significantly["arithmetic"]


def test_tables_show_ratios_and_points(derived):
    html = show.show_methods(derived["methods.csv"], ("main",))
    assert "× 0.721" in html
    assert "numerics" not in html
    assert "float32" not in html


def test_moves_are_shown_of_runs_that_test_them(derived):
    html = show.show_moves(derived["summary.csv"], ("main",))
    assert "SGD-SA" in html
    assert "Scheduled-SGD" not in html
