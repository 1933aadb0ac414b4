"""Tables 2 to 6 of planted trajectories: naive and sound tests, and what they lack."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from escaping_minima.statistics.false_positives import expected_rate
from escaping_minima.statistics.mixed_models import mixed_model
from escaping_minima.studies.populations import tests_table as tables
from escaping_minima.studies.populations.error_rates import error_curve, error_rates
from escaping_minima.studies.populations.margins import MARGINS
from escaping_minima.studies.populations.sets import select_sets
from escaping_minima.studies.populations.table_4 import table_4

EPOCHS, MODELS = 12, 4


def planted(cell, trajectories, shift=0.0, seed=0):
    """Return trajectories whose scores rise by `shift` on another method's with the same block."""
    rng = np.random.default_rng(seed)
    rows = []
    for block in range(trajectories):
        own = np.random.default_rng(block).normal(60.0, 2.0) + shift + 0.2 * rng.normal()
        for epoch in range(1, EPOCHS + 1):
            loss = math.exp(-epoch / 6) * (1 + 0.3 * rng.random())
            rows.append((cell, block, epoch, loss, *(own + 0.5 * rng.normal(size=2))))
    names = ["cell", "block", "epoch", "train_loss", "validation_score", "test_score"]
    return pd.DataFrame(rows, columns=names)


def cell(name, role, method, task="cifar-10", network="ResNet-50"):
    return {"cell": name, "role": role, "task": task, "method": method, "network": network}


CELLS = pd.DataFrame(
    [
        cell("s", "tuned", "gd"),
        cell("m", "tuned", "sam"),
        cell("b", "base", "gd"),
        cell("t", "base", "nim_bh", "tweeteval-emotion", "BERT"),
        cell("p", "plain", "gd"),
    ]
)
RUNS = pd.concat(
    [
        planted("s", 6),
        planted("m", 6, shift=0.4, seed=1),
        planted("b", 1, seed=2),
        planted("t", 3, seed=3),
        planted("p", 3, seed=4),
    ]
)
SELECTED = select_sets(RUNS, MODELS)


@pytest.fixture(scope="module")
def table():
    return tables.tests_table(CELLS, SELECTED)


def row(table, name, cell_name, right="B"):
    chosen = (table["table"] == name) & (table["cell"] == cell_name)
    (found,) = table[chosen & (table["right_set"] == right)].to_dict("records")
    return found


def models(cell_name, name, column="test_score"):
    rows = SELECTED[(SELECTED["cell"] == cell_name) & (SELECTED["set"] == name)]
    return rows.groupby("block")[column]


def test_there_is_a_row_for_each_printed_value_and_each_run(table):
    assert tuple(table.columns) == tables.COLUMNS
    ran = table[table["reason"] != "no such runs"]
    assert ran.groupby(["table", "role", "right_set"]).size().to_dict() == {
        **dict.fromkeys(((t, "tuned", s) for t in ("2a", "3a") for s in "BV"), 2),
        **dict.fromkeys(((t, "base", s) for t in ("2b", "3b") for s in "BV"), 2),
        **dict.fromkeys(((t, role, "B") for t in ("5a", "5b") for role in ("tuned", "base")), 2),
        ("6", "tuned", "A"): 1,
    }
    printed = table[table["printed_role"] == table["role"]]
    assert len(printed) == 156
    missing = table[table["reason"] == "no such runs"]
    assert missing["p"].isna().all()
    assert missing["printed_p"].notna().all()
    assert len(printed) - len(missing) == 2 * 2 + 2 * 2 + 2 * 2 + 1


def test_printed_values_stand_beside_their_cells(table):
    assert row(table, "2a", "s")["printed_p"] == 0.0821
    assert row(table, "3b", "t")["printed_p"] == 0.6467
    assert row(table, "6", "s", "A")["printed_p"] == 0.32458
    # what is printed of tuned methods, beside base ones
    other = row(table, "5a", "b")
    assert (other["printed_p"], other["printed_role"], other["role"]) == (0.2164, "tuned", "base")
    assert math.isnan(row(table, "2a", "s", "V")["printed_p"])


