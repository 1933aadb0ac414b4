"""Numbers of single trajectories, against runs of a few epochs that can be read off."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from escaping_minima.studies.populations.measures import (
    loss_at,
    measure_runs,
    measure_sets,
    measure_singles,
)
from escaping_minima.studies.populations.scope import is_smaller, scope_words, with_needs

MODELS = pd.Series({"a": 2, "b": 2})


def run(cell, block, losses, scores, held_out=None, first=1):
    epochs = range(first, first + len(losses))
    return pd.DataFrame(
        {
            "cell": cell,
            "block": block,
            "epoch": epochs,
            "gradient_evaluations": [10 * epoch for epoch in epochs],
            "train_loss": losses,
            "validation_score": held_out or scores,
            "test_score": scores,
        }
    )


ONE = run("a", 0, [4.0, 1.0, 2.0, 3.0], [50.0, 60.0, 64.0, 90.0], [80.0, 70.0, 10.0, 10.0])


def test_sets_are_measured_by_hand():
    found = measure_sets(ONE, MODELS)
    assert found.loc[("a", "A", 0)].to_dict() == pytest.approx(
        {
            "score": 62.0,
            "score_median": 62.0,
            "score_sd": math.sqrt(8.0),
            "loss": 1.5,
            "loss_median": 1.5,
        }
    )
    assert found.loc[("a", "B", 0), "score"] == 77.0
    assert found.loc[("a", "V", 0), ["score", "loss"]].tolist() == [55.0, 2.5]


def test_single_models_are_picked_by_hand():
    found = measure_singles(ONE)
    assert {rule: tuple(found.loc[("a", rule, 0)]) for rule in found.index.levels[1]} == {
        "last": (90.0, 3.0),
        "lowest_loss": (60.0, 1.0),
        "best_test": (90.0, 3.0),
    }


def test_a_run_that_diverged_has_no_value_and_is_not_unseen():
    lost = run("a", 1, [4.0, math.nan, math.nan, math.nan], [50.0, math.nan, math.nan, math.nan])
    short = run("a", 2, [4.0], [50.0])
    epochs = pd.concat([ONE, lost, short])
    sets = measure_sets(epochs, MODELS)
    assert sets["score"].notna().groupby("block").all().tolist() == [True, False, False]
    assert len(sets) == 9
    singles = measure_singles(epochs)
    assert math.isnan(singles.loc[("a", "last", 1), "score"])
    assert singles.loc[("a", "best_test", 1), "score"] == 50.0
    activity = pd.DataFrame({"cell": ["a"], "block": [0], "epoch": [4], "same_as_sgd": [1]})
    gradients = measure_runs(epochs, activity)["gradients"]
    assert gradients.notna().tolist() == [True, False, False]


def test_a_run_acted_where_its_last_epoch_says_so():
    epochs = pd.concat([ONE, ONE.assign(block=1), ONE.assign(block=2)])
    rows = [(0, 1, 1), (0, 4, 0), (1, 4, 1), (1, 1, 1)]
    seen = pd.DataFrame(rows, columns=["block", "epoch", "same_as_sgd"]).assign(cell="a")
    found = measure_runs(epochs, seen)
    assert found.loc["a", "gradients"].tolist() == [40.0] * 3
    assert found.loc["a", "acted"].fillna(-1).tolist() == [1.0, 0.0, -1.0]


def test_the_smoothed_loss_stands_at_the_middle_of_its_window():
    curve = pd.DataFrame({"gradient_evaluations": [10, 20, 30], "loss": [4.0, 2.0, 1.0]})
    assert [loss_at(curve, at) for at in (1, 5, 15, 20, 30)] == [4.0, 4.0, 2.0, 1.5, 1.0]
    assert loss_at(curve.iloc[::-1], 20) == 1.5
    # a run that ended before has no loss there
    assert math.isnan(loss_at(curve, 31))
    assert math.isnan(loss_at(curve.iloc[:0], 1))


def test_runs_say_by_how_much_they_are_smaller_than_the_papers(as_printed):
    cells = as_printed["cells.csv"].iloc[[0, 12]]
    assert not is_smaller(cells)
    whole = "10 trajectories of 30 epochs; ResNet-50; bert-base-uncased; all of it"
    assert scope_words(cells) == f"{whole}; FEWER THAN THE PAPER'S 300 EPOCHS"
    narrow = cells.assign(parameters=[5_880_210, 1_775_620], epochs=300)
    assert with_needs(narrow)["percent_of_network"].tolist() == [25.0, 1.6]
    assert "SMALLER THAN THE PAPER'S NETWORKS OR DATA" in scope_words(narrow)
    few = cells.assign(train_items=450, validation_items=50)
    # of texts the held-out ones are no part of the training split
    assert with_needs(few)["percent_of_data"].tolist() == [1.0, 1.0]
    assert is_smaller(cells.assign(data_version="generated"))
