"""Figures show the numbers of their tables: lines are read back from the axes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.report.figures.axes import label_log_axis
from escaping_minima.report.style import figure_bytes, new_figure
from escaping_minima.studies.batch_increase import figures, show
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.differences import differences
from escaping_minima.studies.batch_increase.kept_curves import kept_rows
from escaping_minima.studies.batch_increase.names import strategy_at
from escaping_minima.studies.batch_increase.tables import derive

DRAWN = (
    "figure_5",
    "figure_6",
    "figure_7",
    "figure_8",
    "equal_updates",
    "section_4_5",
    "weights",
    "sgd_control",
)
STUDY = "batch_increase"


def panel(figure, start):
    (axes,) = (a for a in figure.axes if a.get_title().startswith(start))
    return axes


def line(axes, label):
    (found,) = (x for x in axes.lines if x.get_label() == label)
    return found


def texts(figure):
    found = [figure.get_suptitle()]
    for axes in figure.axes:
        found += [axes.get_title(), *(t.get_text() for t in axes.texts)]
    return "\n".join(found)


def cell_of(tables, role, strategy):
    cells = tables["cells.csv"]
    found = cells[(cells["role"] == role) & (cells["strategy"] == strategy)]
    assert len(found) == 1
    return found["cell"].iloc[0]


def mean_curve(tables, role, strategy, column):
    curves = tables["curves.parquet"]
    part = curves[(curves["cell"] == cell_of(tables, role, strategy)) & (curves["epoch"] > 0)]
    return part.groupby("epoch")[column].mean()


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("tables", ["everything", "quick"])
def test_every_figure_becomes_a_file(name, tables, request):
    sources = Sources(request.getfixturevalue(tables), None)
    figure = getattr(figures, name)(sources)
    extension, content = figure_bytes(figure)
    assert extension == "svg"
    assert ET.fromstring(content).tag.endswith("svg")
    labelled = [a for a in figure.axes if a.lines]
    assert all(a.get_xlabel() and a.get_ylabel() for a in labelled)
    assert all(a.get_title() for a in figure.axes)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("figure_6", ["test_loss"]),
        ("figure_7", ["test_error"]),
        ("figure_8", ["train_loss", "running_loss"]),
    ],
)
def test_curves_are_means_over_seeds(everything, name, columns):
    figure = getattr(figures, name)(Sources(everything, None))
    shown = [(column, condition) for column in columns for condition in (100, 500)]
    for axes, (column, condition) in zip(figure.axes, shown, strict=True):
        assert axes.get_title() == f"N1 = 10, N2 = {condition}"
        assert axes.get_yscale() == "log"
        for place in ("N1", "mean", "N2", "linear"):
            expected = mean_curve(everything, "main", strategy_at(place, condition), column)
            drawn = line(axes, place)
            assert list(drawn.get_xdata()) == list(expected.index)
            assert drawn.get_ydata() == pytest.approx(expected.to_numpy(), rel=1e-5)


def visible(axis):
    low, high = axis.get_view_interval()
    return [t for t in axis.get_ticklocs() if low <= t <= high]


@pytest.mark.parametrize("name", ["figure_6", "figure_7", "figure_8"])
@pytest.mark.parametrize("tables", ["everything", "enough"])
def test_panels_of_a_quantity_share_a_scale_that_can_be_read(name, tables, request):
    figure = getattr(figures, name)(Sources(request.getfixturevalue(tables), None))
    pairs = zip(figure.axes[::2], figure.axes[1::2], strict=True)
    for left, right in pairs:
        assert left.get_ylim() == right.get_ylim()
        assert len(visible(left.yaxis)) >= 3
        low, high = np.log(left.get_ylim())
        levels = np.log([x.get_ydata() for a in (left, right) for x in a.lines])
        # the curves take most of the height
        assert levels.max() - levels.min() > 0.8 * (high - low)


def test_panels_of_other_data_have_scales_of_their_own(quick, enough):
    left, right = figures.figure_6(Sources(quick, enough)).axes
    assert left.get_ylim() != right.get_ylim()
    for axes in (left, right):
        low, high = np.log(axes.get_ylim())
        levels = np.log(np.concatenate([x.get_ydata() for x in axes.lines]))
        assert levels.max() - levels.min() > 0.8 * (high - low)


@pytest.mark.parametrize(("low", "high"), [(0.6, 1.15), (0.0195, 0.037), (0.03, 0.033), (1e-6, 2)])
def test_logarithmic_axes_have_several_labels(low, high):
    axes = new_figure(4, 4, "").subplots()
    axes.set(yscale="log", ylim=(low, high))
    label_log_axis(axes.yaxis)
    labels = [axes.yaxis.get_major_formatter()(t, None) for t in visible(axes.yaxis)]
    assert 3 <= len(labels) <= 10
    assert [float(text) for text in labels] == pytest.approx(visible(axes.yaxis))


def test_bands_are_student_intervals(everything):
    band = Sources(everything, None).arm(100, ("main",)).band("fixed_10", "test_loss")
    curves = everything["curves.parquet"]
    part = curves[curves["cell"] == cell_of(everything, "main", "fixed_10")]
    last = part[part["epoch"] == 200]["test_loss"].to_numpy(float)
    # t quantile of two degrees of freedom
    half = 4.302653 * last.std(ddof=1) / np.sqrt(3)
    assert band.high[-1] - band.mean[-1] == pytest.approx(half, rel=1e-5)
    assert band.mean[-1] - band.low[-1] == pytest.approx(half, rel=1e-5)


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_runs_have_their_range_as_band(planting, seeds):
    numbers = {**planting.EVERYTHING, "seeds": seeds, "controls": False}
    tables = planting.planted(planting.paper_world(), numbers)
    arm = Sources(tables, None).arm(100, ("main",))
    band = arm.band("fixed_10", "test_loss")
    curves = tables["curves.parquet"]
    runs = curves[curves["cell"] == arm.cells["fixed_10"]].groupby("epoch")["test_loss"]
    np.testing.assert_allclose(band.low, runs.min())
    np.testing.assert_allclose(band.high, runs.max())
    assert "bands: range" in arm.describe()
    figure_bytes(figures.figure_6(Sources(tables, None)))


def test_a_condition_that_this_run_lacks_is_the_published_one_and_says_so(quick, enough):
    figure = figures.figure_6(Sources(quick, enough))
    own, other = figure.axes
    assert own.get_title() == "N1 = 10, N2 = 100"
    assert "NOT THIS RUN" in other.get_title()
    # one of the points is the start
    drawn = len(kept_rows(3001)) - 1
    words = " ".join(other.get_title().split())
    assert f"10 seeds a strategy, 3,000 epochs ({drawn} of them drawn)" in words
    assert max(map(len, other.get_title().split("\n"))) <= 50
    assert "3 seeds a strategy, 8 epochs" in figure.get_suptitle()
    assert "its sample in the repository: 2,000 training" in figure.get_suptitle()
    assert "10 seeds" not in figure.get_suptitle()
    expected = mean_curve(enough, "main", "linear_500", "test_loss")
    assert line(other, "linear").get_ydata() == pytest.approx(expected.to_numpy(), rel=1e-5)


def test_a_condition_that_nobody_has_is_said_to_be_missing(quick):
    figure = figures.figure_6(Sources(quick, None))
    assert [axes.get_title() for axes in figure.axes] == ["N1 = 10, N2 = 100"]
    assert "N2 = 500: not part of this run, and no published run has it" in figure.get_suptitle()
    assert "NOT THIS RUN" not in texts(figure)


def test_a_figure_that_nobody_has_curves_for_says_so(quick):
    figure = figures.sgd_control(Sources(quick, None))
    assert not any(axes.lines for axes in figure.axes)
    assert texts(figure).count("not part of this run") == 2
    assert "not part of this run" not in figure.get_suptitle()


def test_only_figures_with_bands_speak_of_them(everything):
    for name in DRAWN:
        figure = getattr(figures, name)(Sources(everything, None))
        assert ("bands" in figure.get_suptitle()) == (name not in ("figure_5", "weights"))


def test_published_tables_are_read_where_there_are_any(quick, tmp_path):
    assert Sources.read(quick, tmp_path / "none").published is None
    quick["cells.csv"].to_csv(tmp_path / "cells.csv", index=False)
    assert list(Sources.read(quick, tmp_path).published) == ["cells.csv"]


def test_lost_runs_are_left_out_and_counted(planting):
    numbers = {**planting.EVERYTHING, "controls": False}
    world = planting.replace(planting.paper_world(), lost=frozenset({("fixed_55", 1)}))
    tables = planting.planted(world, numbers)
    figure = figures.figure_6(Sources(tables, None))
    assert "1 diverged runs left out" in figure.get_suptitle()
    drawn = line(panel(figure, "N1 = 10, N2 = 100"), "mean")
    curves = tables["curves.parquet"]
    part = curves[(curves["cell"] == cell_of(tables, "main", "fixed_55")) & (curves["seed"] != 1)]
    expected = part[part["epoch"] > 0].groupby("epoch")["test_loss"].mean()
    assert drawn.get_ydata() == pytest.approx(expected.to_numpy(), rel=1e-5)


def test_a_strategy_that_always_diverges_leaves_the_others(planting):
    lost = frozenset(("fixed_100", seed) for seed in range(3))
    world = planting.replace(planting.paper_world(), lost=lost)
    less = {"controls": False, "mesh_epochs": 0, "sample_seeds": 0}
    tables = planting.planted(world, {**planting.EVERYTHING, **less})
    sources = Sources(tables, None)
    for name in ("figure_5", "figure_6", "equal_updates", "weights"):
        figure_bytes(getattr(figures, name)(sources))
    axes = panel(figures.figure_6(sources), "N1 = 10, N2 = 100")
    assert [x.get_label() for x in axes.lines] == ["N1", "mean", "linear"]
    derived, _ = derive(tables, load_records(STUDY))
    figure_bytes(differences(derived["paired.csv"], tables["cells.csv"]))
    assert '<td class="em-short">fixed 100</td>' in show.show_levels(derived["summary.csv"])
    assert "fixed 100" not in show.show_schedules(derived["schedules.csv"])
    assert set(derived["equal_updates.csv"]["updates"]) == {600, 200}


def test_updates_are_the_axis_and_the_budget_is_marked(everything):
    figure = figures.equal_updates(Sources(everything, None))
    # 240 images in batches of 100, over 200 epochs; in one of 500, 200
    for axes, budget in zip(figure.axes, (600, 200, 600, 200), strict=True):
        assert axes.get_xscale() == "log"
        assert set(line(axes, "budget").get_xdata()) == {budget}
        assert line(axes, "N2").get_xdata()[-1] == budget


def test_section_4_5_marks_the_least_smoothed_test_loss_of_every_run(enough):
    figure = figures.section_4_5(Sources(enough, None))
    assert "1,000 epochs" in figure.get_suptitle()
    measures = enough["measures.parquet"]
    for place in ("N1", "mean", "N2", "linear"):
        cell = cell_of(enough, "section_4_5", strategy_at(place, 500))
        expected = measures.loc[measures["cell"] == cell, "smooth_min_epoch"]
        assert list(line(figure.axes[0], f"least, {place}").get_xdata()) == list(expected)
    assert "The runs of section 4.5" in figure.get_suptitle()
    assert len(printed_bands(figure)) == 1


def printed_bands(figure):
    (legend,) = figure.legends
    named = [t.get_text() for t in legend.get_texts() if "printed" in t.get_text()]
    drawn = [p for axes in figure.axes for p in axes.patches if p.get_label() == "printed"]
    assert len(drawn) == len(named)
    return named


def test_shorter_runs_are_not_called_those_of_section_4_5(quick, planting):
    numbers = {**planting.EVERYTHING, "mesh_epochs": 0, "controls": False}
    tables = planting.planted(planting.paper_world(), numbers)
    figure = figures.section_4_5(Sources(tables, None))
    assert "No runs of 1,000 epochs here; shown: those of 200 epochs" in figure.get_suptitle()
    # epochs 300 to 700 are off the axis
    assert printed_bands(figure) == []
    assert "The runs" in figures.section_4_5(Sources(quick, None)).get_suptitle()


def test_weights_are_the_extremes_of_all_seeds(everything):
    curves = everything["curves.parquet"].copy()
    cell = cell_of(everything, "main", "fixed_55")
    odd = (curves["cell"] == cell) & (curves["seed"] == 1) & (curves["epoch"] == 200)
    curves.loc[odd, ["parameter_min", "parameter_max"]] = -0.7, 0.9
    figure = figures.weights(Sources({**everything, "curves.parquet": curves}, None))
    drawn = [x for x in figure.axes[0].lines if x.get_label() == "mean"]
    at = [dict(zip(x.get_xdata(), x.get_ydata(), strict=True)) for x in drawn]
    assert [values[200] for values in at] == pytest.approx([-0.7, 0.9])
    assert max(abs(v) for values in at for e, v in values.items() if e != 200) < 0.2


def test_weights_stand_beside_the_printed_interval(everything):
    figure = figures.weights(Sources(everything, None))
    printed = (REFERENCE / load_records(STUDY).source / "experiment_settings.csv").read_text()
    assert "[-0.23,0.19]" in printed
    for axes in figure.axes:
        levels = {x.get_ydata()[0] for x in axes.lines if x.get_label() == "printed"}
        assert levels == {-0.23, 0.19}


def test_differences_are_those_of_the_table(everything, derived):
    paired = derived["paired.csv"]
    figure = differences(paired, everything["cells.csv"])
    assert len(figure.axes) == 4
    axes = figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names[0] == "N2 = 100: fixed 10"
    assert len(names) == 6
    scales = {"final_test_loss": "log", "final_test_error": "linear"}
    for axes, (measure, scale) in zip(figure.axes[::2], scales.items(), strict=True):
        assert axes.get_xscale() == scale
        for role, label in (("main", "AdaGrad"), ("main_sgd", "SGD")):
            part = paired[(paired["role"] == role) & (paired["measure"] == measure)]
            drawn = [x.get_xdata()[0] for x in axes.lines if x.get_label() == label]
            # losses as ratios, errors in points
            found = part["mean"].to_numpy()
            assert drawn == pytest.approx(np.exp(found / 100) if scale == "log" else found)
        (alike,) = {x.get_xdata()[0] for x in axes.lines if x.get_color() == "#9A9A9A"}
        assert alike == (1 if scale == "log" else 0)