@pytest.mark.parametrize(
    ("name", "column", "test"),
    [
        ("2a", "test_score", stats.mannwhitneyu),
        ("3a", "test_score", stats.ttest_ind),
        ("5a", "train_loss", stats.mannwhitneyu),
        ("5b", "train_loss", stats.ttest_ind),
    ],
)
def test_the_naive_test_takes_all_models_for_independent(table, name, column, test):
    a, b = (np.concatenate([list(g) for _, g in models("s", s, column)]) for s in "AB")
    assert len(a) == 6 * MODELS
    found = row(table, name, "s")
    assert found["naive_p"] == pytest.approx(test(a, b).pvalue)
    assert (found["trajectories"], found["models"]) == (6, 6 * MODELS)


def test_the_sound_tests_take_trajectories(table):
    a, b = (models("s", s).mean() for s in "AB")
    found = row(table, "2a", "s")
    differences = b - a
    assert (differences > 0).all()
    assert found["difference"] == pytest.approx(differences.mean())
    # all of one sign: the least that six trajectories can give
    assert found["p"] == found["least_p"] == 2 / 64
    assert found["effect"] == pytest.approx(differences.mean() / a.std())
    assert found["tost_p"] == pytest.approx(ttost_paired(b, a, -0.5, 0.5)[0])
    sides = [[list(g) for _, g in models("s", name)] for name in "BA"]
    assert found["mixed_p"] == mixed_model(*sides, paired=True).p < 0.01
    assert found["low"] < found["difference"] < found["high"]
    assert 0.8 < found["icc"] < 1.0
    assert math.isnan(found["apart_p"])


def test_two_methods_are_compared_by_block_and_apart(table):
    """Blocks share most of what they have: pairs see 0.4 points, and sets apart do not."""
    s, m = (models(name, "A").mean() for name in "sm")
    found = row(table, "6", "s", "A")
    assert (found["method"], found["other_method"]) == ("gd", "sam")
    assert found["difference"] == pytest.approx((m - s).mean())
    assert found["p"] < 0.1 < 0.5 < found["apart_p"]
    assert found["apart_p"] == pytest.approx(
        stats.permutation_test(
            (m, s), lambda x, y: np.mean(x) - np.mean(y), n_resamples=np.inf
        ).pvalue
    )
    assert found["mixed_p"] == pytest.approx(stats.ttest_ind(m, s).pvalue, rel=0.01)


def test_corrections_are_within_a_table_role_and_pair_of_sets(table):
    for column, corrected in (("p", "holm_p"), ("tost_p", "tost_holm_p")):
        for right in "BV":
            rows = [row(table, "2a", name, right) for name in ("s", "m")]
            expected = multipletests([r[column] for r in rows], method="holm")[1]
            assert [r[corrected] for r in rows] == pytest.approx(list(expected))


def test_what_cannot_be_is_nan_with_a_reason(table):
    one = row(table, "2b", "b")
    assert (one["trajectories"], one["reason"]) == (1, "one trajectory has no spread")
    names = ("p", "holm_p", "tost_p", "mixed_p", "icc", "low")
    assert all(math.isnan(one[name]) for name in names)
    assert one["difference"] > 0
    assert 0 <= one["naive_p"] <= 1
    three = row(table, "2b", "t")
    assert (three["p"], three["least_p"], three["margin"]) == (0.25, 0.25, 2.0)
    assert three["holm_p"] == 0.25
    loss = row(table, "5a", "s")
    assert math.isnan(loss["margin"])
    assert math.isnan(loss["tost_p"])
    assert loss["difference"] > 0


def test_sets_that_are_the_same_do_not_differ():
    everything = select_sets(RUNS[RUNS["cell"] == "s"], EPOCHS)
    found = row(tables.tests_table(CELLS, everything), "2a", "s")
    assert (found["difference"], found["p"], found["naive_p"]) == (0.0, 1.0, 1.0)
    assert found["reason"] == "no trajectory has a difference"
    assert found["mixed_reason"] == "nothing varies between trajectories"
    assert math.isnan(found["tost_p"])


