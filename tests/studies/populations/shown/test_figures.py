"""Figures show the numbers of their tables: what is drawn is read back from the axes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from escaping_minima.parts.looks import look_of
from escaping_minima.parts.studies import find_study
from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.populations import figures
from escaping_minima.studies.populations.figures import Sources
from escaping_minima.studies.populations.sets import select_sets
from escaping_minima.studies.populations.tables import derive

DRAWN = find_study("populations").figures
#: Figures of derived tables, with those that each takes.
OF_TABLES = {
    "optimisers": ("against_sgd.csv", "tests.csv"),
    "error_rates": ("error_curves.csv", "error_rates.csv"),
}
#: One of each kind: a file takes a second.
SAVED = ("figure_4", "sets", "activity", "error_rates")
ONE_LINE = "Not part of this run, and no published run has it."


def draw(name, tables, derived, published=None):
    if name not in OF_TABLES:
        return getattr(figures, name)(Sources(tables, published))
    more = [tables["cells.csv"]] if name == "optimisers" else []
    return getattr(figures, name)(*(derived[table] for table in OF_TABLES[name]), *more)


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def line(axes, label):
    (found,) = lines(axes, label)
    return found


def epochs_of(tables, cell):
    epochs = tables["epochs.parquet"]
    return epochs[epochs["cell"] == cell]


def test_all_figures_of_the_study_are_there():
    assert set(DRAWN) == set(figures.__all__) - {"Sources"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_its_axes_named_and_becomes_a_file(name, everything, derived):
    figure = draw(name, everything, derived)
    if name in SAVED:
        extension, content = figure_bytes(figure)
        assert extension == "svg"
        assert ET.fromstring(content).tag.endswith("svg")
    assert figure.axes
    assert all(axes.lines or axes.collections for axes in figure.axes if axes.get_visible())
    assert all(axes.get_xlabel() for axes in figure.axes[-1:])
    assert "NOT THIS RUN" not in figure.get_suptitle()


def test_figures_without_runs_are_one_line(nothing, everything, no_long_statistics):
    derived, _ = derive(nothing, None)
    for name in set(DRAWN) - {"error_rates"}:
        figure = draw(name, nothing, derived)
        assert figure.axes == []
        assert figure.get_suptitle().split("\n")[1:] == [ONE_LINE]
    # the paper's own sizes can be simulated without a run
    assert draw("error_rates", nothing, derived).axes
    borrowed = figures.sets(Sources(nothing, everything))
    assert borrowed.get_suptitle().startswith("NOT THIS RUN but the published one: ")
    panels = figures.courses(Sources(nothing, everything)).axes[::2]
    assert all(a.get_title(loc="left").startswith("NOT THIS RUN") for a in panels)


def test_smaller_runs_say_so(quick):
    for name in ("figure_4", "courses"):
        panels = getattr(figures, name)(Sources(quick, None)).axes
        words = " ".join(panels[0].get_title(loc="left").split())
        assert "1/8 of the width" in words
        assert "SMALLER THAN THE PAPER'S NETWORKS OR DATA" in words
        assert "base settings" in words


def test_figure_4_has_the_first_trajectory_and_counts_gradients(everything):
    figure = figures.figure_4(Sources(everything, None))
    # the texts lack one of the three methods
    assert len(figure.axes) == 1
    axes, curves = figure.axes[0], everything["curves.parquet"]
    for method in ("gd", "sam", "nim_bh"):
        cell = (curves["cell"] == f"tuned cifar-10 {method}") & (curves["block"] == 0)
        own = curves[cell].sort_values("window")
        drawn = line(axes, method)
        assert drawn.get_xdata() == pytest.approx(own["gradient_evaluations"].to_numpy())
        assert drawn.get_ydata() == pytest.approx(own["loss"].to_numpy())
        assert drawn.get_color() == look_of(method).colour
    ends = [line(axes, method).get_xdata()[-1] for method in ("gd", "sam")]
    assert ends[1] == 2 * ends[0]
    assert "windows of 75 updates" in " ".join(axes.get_title(loc="left").split())


def test_figure_4_of_all_has_means_of_every_method(everything):
    figure = figures.figure_4_all(Sources(everything, None))
    axes = figure.axes[0]
    curves = everything["curves.parquet"]
    own = curves[curves["cell"] == "tuned cifar-10 nig_bh"].groupby("window")
    drawn = line(axes, "nig_bh")
    assert drawn.get_ydata() == pytest.approx(own["loss"].mean().to_numpy(), rel=1e-5)
    evaluations = own["gradient_evaluations"].mean().to_numpy()
    assert drawn.get_xdata() == pytest.approx(evaluations)
    assert len(axes.lines) == 6


def test_a_diverged_trajectory_is_left_out_and_counted(everything):
    cell = "tuned cifar-10 sam"
    epochs, cells = everything["epochs.parquet"], everything["cells.csv"]
    lost = (epochs["cell"] == cell) & (epochs["block"] == 1) & (epochs["epoch"] > 5)
    tables = {
        **everything,
        "epochs.parquet": epochs[~lost],
        "cells.csv": cells.assign(diverged=(cells["cell"] == cell).astype(int)),
    }
    axes = figures.courses(Sources(tables, None)).axes
    whole = epochs_of(everything, cell)
    expected = whole[whole["block"] != 1].groupby("epoch")["test_score"].mean()
    assert line(axes[1], "sam").get_ydata() == pytest.approx(expected.to_numpy(), rel=1e-5)
    assert "1 diverged runs left out" in " ".join(axes[0].get_title(loc="left").split())


def test_epochs_that_one_trajectory_lacks_are_not_drawn(everything):
    epochs = everything["epochs.parquet"]
    cut = (epochs["cell"] == "tuned cifar-10 gd") & (epochs["block"] == 2)
    tables = {**everything, "epochs.parquet": epochs[~(cut & (epochs["epoch"] == 4))]}
    axes = figures.courses(Sources(tables, None)).axes[0]
    assert list(line(axes, "gd").get_xdata()) == [1, 2, 3, 5, 6, 7, 8, 9]
    assert list(line(axes, "sam").get_xdata()) == [*range(1, 10)]


@pytest.mark.parametrize(("name", "column"), [("sets", "test_score"), ("set_losses", "train_loss")])
def test_sets_have_a_mark_a_trajectory(name, column, everything):
    figure = getattr(figures, name)(Sources(everything, None))
    axes = figure.axes[0]
    selected = select_sets(epochs_of(everything, "base cifar-10 gd"), 3)
    for kind in ("A", "B", "V"):
        own = selected[selected["set"] == kind].groupby("block")[column].mean()
        marks = line(axes, f"gd 0 {kind}")
        assert marks.get_xdata() == pytest.approx(own.to_numpy(float), rel=1e-6)
        assert line(axes, f"gd 0 {kind} mean").get_xdata()[0] == pytest.approx(own.mean())
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names[:4] == [
        *("SGD, base settings", "NiM-BH, base settings"),
        *("SGD, tuned settings", "NiG-SGD, tuned settings"),
    ]
    assert names[-3:] == ["plain SGD, as listed", "NiG-MBH", "NiM-MBH"]
    floors = [line_.get_xdata()[0] for a in figure.axes for line_ in lines(a, "tfidf")]
    assert floors == ([55.0] if name == "sets" else [])


def test_optimisers_are_drawn_with_intervals_and_margins(everything, derived):
    figure = draw("optimisers", everything, derived)
    axes = figure.axes[0]
    table = derived["against_sgd.csv"].set_index(["role", "task", "method"])
    row = table.loc[("tuned", "cifar-10", "sam")]
    label = "SAM, tuned settings, less SGD"
    assert line(axes, label).get_xdata()[0] == pytest.approx(row["difference"])
    assert list(line(axes, f"{label} ends").get_xdata()) == pytest.approx([row["low"], row["high"]])
    (pair,) = derived["tests.csv"].query(
        "table == '6' and role == 'tuned' and task == 'cifar-10' and method == 'sam'"
    )["difference"]
    assert line(axes, "NiM-BH, tuned settings, less SAM").get_xdata()[0] == pytest.approx(pair)
    margins = [a.patches[0].get_width() for a in figure.axes]
    assert margins == [1.0, 4.0]


def test_single_models_are_paired_by_trajectory(everything):
    axes = figures.single_models(Sources(everything, None)).axes[0]
    sam, sgd = (
        epochs_of(everything, f"tuned cifar-10 {m}").query("epoch == 9").set_index("block")
        for m in ("sam", "gd")
    )
    expected = (sam["test_score"].astype(float) - sgd["test_score"].astype(float)).sort_index()
    drawn = line(axes, "last SAM is higher").get_xdata()
    assert drawn == pytest.approx(expected.to_numpy())
    assert len(line(axes, "last SAM is not higher").get_xdata()) == 0


def test_activity_is_drawn_by_threshold_and_radius(everything):
    figure = figures.activity(Sources(everything, None))
    above, below = figure.axes[0], figure.axes[len(figure.axes) // 2]
    fired = line(above, "nim")
    assert list(fired.get_xdata()) == [0.01, 0.1, 1.0]
    assert list(fired.get_ydata()) == pytest.approx([0.0, 5.0, 50.0], abs=1e-4)
    assert list(line(above, "nig level").get_ydata()) == [100.0, 100.0]
    assert list(line(below, "nig").get_ydata()) == pytest.approx([0.1, 1.0, 10.0])
    # at base settings NiM-BH had no noise: a mark above, none below
    assert len(line(above, "nim_bh base").get_xdata()) == 1
    assert len(line(below, "nim_bh base").get_xdata()) == 0


def test_error_rates_have_both_sizes_and_the_measured_marks(everything, derived):
    axes = draw("error_rates", everything, derived).axes[0]
    curves, measured = derived["error_curves.csv"], derived["error_rates.csv"]
    own = curves[(curves["test"] == "t") & ~curves["shared"] & (curves["trajectories"] == 5)]
    assert line(axes, "t (5, 10)").get_ydata() == pytest.approx(100 * own["rate"].to_numpy())
    assert lines(axes, "mann_whitney (4, 3)")
    marks = measured[(measured["test"] == "mann_whitney") & ~measured["shared"]]
    assert len(line(axes, "mann_whitney measured").get_xdata()) == len(marks) > 0


def test_monotonic_runs_stand_beside_those_at_base_settings(everything):
    axes = figures.monotonic(Sources(everything, None)).axes[1]
    assert {x.get_label() for x in axes.lines} == {"gd", "nim_bh", "nig_mbh", "nim_mbh"}
    for cell, label in (
        ("base cifar-10 nim_bh", "nim_bh"),
        ("monotonic cifar-10 nig_mbh", "nig_mbh"),
    ):
        expected = epochs_of(everything, cell).groupby("epoch")["test_score"].mean()
        assert line(axes, label).get_ydata() == pytest.approx(expected.to_numpy(), rel=1e-5)
