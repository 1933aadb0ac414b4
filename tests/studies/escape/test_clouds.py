"""Clouds: the gradients of kept paths, and the figure that shows who stands still where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.landscape.evaluated import values_at
from escaping_minima.parts.registry import make_problem
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.escape.clouds import COLUMNS, clouds
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.drawing.clouds import DRAWN, GRADIENTS, LOSSES
from escaping_minima.studies.escape.figures import clouds as draw
from escaping_minima.studies.escape.layout import Layout
from escaping_minima.studies.escape.names import arm_look, arm_name
from escaping_minima.studies.escape.settings import Settings
from escaping_minima.studies.escape.terrain import ARENA, TERRAIN

WITH_PATHS = [p for p in ARENA if TERRAIN[p].kind in ("function", "waves", "sum")]


@pytest.fixture(scope="module")
def table(as_said):
    return clouds(as_said)


@pytest.fixture(scope="module")
def points(as_said):
    """Points of kept paths in the order of collection, with whose they are."""
    cells = as_said["cells.csv"][["cell", "problem", "arm"]]
    return as_said["paths.parquet"].merge(cells, on="cell")


def matched(table, points, problem):
    """Return coordinates (n, d) and gradient norms (n,) of a problem, of points that are numbers.

    Two of its points are told apart by whose they are, start and cost.
    """
    keys = ["problem", "arm", "start", "cost"]
    named = points.rename(columns={"replicate": "start"})[[*keys, "x", "y"]]
    both = table.merge(named, on=keys, validate="one_to_one")
    own = both[(both["problem"] == problem) & both["x"].notna()]
    columns = ["x", "y"][: TERRAIN[problem].variables]
    return own[columns].to_numpy(np.float64), own["gradient"].to_numpy()


def test_gradients_of_himmelblau_are_those_of_its_formula(table, points):
    w, norms = matched(table, points, "himmelblau")
    x, y = w.T
    first, second = x**2 + y - 11, x + y**2 - 7
    expected = np.hypot(4 * x * first + 2 * second, 2 * first + 4 * y * second)
    assert len(norms) == len(CONTESTANTS) * 14
    np.testing.assert_allclose(norms, expected, rtol=1e-12)


@pytest.mark.parametrize("problem", WITH_PATHS)
def test_gradients_are_the_slopes_of_the_loss(table, points, problem):
    terrain = TERRAIN[problem]
    loss = make_problem(terrain.problem, terrain.settings)
    w, norms = matched(table, points, problem)
    step = 1e-5 * np.eye(w.shape[1])
    slopes = [(values_at(loss, w + one) - values_at(loss, w - one)) / 2e-5 for one in step]
    assert len(norms) > 250
    scale = np.abs(norms).max()
    np.testing.assert_allclose(norms, np.linalg.norm(slopes, axis=0), atol=1e-7 * scale)


def test_gradients_of_the_scattered_sum_are_those_of_all_items(table, points):
    x, norms = matched(table, points, "scattered")
    problem = make_problem("scattered_sum", TERRAIN["scattered"].settings)
    t, barrier = problem.top, problem.barrier
    # from the local minimum at -1 up to the maximum at t, of 4 c (x^2 - 1)(x - t)
    shape = np.polynomial.Polynomial([t, -1, -t, 1])
    height = shape.integ()(t) - shape.integ()(-1)
    expected = np.abs(barrier / height * shape(x[:, 0]))
    np.testing.assert_allclose(norms, expected, rtol=1e-9, atol=1e-12)


def test_every_contestant_with_paths_is_there(table):
    numbers = {n: said.scales["quick"] for n, said in described_settings(Settings).items()}
    kept = {
        (item.labels["problem"], item.labels["arm"])
        for item in Layout(Settings(**numbers)).arena()
        if item.cell.path_of
    }
    there = set(zip(table["problem"], table["arm"], strict=True))
    assert kept <= there
    assert {arm for problem, arm in kept if problem == DRAWN} == set(CONTESTANTS)
    assert {problem for problem, _ in there} == set(WITH_PATHS)


def test_a_point_that_is_no_number_has_no_gradient(table, as_said):
    lost = as_said["paths.parquet"]["x"].isna().sum()
    assert lost > 0
    assert table["gradient"].isna().sum() == lost
    assert table["loss"].isna().sum() == lost


def test_each_method_has_a_panel_with_its_look_and_its_points(table, as_said):
    figure = draw(table, as_said["cells.csv"])
    panels = {axes.get_title(): axes for axes in figure.axes if axes.get_visible()}
    assert list(panels) == [arm_name(arm) for arm in CONTESTANTS]
    for arm in CONTESTANTS:
        look = arm_look(arm)
        (line,) = (x for x in panels[look.title].lines if x.get_label() == look.title)
        assert (line.get_color(), line.get_marker()) == (look.colour, look.marker)
        own = table[(table["problem"] == DRAWN) & (table["arm"] == arm)]
        drawn = np.asarray(line.get_xydata())
        inside = own["gradient"].between(*GRADIENTS) & own["loss"].between(*LOSSES)
        expected = own.loc[inside, ["loss", "gradient"]].to_numpy(float)
        np.testing.assert_array_equal(drawn[inside.to_numpy()], expected)
        # the lost point stands at the ends of the axes
        assert drawn[-1].tolist() == [LOSSES[1], GRADIENTS[1]]


def test_a_standstill_in_the_local_minimum_lies_in_the_shaded_corner(as_said):
    problem = make_problem("scattered_sum", TERRAIN[DRAWN].settings)
    rows = pd.DataFrame(
        {
            "problem": DRAWN,
            "arm": "gd",
            "start": [0, 1],
            "cost": 0.0,
            "loss": values_at(problem, np.array([[-1.0], [1.0]])),
            "gradient": 0.0,
        }
    )
    figure = draw(rows, as_said["cells.csv"])
    axes = figure.axes[0]
    (corner,) = axes.collections
    local, best = np.asarray(axes.lines[-1].get_xydata())
    (dashed,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert dashed.get_xdata()[0] == pytest.approx(local[0])
    shaded = corner.get_paths()[0]
    assert shaded.contains_point(local)
    assert not shaded.contains_point(best)
    assert not shaded.contains_point((local[0], 1e-2))


def test_no_paths_make_an_empty_table_and_no_panel(as_said):
    cells = as_said["cells.csv"]
    for collected in ({"cells.csv": cells}, {**as_said, "cells.csv": cells.iloc[:0]}):
        found = clouds(collected)
        assert found.empty
        assert tuple(found.columns) == COLUMNS
    figure = draw(found, cells.iloc[:0])
    assert not any(axes.get_visible() for axes in figure.axes)
    assert not figure.legends
    assert "no paths" in figure.get_suptitle()
