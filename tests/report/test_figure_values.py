"""The table beside a figure holds what the figure draws, in the units of its axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from escaping_minima.report import figure_values as module
from escaping_minima.report.figure_values import COLUMNS, figure_values, save_values
from escaping_minima.report.rendering import FigureFolder


def two_panels():
    """A figure of every kind of mark, in two panels."""
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.set(title="Left", xlabel="epoch", ylabel="loss", yscale="log")
    left.plot([1, 2], [0.5, 0.25], color="#0072B2", label="SAM")
    left.plot([3], [0.1], "o", color="#D55E00")
    left.axhline(0.3, color="#5A5A5A", label="printed")
    left.fill_between([1, 2], [0.4, 0.2], [0.6, 0.3], color="#0072B2")
    left.vlines([1, 2], [0.4, 0.2], [0.6, 0.3], color="#000000")
    right.barh([0, 1], [3.0, 4.0], left=[1.0, 0.0], height=0.5)
    right.set_yticks([0, 1], ["GD", "SAM"])
    right.scatter([5.0], [1.0], color="#009E73")
    return figure


def points(values, **wanted):
    chosen = values[np.logical_and.reduce([values[k] == v for k, v in wanted.items()])]
    return chosen[["x", "y"]].to_numpy().tolist()


def test_every_mark_is_listed_in_the_units_of_its_axes():
    values = figure_values(two_panels())
    assert list(values.columns) == list(COLUMNS)
    assert points(values, name="SAM", kind="line") == [[1.0, 0.5], [2.0, 0.25]]
    assert points(values, panel=1, kind="points") == [[3.0, 0.1]]
    line = values[values["name"] == "printed"]
    assert line["x"].isna().all()
    assert line["y"].tolist() == [0.3, 0.3]
    outline = points(values, kind="area")
    assert {(1.0, 0.4), (1.0, 0.6), (2.0, 0.2), (2.0, 0.3)} == set(map(tuple, outline))
    segments = values[values["kind"] == "segment"]
    assert segments.groupby("item")["y"].apply(list).tolist() == [[0.4, 0.6], [0.2, 0.3]]
    assert points(values, kind="bar") == [[1.0, -0.25], [4.0, 0.25], [0.0, 0.75], [4.0, 1.25]]


def test_a_segment_of_no_points_has_no_rows():
    figure = Figure()
    axes = figure.subplots()
    axes.add_collection(LineCollection([np.empty((0, 2)), [(0.0, 1.0), (2.0, 3.0)]]))
    assert points(figure_values(figure), kind="segment") == [[0.0, 1.0], [2.0, 3.0]]


def test_panels_colours_and_names_on_an_axis_are_said():
    values = figure_values(two_panels())
    left, right = (values[values["panel"] == panel] for panel in (1, 2))
    assert set(left["title"]) == {"Left"}
    assert set(zip(left["x_axis"], left["y_axis"], strict=True)) == {("epoch", "loss")}
    assert set(left.loc[left["name"] == "SAM", "colour"]) == {"#0072b2"}
    scattered = right[right["kind"] == "points"].iloc[0]
    assert (scattered["y_words"], scattered["x_words"], scattered["colour"]) == (
        "SAM",
        "",
        "#009e73",
    )
    # an axis of numbers has no words
    assert set(left["x_words"]) == {""}


@pytest.mark.parametrize(("origin", "first"), [("upper", [0.5, 1.5]), ("lower", [0.5, 0.5])])
def test_an_image_gives_its_values_at_the_middle_of_its_cells(origin, first):
    figure = Figure()
    grid = np.array([[1.0, 2.0, np.nan], [4.0, 5.0, 6.0]])
    figure.subplots().imshow(grid, extent=(0, 3, 0, 2), origin=origin)
    values = figure_values(figure)
    assert values["value"].tolist() == [1.0, 2.0, 4.0, 5.0, 6.0]
    assert values[["x", "y"]].to_numpy()[0].tolist() == first


def test_what_a_formula_draws_is_left_out(tmp_path):
    figure = Figure()
    grid = np.add.outer(np.arange(4.0), np.arange(4.0))
    figure.add_subplot(1, 2, 1).contour(grid)
    figure.add_subplot(1, 2, 2, projection="3d").plot_surface(*np.indices((4, 4)), grid)
    assert figure_values(figure).empty
    save_values(figure_values(figure), tmp_path, "a")
    assert not list(tmp_path.iterdir())


def test_a_notebook_keeps_the_table_beside_the_figure(tmp_path, monkeypatch):
    FigureFolder(str(tmp_path)).show(two_panels(), "figure_1")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure_1.csv", "figure_1.svg"]
    found = pd.read_csv(tmp_path / "figure_1.csv")
    assert found.loc[found["name"] == "SAM", "y"].tolist() == [0.5, 0.25]
    # a column of images that the figure does not have is left out
    assert "value" not in found
    # one that draws too much keeps no table, and none of an earlier figure
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    FigureFolder(str(tmp_path)).show(two_panels(), "figure_1")
    assert [p.name for p in tmp_path.iterdir()] == ["figure_1.svg"]