def test_a_row_depends_on_no_other(table):
    alone = tables.tests_table(CELLS[CELLS["cell"] == "s"], SELECTED)
    assert row(alone, "2a", "s")["low"] == row(table, "2a", "s")["low"]


def test_where_noise_acts_it_is_compared_with_sgd_and_sam_of_base():
    cells = pd.DataFrame(
        [cell("s", "base", "gd"), cell("m", "base", "sam"), cell("t", "acting", "nim_bh")]
    )
    runs = pd.concat([planted(name, 3, seed=i) for i, name in enumerate("smt")])
    found = tables.tests_table(cells, select_sets(runs, MODELS))
    acting = found[(found["role"] == "acting") & (found["table"] == "6")]
    assert list(zip(acting["cell"], acting["other_cell"], strict=True)) == [("s", "t"), ("m", "t")]
    assert set(found.loc[found["role"] == "acting", "table"]) == {"2a", "3a", "5a", "5b", "6"}


def test_no_runs_at_all_leave_the_printed_values():
    found = tables.tests_table(CELLS.iloc[:0], SELECTED.iloc[:0])
    assert len(found) == 156
    assert (found["reason"] == "no such runs").all()


def test_table_4_by_hand():
    found = table_4(CELLS, SELECTED).set_index(["cell", "set"])
    assert set(found.index) == {(c, s) for c in "smbt" for s in "ABV"}
    groups = models("s", "B")
    every = np.concatenate([list(g) for _, g in groups])
    b = found.loc[("s", "B")]
    assert (b["trajectories"], b["models"]) == (6, 24)
    assert [b["mean"], b["median"], b["sd"], b["within_sd"]] == pytest.approx(
        [every.mean(), np.median(every), every.std(ddof=1), np.median(groups.std())]
    )
    assert (b["printed_centre"], b["printed_spread"]) == (92.9, 0.2)
    assert math.isnan(found.loc[("s", "V"), "printed_centre"])


def test_error_rates_are_those_of_the_measured_correlation(table):
    found = error_rates(table).set_index(["table", "cell"])
    assert set(found.index) == {
        *((t, c) for t in ("2a", "3a", "5a", "5b") for c in "sm"),
        *((t, "t") for t in ("2b", "3b", "5a", "5b")),
        ("6", "s"),
    }
    six = found.loc[("6", "s")]
    both = [row(table, "6", "s", "A")[name] for name in ("icc", "other_icc")]
    assert six["icc"] == pytest.approx(np.mean(both), abs=0.0051)
    assert (six["trajectories"], six["models"], six["shared"]) == (6, MODELS, False)
    # two methods apart, where the naive test errs most
    assert six["rate"] == pytest.approx(expected_rate(six["icc"], 6, MODELS), abs=0.06)
    three = found.loc[("3a", "s")]
    assert three["expected"] == pytest.approx(expected_rate(three["icc"], 6, MODELS, shared=True))
    assert three["rate"] < 0.05 < six["rate"]


def test_the_curve_has_both_tests_and_both_designs():
    found = error_curve(3, 2, (0.0, 0.5))
    assert found[["shared", "icc"]].value_counts().to_list() == [2, 2, 2, 2]
    exact = found[found["test"] == "t"]
    assert (abs(exact["rate"] - exact["expected"]) < 0.02).all()
    # the U test of 6 against 6 errs a little less
    assert found.loc[found["icc"] == 0.0, "rate"].between(0.02, 0.07).all()
    assert found.loc[(found["icc"] == 0.5) & ~found["shared"], "rate"].min() > 0.1


def test_margins_are_those_that_caption_and_document_state():
    root = Path(__file__).resolve().parents[3]
    caption = root / "workflow" / "report" / "populations" / "optimisers.rst"
    said = {"cifar-10": "accuracy", "cifar-100": "accuracy"}
    for path in (caption, root / "docs" / "populations.md"):
        words = " ".join(path.read_text(encoding="utf-8").split())
        for task, margin in MARGINS.items():
            assert f"{margin:g} points of {said.get(task, 'macro-F1')}" in words
