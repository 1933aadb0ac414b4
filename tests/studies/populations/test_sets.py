"""The sets that are compared, and single models: by hand, with ties and what is not finite."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from escaping_minima.studies.populations.sets import (
    select_sets,
    single_models,
    trajectory_values,
)


def trajectory(losses, tests, held_out=None, cell="a", block=0):
    return pd.DataFrame(
        {
            "cell": cell,
            "block": block,
            "epoch": np.arange(1, len(losses) + 1),
            "train_loss": np.array(losses, np.float32),
            "validation_score": np.array(tests if held_out is None else held_out, np.float32),
            "test_score": np.array(tests, np.float32),
        }
    )


ONE = trajectory([5, 4, 3, 2, 1, 1], [10, 30, 20, 30, 30, 25], [1, 2, 9, 8, 3, 4])


def epochs_of(selected, name):
    return sorted(selected.loc[selected["set"] == name, "epoch"])


def test_each_set_is_selected_by_its_own_column():
    selected = select_sets(ONE, 2)
    assert epochs_of(selected, "A") == [5, 6]
    assert epochs_of(selected, "V") == [3, 4]
    # of three with 30 the two earlier ones
    assert epochs_of(selected, "B") == [2, 4]


def test_of_equal_values_the_earlier_epoch_is_taken_however_rows_come():
    shuffled = ONE.sample(frac=1.0, random_state=3)
    assert epochs_of(select_sets(shuffled, 1), "A") == [5]
    assert epochs_of(select_sets(shuffled, 1), "B") == [2]
    pd.testing.assert_frame_equal(select_sets(shuffled, 3), select_sets(ONE, 3))


def test_all_epochs_are_in_every_set_of_as_many_models():
    selected = select_sets(ONE, 6)
    assert all(epochs_of(selected, name) == [1, 2, 3, 4, 5, 6] for name in "ABV")
    values = trajectory_values(selected)
    assert list(values["shared_with_a"]) == [1.0, 1.0, 1.0]
    assert values["score_mean"].nunique() == 1


def test_what_is_not_finite_is_never_selected():
    diverged = trajectory([3, 2, math.nan, math.inf], [10, 20, 5, 5], block=1)
    selected = select_sets(pd.concat([ONE, diverged]), 3)
    second = selected[selected["block"] == 1]
    assert epochs_of(second, "A") == [1, 2]
    assert epochs_of(second, "B") == [1, 2, 3]
    nothing = select_sets(trajectory([math.nan], [math.nan]), 3)
    assert len(nothing) == 0


def test_cells_may_differ_in_models():
    both = pd.concat([ONE, ONE.assign(cell="b")])
    selected = select_sets(both, pd.Series({"a": 1, "b": 4}))
    counts = selected.groupby(["cell", "set"]).size().unstack()
    assert counts.loc["a"].tolist() == [1, 1, 1]
    assert counts.loc["b"].tolist() == [4, 4, 4]


@pytest.mark.parametrize("models", [0, pd.Series({"b": 3}), pd.Series({"a": 0})])
def test_a_set_without_models_is_refused(models):
    with pytest.raises(ValueError, match="at least one model"):
        select_sets(ONE, models)


def test_values_of_a_trajectory_by_hand():
    values = trajectory_values(select_sets(ONE, 3)).set_index("set")
    b = values.loc["B"]
    assert (b["models"], b["score_mean"], b["score_sd"], b["epoch_mean"]) == (3, 30, 0, 11 / 3)
    assert b["loss_mean"] == pytest.approx((4 + 2 + 1) / 3)
    assert b["loss_median"] == 2
    assert b["shared_with_a"] == pytest.approx(2 / 3)
    a = values.loc["A"]
    assert (a["score_mean"], a["score_median"]) == (pytest.approx(85 / 3), 30)
    assert a["score_sd"] == pytest.approx(np.std([30, 30, 25], ddof=1))
    assert math.isnan(trajectory_values(select_sets(ONE, 1))["score_sd"].iloc[0])


def test_set_b_is_never_below_set_a_in_scores_nor_in_losses():
    rng = np.random.default_rng(5)
    runs = [
        trajectory(rng.random(30), rng.integers(0, 9, 30).astype(float), block=b) for b in range(9)
    ]
    values = trajectory_values(select_sets(pd.concat(runs), 10)).set_index(["block", "set"])
    a, b = (values.xs(name, level="set") for name in "AB")
    assert (b["score_mean"] >= a["score_mean"]).all()
    assert (b["loss_mean"] >= a["loss_mean"]).all()


def test_single_models_by_rule():
    found = single_models(ONE).set_index("rule")
    assert found["epoch"].to_dict() == {"last": 6, "lowest_loss": 5, "best_test": 2}
    assert found.loc["lowest_loss", "test_score"] == 30
