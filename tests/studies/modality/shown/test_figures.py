"""Figures show the numbers of their tables: what is drawn is read back from the axes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from escaping_minima.parts.studies import find_study
from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.modality import figures
from escaping_minima.studies.modality.bins import COARSE, LOWEST
from escaping_minima.studies.modality.clouds import fill, window_of
from escaping_minima.studies.modality.drawing.attractors import loss_counts
from escaping_minima.studies.modality.drawing.panels import FLOOR, LEVELS
from escaping_minima.studies.modality.figures import Sources
from escaping_minima.studies.modality.lookup import Lookup, Network, Setting

DRAWN = find_study("modality").figures
CAPTIONS = Path(__file__).resolve().parents[4] / "workflow" / "report" / "modality"
ONE_LINE = "Not part of this run, and no published run has it."
SMALL, NEAR = Network(2, 1), Setting(1.0, "micro")


@pytest.fixture(scope="session")
def drawn(everything):
    """Draw every figure once."""
    sources = Sources(everything, None)
    return {name: getattr(figures, name)(sources) for name in DRAWN}


def bars(axes, name):
    return [
        (patch.get_x() + patch.get_width() / 2, patch.get_height())
        for container in axes.containers
        if container.get_label() == name
        for patch in container
    ]


def test_every_figure_has_a_caption_and_a_name():
    assert set(DRAWN) == set(figures.__all__) - {"Sources"}
    assert {path.stem for path in CAPTIONS.iterdir()} == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_its_axes_named_and_nothing_cut_off(name, drawn):
    figure = drawn[name]
    assert figure.axes
    assert "NOT THIS RUN" not in figure.get_suptitle()
    # the layout alone: to draw as well costs as much again
    figure.get_layout_engine().execute(figure)
    for axes in figure.axes:
        # bars, curves and steps as well lie within their panels
        low, high = sorted(axes.get_ylim())
        tops = [np.ravel(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) > 2]
        tops += [patch.get_data().values for patch in axes.patches if hasattr(patch, "get_data")]
        shown = np.concatenate(tops).astype(float) if tops else np.array([])
        assert np.nanmax(shown, initial=low) <= high
        assert np.nanmin(shown[shown > 0], initial=high) >= low
    width, height = figure.get_size_inches() * figure.dpi
    box = figure.get_tightbbox().extents * figure.dpi
    assert box[0] >= -1
    assert box[1] >= -1
    assert box[2] <= width + 1
    assert box[3] <= height + 1


@pytest.mark.parametrize("name", ["figure_3", "overlap"])
def test_a_figure_is_a_vector_drawing_with_its_clouds_as_pictures(name, drawn):
    extension, content = figure_bytes(drawn[name])
    assert extension == "svg"
    assert content.count(b"data:image/png") == sum(len(axes.images) for axes in drawn[name].axes)


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_without_runs_is_one_line(name, nothing):
    figure = getattr(figures, name)(Sources(nothing, None))
    assert figure.axes == []
    assert figure.get_suptitle().split("\n")[1:] == [ONE_LINE]


def test_published_runs_stand_in_and_say_so(nothing, quick):
    figure = figures.figure_1(Sources(nothing, quick))
    assert figure.get_suptitle().startswith("NOT THIS RUN but the published one: ")
    assert "FEWER WALKS THAN THE PAPER'S 10 m" in figure.get_suptitle().replace("\n", " ")


def test_short_walks_are_said_to_be_short(quick):
    cells = quick["cells.csv"]
    short = quick | {"cells.csv": cells.assign(steps=cells["steps"].where(cells["bound"] > 1, 50))}
    said = [figures.figure_4(Sources(t, None)).get_suptitle() for t in (short, quick)]
    assert ["SHORTER WALKS" in words for words in said] == [True, False]


def test_bars_of_figure_1_are_pooled_shares(everything, drawn):
    lookup = Lookup(everything)
    axes = drawn["figure_1"].axes[0]
    table = lookup.of("curvature.parquet", lookup.cell("curvature", "xor", SMALL, NEAR))
    for place, reading in (
        (-0.2, ("block", "float32", "exact")),
        (0.2, ("full", "float64", "relative")),
    ):
        rows = table[table["near"] == "all"]
        for column, value in zip(("hessian", "precision", "rule"), reading, strict=True):
            rows = rows[rows[column] == value]
        counts = rows[["convex", "concave", "saddle", "singular"]].sum()
        for name, count in counts.items():
            found = dict(bars(axes, name))
            near = [height for x, height in found.items() if abs(x - place) < 1e-9]
            assert near == pytest.approx([100 * count / counts.sum()])


def test_readings_stand_side_by_side(everything, drawn):
    axes = drawn["zero_rules"].axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "main", "full\nHessian", "relative\nzero", "float64", "all\nthree",
    ]  # fmt: skip
    assert len(bars(axes, "convex")) == 5 * 4


def test_a_cloud_keeps_every_point(everything):
    lookup = Lookup(everything)
    cloud = lookup.of("clouds.parquet", lookup.cell("walk", "mnist", Network(10, 1), NEAR))
    window = window_of(cloud, FLOOR)
    counts = fill(cloud, "count", window)
    assert counts.sum() == cloud["count"].sum()
    # five points without loss and gradient were planted, and nothing else lies so low
    below = cloud["loss_bin"] < COARSE * (FLOOR - LOWEST) + 1
    assert counts[:, 0].sum() == cloud.loc[below, "count"].sum() >= 5
    assert window.loss_low == window.gradient_low == FLOOR
    top = LOWEST + (cloud["loss_bin"].max() + 1) / COARSE
    assert window.loss_high - 1 < top <= window.loss_high


def test_a_bin_has_the_colour_of_its_most_frequent_class(everything, drawn):
    lookup = Lookup(everything)
    figure = drawn["figure_2"]
    assert len(figure.axes) == 6 * 4
    axes = figure.axes[0]
    (image,) = axes.images
    cloud = lookup.of("class_clouds.parquet", lookup.cell("curvature", "xor", SMALL, NEAR))
    picture = np.asarray(image.get_array())
    left, right, low, high = image.get_extent()
    assert picture.shape == (COARSE * (high - low), COARSE * (right - left), 3)
    wide = cloud.pivot_table(index=["gradient_bin", "loss_bin"], columns="class", values="count")
    row, column = wide.sum(axis=1).idxmax()
    place = picture[row - COARSE * (low - LOWEST), column - COARSE * (left - LOWEST)]
    colours = {0: (0, 158, 115), 2: (230, 159, 0), 3: (0, 114, 178)}
    expected = np.array(colours[wide.fillna(0).loc[row, column].idxmax()]) / 255
    # a bin that is not the fullest is paler, on the line from white to its colour
    paler = (1 - place) / np.maximum(1 - expected, 1e-9)
    assert paler[expected < 0.99] == pytest.approx(paler[0], abs=0.02)
    empty = np.all(picture == 1, axis=2)
    assert (~empty).sum() == len(wide)


def test_letters_are_those_of_the_paper(drawn):
    titles = [axes.get_title() for axes in drawn["figure_3"].axes]
    assert [re.search(r"\((\w)\) (.*)", title).groups() for title in titles[::2]] == [
        ("a", "2 units, 1 layer"),
        ("b", "4 units, 1 layer"),
        ("c", "2 units, 2 layers"),
        ("d", "4 units, 2 layers"),
        ("e", "2 units, 3 layers"),
        ("f", "4 units, 3 layers"),
    ]
    assert all("macro" in title for title in titles[:2])


def test_accuracies_are_means_over_walks(everything, drawn):
    lookup = Lookup(everything)
    axes = drawn["figure_4"].axes[0]
    walks = lookup.of("last_walks.parquet", lookup.cell("walk", "mnist", Network(10, 1), NEAR))
    (line,) = [x for x in axes.lines if x.get_label() == "C_t"]
    assert line.get_ydata()[0] == pytest.approx(100 * walks["train_accuracy"].mean())
    low, high = axes.collections[0].get_segments()[0][:, 1]
    assert low < line.get_ydata()[0] < high
    assert axes.get_ylim() == (0, 100)


def test_low_points_are_counted_by_loss(everything):
    lookup = Lookup(everything)
    low = lookup.of("low.parquet", lookup.cell("walk", "xor", SMALL, NEAR))
    counts = loss_counts(low, 101)
    own = low[low["threshold"] == 2]
    assert counts.sum() == own["points"].sum()
    assert counts[34] == own.loc[own["loss_bin"].between(340, 349), "points"].sum() > 0
    assert [round(v, 4) for v in LEVELS.values()] == [0, 0.3466, 0.4774, 0.6931]
    beyond = low.assign(loss_bin=3000)
    assert loss_counts(beyond, 101)[100] == own["points"].sum()


def test_counts_stand_in_the_heat_map(drawn):
    figure = drawn["attractors"]
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == 4
    assert {text.get_text() for text in maps[0].texts} == {"4", "2"}


def test_random_walks_stand_beside_gradient_walks(everything, drawn):
    axes = drawn["courses"].axes[0]
    labels = [line.get_label() for line in axes.lines]
    assert len(labels) == 8
    lookup = Lookup(everything)
    rows = lookup.of("courses.parquet", lookup.cell("random", "xor", SMALL, NEAR))
    (line,) = [x for x in axes.lines if x.get_label() == f"random {NEAR.words}"]
    assert line.get_ydata() == pytest.approx(rows.groupby("step")["loss"].mean().to_numpy())


def test_clusters_are_drawn_by_width(everything, drawn):
    axes = drawn["overlap"].axes[0]
    lookup = Lookup(everything)
    expected = [
        np.mean(lookup.values(lookup.cell("walk", "mnist", Network(w, 1), NEAR), "overlap"))
        for w in (10, 20, 100)
    ]
    (line,) = [x for x in axes.lines if x.get_label() == "1"]
    assert line.get_ydata() == pytest.approx(np.array(expected))


def test_singular_points_are_filled_marks(everything, drawn):
    axes = drawn["saturation"].axes[0]
    lookup = Lookup(everything)
    rows = lookup.of("saturation.parquet", lookup.cell("curvature", "xor", SMALL, NEAR))
    for group, fill_style in (("singular", "full"), ("other", "none")):
        (line,) = [x for x in axes.lines if x.get_label() == f"{group} {NEAR.words}"]
        mean = rows.loc[rows["group"] == group, "output_saturated"].mean()
        assert line.get_ydata()[0] == pytest.approx(100 * mean)
        assert line.get_fillstyle() == fill_style
