"""Figures show the numbers of their tables: what is drawn is read back from the axes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from escaping_minima.parts.studies import find_study
from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.sgd_sa import figures
from escaping_minima.studies.sgd_sa.drawing.effective_rate import rate_by_epoch
from escaping_minima.studies.sgd_sa.figures import Sources
from escaping_minima.studies.sgd_sa.layout import RATES
from escaping_minima.studies.sgd_sa.runs import Runs

DRAWN = find_study("sgd_sa").figures
#: Figures that a first run has no runs for.
LEFT_OUT = ("seed_sources", "ablations", "step_directions", "small", "small_moves")
ONE_LINE = "Not part of this run, and no published run has it."


@pytest.fixture
def all_runs(everything):
    return Sources(everything, None)


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def drawn(axes, label):
    (line,) = lines(axes, label)
    return line.get_ydata()


def curves_of(tables, role, network, run):
    cell = Runs.build(tables).find(role, network, run)
    curves = tables["curves.parquet"]
    return curves[(curves["cell"] == cell) & (curves["epoch"] > 0)]


def mean_of(tables, role, network, run, column):
    return curves_of(tables, role, network, run).groupby("epoch")[column].mean().to_numpy()


def moves_of(tables, role="main", network="vgg16"):
    moves = tables["moves.parquet"]
    return moves[moves["cell"] == Runs.build(tables).find(role, network, "sgd_sa")]


def test_all_figures_of_the_study_are_there():
    assert set(DRAWN) == set(figures.__all__) - {"Sources"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_becomes_a_file_with_its_axes_named(name, all_runs):
    figure = getattr(figures, name)(all_runs)
    extension, content = figure_bytes(figure)
    assert extension == "svg"
    assert ET.fromstring(content).tag.endswith("svg")
    assert figure.axes
    assert all(axes.lines or axes.images or axes.collections for axes in figure.axes)
    assert "NOT THIS RUN" not in figure.get_suptitle()


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_without_runs_is_one_line_and_no_axis(name, quick):
    figure = getattr(figures, name)(Sources(quick, None))
    if name in LEFT_OUT:
        assert figure.axes == []
        assert figure.get_suptitle().split("\n")[1:] == [ONE_LINE]
        assert figure_bytes(figure)[0] == "svg"
    else:
        assert figure.axes
        titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
        words = " ".join(" ".join(titles).split())
        assert "SMALLER THAN THE PAPER'S RUNS" in words
        assert "of an eighth of the width" in words


@pytest.mark.parametrize("name", LEFT_OUT)
def test_published_runs_stand_in_and_say_so(name, quick, everything):
    figure = getattr(figures, name)(Sources(quick, everything))
    assert figure.get_suptitle().startswith("NOT THIS RUN but the published one: ")
    assert figure.axes


def test_a_published_panel_beside_own_ones_says_so(quick, everything):
    figure = figures.effective_rate(Sources(quick, everything))
    said = [axes.get_title().startswith("NOT THIS RUN") for axes in figure.axes]
    assert said == [False, False, True]
    assert "NOT THIS RUN" not in figure.get_suptitle()


def test_figures_1_and_2_are_means_over_seeds(everything, all_runs):
    validation = figures.figure_1(all_runs).axes
    both = figures.figure_2(all_runs).axes
    for run in ("ssa", "sgd"):
        for place, measure in enumerate(("loss", "accuracy")):
            expected = mean_of(everything, "fashion", "vgg16", run, f"test_{measure}")
            assert drawn(validation[place], run) == pytest.approx(expected, rel=1e-6)
            assert drawn(both[place], f"{run} test") == pytest.approx(expected, rel=1e-6)
            expected = mean_of(everything, "fashion", "vgg16", run, f"train_{measure}")
            assert drawn(both[place], f"{run} train") == pytest.approx(expected, rel=1e-6)


def test_other_readings_of_ssa_stand_beside_it(everything, all_runs):
    axes = figures.ssa_variants(all_runs).axes[1]
    assert len(axes.lines) == 6
    expected = mean_of(everything, "fashion", "vgg16", "ssa_refreshed", "test_accuracy")
    assert drawn(axes, "ssa_refreshed") == pytest.approx(expected, rel=1e-6)


def test_figure_3_has_both_means_of_the_probability(everything, all_runs):
    left, right = figures.figure_3(all_runs).axes
    moves = moves_of(everything)
    one = moves[moves["epoch"] == 40].groupby("seed")[["probability", "worse", "tried"]].sum()
    worse = (one["probability"] / one["worse"]).mean()
    every = ((one["probability"] + one["tried"] - one["worse"]) / one["tried"]).mean()
    assert drawn(left, "probability_worse")[39] == pytest.approx(worse)
    assert drawn(left, "probability_all")[39] == pytest.approx(every)
    assert worse < every
    for run in ("sgd_sa", "scheduled_sgd"):
        part = curves_of(everything, "main", "vgg16", run)
        found = [line.get_ydata() for line in lines(right, run)]
        expected = [p["train_accuracy"].to_numpy() for _, p in part.groupby("seed")]
        assert np.array(found) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    ("name", "network"), [("figure_4", "resnet34"), ("figure_4_vgg16", "vgg16")]
)
def test_figure_4_has_every_seed(name, network, everything, all_runs):
    axes = getattr(figures, name)(all_runs).axes
    for panel, column in zip(axes, ("test_loss", "test_accuracy"), strict=True):
        for run in ("sgd_sa", "scheduled_sgd"):
            part = curves_of(everything, "main", network, run)
            expected = [p[column].to_numpy() for _, p in part.groupby("seed")]
            found = [line.get_ydata() for line in lines(panel, run)]
            assert np.array(found) == pytest.approx(np.array(expected))


def test_a_diverged_run_is_left_out_and_counted(everything):
    cell = Runs.build(everything).find("main", "resnet34", "sgd_sa")
    measures, cells = everything["measures.parquet"].copy(), everything["cells.csv"].copy()
    measures.loc[(measures["cell"] == cell) & (measures["seed"] == 1), "diverged"] = 1
    cells.loc[cells["cell"] == cell, "diverged"] = 1
    tables = {**everything, "measures.parquet": measures, "cells.csv": cells}
    figure = figures.figure_4(Sources(tables, None))
    assert len(lines(figure.axes[0], "sgd_sa")) == 2
    assert "1 diverged runs left out" in figure.get_suptitle()


def test_acceptance_has_a_colour_for_each_rate_and_epoch(everything, all_runs):
    figure = figures.acceptance(all_runs)
    kept = figure.axes[0].images[0].get_array()
    assert kept.shape == (len(RATES), 100)
    moves = moves_of(everything)
    # the largest rate is the last row, and the first epoch the first column
    for row, rate in ((len(RATES) - 1, max(RATES)), (0, min(RATES))):
        for epoch in (1, 60):
            part = moves[(moves["rate"] == rate) & (moves["epoch"] == epoch)]
            share = 100 * part["accepted"].sum() / part["tried"].sum()
            assert kept[row, epoch - 1] == pytest.approx(share)
    improved = figure.axes[2].images[0].get_array()
    # early, where worsening moves are kept as well
    part = moves[(moves["rate"] == max(RATES)) & (moves["epoch"] == 10)]
    share = 100 * (part["tried"] - part["worse"]).sum() / part["tried"].sum()
    assert improved[-1, 9] == pytest.approx(share)
    assert kept[-1, 9] > share + 1
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "0.9"


def test_effective_rate_stands_beside_the_scheduled_one(everything, all_runs):
    axes = figures.effective_rate(all_runs).axes[0]
    moves = moves_of(everything)
    one = moves[moves["epoch"] == 70]
    each = (one["rate"] * one["accepted"]).groupby(one["seed"]).sum() / one.groupby("seed")[
        "tried"
    ].sum()
    assert drawn(axes, "sgd_sa")[69] == pytest.approx(each.mean())
    rates = drawn(axes, "scheduled_sgd")
    assert [rates[e - 1] for e in (1, 30, 31, 70, 71, 100)] == pytest.approx(
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    )
    level = drawn(axes, "mean of all rates, every move kept")
    assert level[0] == pytest.approx(sum(RATES) / len(RATES))


def test_the_scheduled_rate_follows_the_record(planted):
    runs = Runs.build(planted.planted(planted.QUICK))
    row = runs.row(runs.find("main", "vgg16", "scheduled_sgd"))
    assert rate_by_epoch(row).tolist() == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_worsenings_are_drawn_as_medians(all_runs):
    axes = figures.worsenings(all_runs).axes[0]
    kept, rejected = drawn(axes, "accepted"), drawn(axes, "rejected")
    # as planted: both fall by four decades, and what is rejected is larger
    assert np.log10(kept[0] / kept[-1]) == pytest.approx(4.3, abs=0.7)
    assert (rejected > kept).all()
    assert axes.get_yscale() == "log"


def test_seed_sources_are_the_deviations_of_the_table(everything, all_runs, derived):
    figure = figures.seed_sources(all_runs)
    table = derived["spreads.csv"].set_index(["role", "network", "run", "source", "measure"])
    for axes, measure in zip(figure.axes, ("last_test_accuracy", "last_test_loss"), strict=True):
        for role, source in (("main", "all"), ("sources", "vary_order")):
            (mark,) = lines(axes, f"sgd_sa {source}")
            expected = table.loc[(role, "vgg16", "sgd_sa", source, measure), "sd"]
            assert mark.get_xdata()[0] == pytest.approx(expected)
        assert lines(axes, "scheduled_sgd vary_rates") == []
        (printed,) = lines(axes, "sgd_sa printed")
        expected = {"last_test_accuracy": 0.454, "last_test_loss": 0.5 * 0.061}[measure]
        assert printed.get_xdata()[0] == pytest.approx(expected, rel=0.01)


def test_ablations_have_a_mark_a_seed(everything, all_runs):
    axes = figures.ablations(all_runs).axes[0]
    runs = Runs.build(everything)
    for role, run in (("main", "sgd_sa"), ("control", "accept_off"), ("control", "rate_0.9")):
        values = runs.values(runs.find(role, "vgg16", run), "last_test_accuracy")
        (marks,) = lines(axes, run)
        assert list(marks.get_xdata()) == pytest.approx(list(values))
        (mean,) = lines(axes, f"{run} mean")
        assert mean.get_xdata()[0] == pytest.approx(values.mean())
    assert [t.get_text() for t in axes.get_yticklabels()][:3] == [
        "SGD-SA",
        "Scheduled-SGD",
        "SGD-SA without the test",
    ]
    marks = {
        run: lines(axes, run)[0].get_marker()
        for run in ("rate_0.9", "rate_0.9_tested", "accept_off", "as_printed", "scheduled_sgd")
    }
    assert list(marks.values()) == ["s", "o", "s", "o", "s"]


def test_equal_passes_count_three_forward_passes_a_step(everything, all_runs):
    figure = figures.equal_passes(all_runs)
    axes = figure.axes[0]
    (ours,), (theirs,) = lines(axes, "sgd_sa"), lines(axes, "scheduled_sgd")
    assert (ours.get_xdata()[-1], theirs.get_xdata()[-1]) == (300, 100)
    assert set(lines(axes, "budget")[0].get_xdata()) == {100}
    expected = mean_of(everything, "main", "vgg16", "sgd_sa", "test_loss")
    assert ours.get_ydata() == pytest.approx(expected, rel=1e-6)
    assert len(figure.axes) == 6


def test_gaps_end_where_the_table_says(all_runs, derived):
    right = figures.gaps(all_runs).axes[1]
    table = derived["equal_training.csv"]
    (ends,), (matched,) = lines(right, "ssa matched"), lines(right, "sgd matched")
    assert ends.get_ydata() == pytest.approx(table["ssa_gap"].to_numpy())
    assert matched.get_xdata() == pytest.approx(table["sgd_train_accuracy"].to_numpy())
    assert matched.get_ydata() == pytest.approx(table["sgd_gap"].to_numpy())


def test_directions_are_those_of_the_table(all_runs, derived):
    figure = figures.step_directions(all_runs)
    table = derived["directions.csv"]
    assert [axes.get_title() for axes in figure.axes[:4]] == [
        "at the start",
        "after epoch 10",
        "after epoch 30",
        "after epoch 100",
    ]
    part = table[(table["epoch"] == 10) & (table["direction"] == "random")].sort_values("rate")
    assert drawn(figure.axes[1], "random") == pytest.approx(part["lowers"].to_numpy())
    assert drawn(figure.axes[5], "random") == pytest.approx(part["median"].to_numpy())


def test_small_runs_are_called_what_they_are(everything, all_runs):
    for name in ("small", "small_moves"):
        figure = getattr(figures, name)(all_runs)
        first = figure.get_suptitle().split("\n")[0]
        assert first.startswith("VGG16 of an eighth of the width, 5,000 images")
        assert "SMALLER THAN THE PAPER'S RUNS" in " ".join(figure.get_suptitle().split())
    axes = figures.small(all_runs).axes
    part = curves_of(everything, "small", "vgg16", "accept_off")
    expected = [p["test_accuracy"].to_numpy() for _, p in part.groupby("seed")]
    found = [line.get_ydata() for line in lines(axes[1], "accept_off")]
    assert np.array(found) == pytest.approx(np.array(expected))
