"""Derived tables against what was planted, and against arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from escaping_minima.claims.records import load_records
from escaping_minima.errors import UserError
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.batch_increase import show
from escaping_minima.studies.batch_increase.controls import EVEN
from escaping_minima.studies.batch_increase.evidence import Tables, missing_needs
from escaping_minima.studies.batch_increase.other_runs import other_runs
from escaping_minima.studies.batch_increase.paired_images import paired_images
from escaping_minima.studies.batch_increase.printed_errors import printed_errors
from escaping_minima.studies.batch_increase.summaries import extrema, summary
from escaping_minima.studies.batch_increase.tables import derive
from escaping_minima.studies.batch_increase.variants import variants

STUDY = "batch_increase"


def build(tables):
    return Tables.build(tables, load_records(STUDY))


def rows(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def row(table, **where):
    found = rows(table, **where)
    assert len(found) == 1
    return found.iloc[0]


def values(tables, role, strategy, measure):
    cell = row(tables["cells.csv"], role=role, strategy=strategy)["cell"]
    return rows(tables["measures.parquet"], cell=cell).set_index("seed")[measure]


def test_summary_has_means_with_student_intervals(everything, derived):
    found = row(
        derived["summary.csv"], role="main", strategy="linear_100", measure="final_test_loss"
    )
    runs = values(everything, "main", "linear_100", "final_test_loss")
    low, high = stats.t.interval(0.95, 2, runs.mean(), stats.sem(runs))
    assert (found["n"], found["epochs"], found["images"]) == (3, 200, 240)
    assert found[["mean", "low", "high"]].tolist() == pytest.approx([runs.mean(), low, high])
    roles = {"main", "section_4_5", "sample", "main_sgd", "sample_sgd"}
    assert set(derived["summary.csv"]["role"]) == roles


def test_extrema_are_those_of_all_seeds(everything, derived):
    measures = everything["measures.parquet"].copy()
    cell = row(everything["cells.csv"], role="main", strategy="linear_100")["cell"]
    measures.loc[(measures["cell"] == cell) & (measures["seed"] == 1), "parameter_max"] = 0.9
    measures.loc[(measures["cell"] == cell) & (measures["seed"] == 2), "parameter_min"] = -0.8
    changed = extrema(build({**everything, "measures.parquet": measures}))
    found = row(changed, role="main", strategy="linear_100")
    assert (found["n"], found["parameter_min"], found["parameter_max"]) == (3, -0.8, 0.9)
    same = row(derived["extrema.csv"], role="main", strategy="linear_100")
    assert found["weight_min"] == pytest.approx(same["weight_min"])
    assert "−0.8000" in show.show_extrema(changed)


def test_numbers_of_a_column_have_the_same_decimals():
    same = {"role": "main", "strategy": "fixed_10", "epochs": 5, "n": 2}
    numbers = {
        "final_test_loss": (0.68, 0.5529, 0.8071),
        "min_test_loss": (0.0212, 0.02, 0.03),
        "final_test_error": (0.7, 0.7, 0.7),
        "updates_to_level": (1200.0, 1000.0, 1400.0),
        "test_loss_trend": (-0.001, -2.0, 2.0),
    }
    table = pd.DataFrame(
        [
            same | {"measure": m} | dict(zip(("mean", "low", "high"), v, strict=True))
            for m, v in numbers.items()
        ]
    )
    html = show._wide(table, tuple(numbers), "") + show.show_levels(table)
    assert "0.680<br><small>[0.553, 0.807]" in html
    assert "0.0212<br><small>[0.0200, 0.0300]" in html
    # two seeds that agree are no single run
    assert "0.70<br><small>[0.70, 0.70]" in html
    assert "1,200<br><small>[1,000, 1,400]" in html
    assert "0.00<br><small>[−2.00, 2.00]" in html


def test_few_seeds_have_no_p_value():
    same = {"role": "main", "condition": 100, "strategy": "fixed_10", "measure": "min_test_loss"}
    numbers = {"unit": "ratio", "mean": 1.0, "low": 0.5, "high": 1.5, "p": 0.0123}
    html = [show.show_paired(pd.DataFrame([same | numbers | {"n": n}]), ["main"]) for n in (4, 5)]
    assert ["0.0123" in text for text in html] == [False, True]
    assert "not corrected" in html[0]


def test_ratios_are_shown_as_ratios_and_differences_in_points():
    """A loss of 100 ln = -32 [-368, 304] is one by a factor, which no percentage says."""
    same = {"role": "main", "condition": 100, "strategy": "fixed_10", "n": 5, "p": 0.5}
    columns = ("measure", "unit", "mean", "low", "high")
    found = [
        ("final_test_loss", "ratio", -32.0, -368.0, 304.0),
        ("final_test_error", "points", -0.5, -1.0, 0.1),
    ]
    table = pd.DataFrame([same | dict(zip(columns, row, strict=True)) for row in found])
    html = show.show_paired(table, ["main"])
    assert "× 0.726<br><small>[0.025, 21]</small>" in html
    assert "−0.50<br><small>[−1.00, 0.10]</small>" in html
    variants = table.assign(variant="", epochs=8, main_mean=1.0).rename(
        columns={"mean": "difference"}
    )
    html = show.show_variants(variants.assign(mean=1.0))
    assert "× 0.726<br><small>[0.025, 21]</small>" in html


def test_intervals_of_few_or_lost_runs():
    assert mean_columns([2.0])["mean"] == 2.0
    assert np.isnan(mean_columns([2.0])["low"])
    two = mean_columns([np.nan, 1.0, 3.0])
    assert (two["n"], two["low"], two["high"]) == (2, 1.0, 3.0)
    alike = mean_columns([2.0, 2.0, 2.0])
    assert (alike["low"], alike["high"]) == (2.0, 2.0)
    assert np.isnan(mean_columns([np.nan])["mean"])


def test_pairs_are_of_one_seed(everything, derived):
    found = row(
        derived["paired.csv"],
        role="main",
        condition=500,
        strategy="fixed_255",
        measure="final_test_loss",
    )
    ours, theirs = (
        values(everything, "main", s, "final_test_loss") for s in ("linear_500", "fixed_255")
    )
    ratio = 100 * np.log(ours / theirs)
    assert found["mean"] == pytest.approx(ratio.mean())
    assert found["p"] == pytest.approx(stats.ttest_rel(np.log(ours), np.log(theirs)).pvalue)
    assert found["unit"] == "ratio"
    # what a seed does to both is ten times what it does to one: unpaired runs would be wider
    assert found["high"] - found["low"] < stats.t.ppf(0.975, 2) * 100 * np.log(ours).std()


def test_times_to_the_common_level_are_of_one_condition(everything, derived):
    found = derived["convergence.csv"]
    assert set(found["measure"]) == {"common_level", "epochs_to_level", "updates_to_level"}
    for condition in (100, 500):
        of_main = rows(found, role="main", condition=condition)
        levels = rows(of_main, measure="common_level").set_index("strategy")
        ends = {
            s: values(everything, "main", s, "final_train_loss").to_numpy() for s in levels.index
        }
        assert len(ends) == 4
        expected = np.max(list(ends.values()), axis=0).mean()
        assert levels["mean"].to_numpy() == pytest.approx(expected, rel=1e-5)
    # fixed 10 is in both conditions: 24 updates an epoch
    slow = rows(found, role="main", strategy="fixed_10").set_index(["condition", "measure"])["mean"]
    for condition in (100, 500):
        times = slow[condition]
        assert times["updates_to_level"] == pytest.approx(24 * times["epochs_to_level"])


def test_equal_updates_compare_at_the_updates_of_the_largest_size(everything, derived):
    part = rows(derived["equal_updates.csv"], role="main", condition=100, measure="epoch")
    epochs = part.set_index("strategy")["mean"]
    # of 600 updates: 24 an epoch with batches of 10, 5 of 55, 3 of 100
    assert (epochs["fixed_10"], epochs["fixed_55"], epochs["fixed_100"]) == (25, 120, 200)
    assert set(part["updates"]) == {600}
    reached = rows(
        derived["equal_updates.csv"], role="main", condition=100, measure="updates_reached"
    ).set_index("strategy")["mean"]
    assert reached[["fixed_10", "fixed_55", "fixed_100"]].tolist() == [600, 600, 600]
    # the next epoch of the increase would go beyond
    sizes = [10 + 90 * e // 199 for e in range(int(epochs["linear_100"]) + 1)]
    made = np.cumsum([-(-240 // size) for size in sizes])
    assert reached["linear_100"] == made[-2] <= 600 < made[-1]
    loss = row(
        derived["equal_updates.csv"],
        role="main",
        condition=100,
        strategy="fixed_100",
        measure="test_loss",
    )
    curves = everything["curves.parquet"]
    cell = row(everything["cells.csv"], role="main", strategy="fixed_100")["cell"]
    last = rows(curves, cell=cell, epoch=200)["test_loss"]
    assert loss["mean"] == pytest.approx(last.mean(), rel=1e-5)


def test_images_that_one_network_alone_gets_wrong(quick):
    cells = build(quick).role_cells("sample")
    bits = np.zeros((2, 2000), bool)
    bits[0, :30] = bits[1, 20:60] = True
    wrong = pd.DataFrame(
        [
            {"cell": cells[s], "seed": seed, "wrong": np.packbits(b).tobytes()}
            for s, b in (("linear_100", bits[0]), ("fixed_10", bits[1]))
            for seed in (0, 1)
        ]
    )
    table = paired_images(wrong, build(quick))
    assert table["seed"].tolist() == ["0", "1", "all"]
    assert table["linear_only"].tolist() == [20, 20, 40]
    assert table["fixed_only"].tolist() == [30, 30, 60]
    assert table["images"].tolist() == [2000, 2000, 4000]
    assert table["p"].tolist()[:2] == pytest.approx([stats.binomtest(20, 50).pvalue] * 2)
    # the same images twice are no independent trials
    assert np.isnan(table["p"].iloc[2])
    assert "–</td>" in show.show_images(table)


def test_variants_stand_beside_the_main_runs(planting):
    reading = "grey values 0 to 255, not divided"
    world = planting.replace(planting.paper_world(), variants={reading: 1.2, "gd": 1.5})
    tables = build(planting.planted(world, {**planting.EVERYTHING, "sample_seeds": 0}))
    found = variants(tables)
    changed = rows(found, role="main", variant=reading)
    loss = row(changed, strategy="linear_100", measure="final_test_loss")
    assert loss["difference"] == pytest.approx(100 * np.log(1.2), abs=1)
    assert loss["mean"] / loss["main_mean"] == pytest.approx(1.2, abs=0.01)
    assert found["variant"].nunique() == 3
    line = rows(found, variant="straight line in updates")
    assert set(line["strategy"]) == {"linear_100", "linear_500"}
    means = [
        row(summary(tables), role=r, strategy="fixed_10", measure="min_test_error")["mean"]
        for r in ("main", "main_sgd")
    ]
    assert means[1] / means[0] == pytest.approx(1.5, abs=0.03)


def test_readings_are_said_by_their_test_loss():
    row = {"role": "sample", "variant": "wide", "strategy": "fixed_10", "low": np.nan}
    row |= {"epochs": 8, "high": np.nan, "difference": 100 * np.log(1.2)}
    row |= {"measure": "final_test_loss"}
    bounds = {"low": 100 * np.log(0.9), "high": 100 * np.log(1.1), "difference": 0.0}
    line = {**row, **bounds, "strategy": "linear_100"}
    longer = {**line, "epochs": 1500, "difference": 100 * np.log(0.95)}
    frame = pd.DataFrame([longer, row, line, {**row, "measure": "updates", "difference": 5.0}])
    (found,) = other_runs(frame).to_dict("records")
    assert (found["role"], found["variant"]) == ("sample_variant", "wide")
    assert found["measured"] == (
        "test loss at the end after 8 epochs: fixed 10 × 1.20 no interval, "
        "linear 10→100 × 1.00 [0.90, 1.10]; after 1,500 epochs: linear 10→100 × 0.95 [0.90, 1.10]"
    )


def test_variants_of_a_ladder_say_at_which_horizon(planting):
    numbers = {"data": "full", "ladder_seeds": 2, "ladder_longest": 500, "short_batches": True}
    tables = planting.planted(planting.paper_world(), {**planting.NONE, **numbers})
    found = rows(variants(build(tables)), strategy="linear_500", measure="final_test_loss")
    assert found["epochs"].tolist() == [150, 500]
    assert found["main_mean"].nunique() == 2
    assert all(f">{epochs}</td>" in show.show_variants(found) for epochs in (150, 500))


def test_runs_without_short_batches_stand_beside_those_of_their_optimiser(derived):
    found = rows(derived["variants.csv"], variant=EVEN, measure="test_loss_sd")
    assert found.groupby("role")["strategy"].apply(set).to_dict() == {
        role: {"fixed_10", "fixed_55", "fixed_100", "linear_100"}
        for role in ("sample", "sample_sgd")
    }
    shown = show.show_variants(derived["variants.csv"])
    assert EVEN in shown
    assert "SGD, sample" in shown
    schedules = rows(derived["schedules.csv"], images=1_980)
    assert set(schedules["role"]) == {"sample_variant", "sample_sgd_variant"}
    assert (schedules["small_ends"] == 0).all()


def test_updates_follow_the_formula_and_the_reference(derived):
    paper = derived["paper_schedules.csv"]
    assert paper["equal"].all()
    assert paper.set_index("strategy")["updates_by_formula"]["linear_500"] == 1_459_630
    # 60,000 is 2,857 batches of 21 and 3 images more; 10, 100 and 500 divide it
    assert paper.set_index("strategy")["smallest_batch"].to_dict() == {
        "fixed_10": 10,
        "fixed_55": 50,
        "fixed_100": 100,
        "linear_100": 3,
        "fixed_255": 75,
        "fixed_500": 500,
        "linear_500": 2,
    }
    ends = [10 + 90 * e // 2999 for e in range(3000)]
    small = sum(60_000 % size in range(1, 10) for size in ends)
    assert paper.set_index("strategy")["small_ends"]["linear_100"] == small
    made = derived["schedules.csv"]
    assert (made["updates_least"] == made["updates_by_formula"]).all()
    assert (made["updates_most"] == made["updates_by_formula"]).all()
    assert set(made["line"]) == {"epochs", "updates"}


def test_errors_of_the_text_carry_their_arithmetic():
    errors = printed_errors(load_records(STUDY).source)
    assert len(errors) == 7
    assert all(set(e) == {"where", "check", "arithmetic", "finding"} for e in errors)
    words = " ".join(e["arithmetic"] for e in errors)
    # 59,500 / 59,999
    assert "59,500 / 59,999 = 0.9917" in words
    assert "about epoch 500 of 1,000" in words


@pytest.mark.parametrize("tables", ["everything", "quick"])
def test_tables_are_shown(tables, request):
    source = request.getfixturevalue(tables)
    derived, errors = derive(source, load_records(STUDY))
    shown = {
        "network": show.show_network(source["cells.csv"]),
        "levels": show.show_levels(derived["summary.csv"]),
        "shapes": show.show_shapes(derived["summary.csv"]),
        "convergence": show.show_convergence(derived["convergence.csv"]),
        "extrema": show.show_extrema(derived["extrema.csv"]),
        "paired": show.show_paired(derived["paired.csv"], ("main", "sample")),
        "equal": show.show_equal_updates(derived["equal_updates.csv"]),
        "images": show.show_images(derived["paired_images.csv"]),
        "schedules": show.show_schedules(derived["schedules.csv"]),
        "paper": show.show_paper_schedules(derived["paper_schedules.csv"]),
        "errors": show.show_errors(errors),
    }
    assert all("<table" in html for html in shown.values())
    assert not any("nan" in html.lower() for html in shown.values())
    assert not any("&lt;br" in html or "&lt;small" in html for html in shown.values())
    assert "1,111,946 weights and biases" in shown["network"]
    assert "linear 10→100" in shown["levels"]
    mean = row(
        derived["summary.csv"], role="sample", strategy="fixed_55", measure="final_test_loss"
    )["mean"]
    assert f"{mean:.4f}" in shown["levels"]


def test_the_family_of_just_so_many_epochs_says_how_many(everything):
    family = replace(load_records(STUDY).family("section-4.5"), needs={})
    found = build(everything)
    with pytest.raises(UserError, match=r"family section-4\.5: needs: epochs: missing; add it"):
        missing_needs(family, found)
