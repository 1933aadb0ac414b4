"""Figures and tables of horizons, orders, states and meshes show the numbers of their tables."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.batch_increase import figures, show_further, theory
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.flatness_sources import probed
from escaping_minima.studies.batch_increase.mesh_runs import find_mesh
from escaping_minima.studies.batch_increase.names import STRATEGY_NAMES, strategy_at
from escaping_minima.studies.batch_increase.theory_sources import run_rows, state_rows

#: By claim: direction, threshold, margin and unit of a part, and what it measures by horizon.
PARTS = {
    "T04": ("less", 0.0, 5.0, "ratio", (-10.0, -30.0)),
    "T06": ("less", 0.0, 0.05, "points of test error", (0.2, -0.1)),
    "T09": ("equal", 0.0, 5.0, "percent", (8.0, 2.0)),
    "T14": ("greater", 0.0, 5.0, "points of the snapshots", (1.0, 12.0)),
    "T03": ("greater", 0.0, 10.0, "ratio", (50.0, 60.0)),
}
HORIZONS = (5, 50)


def table_of(weakest=True):
    rows = []
    for claim, (direction, threshold, margin, unit, effects) in PARTS.items():
        same = {"claim": claim, "condition": 500, "data": "full", "images": 60_000}
        same |= {"direction": direction, "threshold": threshold, "margin": margin, "unit": unit}
        for horizon, effect in zip(HORIZONS, effects, strict=True):
            row = same | {"horizon": horizon, "part": f"part of {claim}", "n": 5, "effect": effect}
            rows.append(row | {"low": effect - 1, "high": effect + 2, "weakest": weakest})
    # what is not the weakest part is not drawn
    return pd.DataFrame([*rows, rows[0] | {"part": "another", "effect": 77.0, "weakest": False}])


CHANGES = pd.DataFrame(
    [
        {"claim": "T04", "condition": 500, "data": "full", "images": 60_000, "part": "part of T04"}
        | {"short": 5, "long": 50, "n": 5, "change": -20.0, "low": -25.0, "high": -15.0}
        | {"towards": "towards"}
    ]
)


def panel(figure, claim):
    (axes,) = (a for a in figure.axes if a.get_title().startswith(f"{claim}:"))
    return axes


def rows_of(html):
    """Return the texts of the cells of a table, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2])
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in cells]


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("horizon_curves", {"T04", "T06", "T09"}),
        ("horizon_batches", {"T03"}),
        ("horizon_mesh", {"T14"}),
    ],
)
def test_every_claim_has_a_panel_in_one_of_the_figures(name, claims):
    figure = getattr(figures, name)(table_of())
    assert figure_bytes(figure)[0] == "svg"
    assert {a.get_title().partition(":")[0] for a in figure.axes if a.lines} == claims
    for claim in claims:
        axes, (*_, unit, effects) = panel(figure, claim), PARTS[claim]
        (line,) = (x for x in axes.lines if x.get_label() == "effect")
        assert list(line.get_xdata()) == list(HORIZONS)
        is_ratio = unit == "ratio"
        expected = np.exp(np.array(effects) / 100) if is_ratio else effects
        np.testing.assert_allclose(line.get_ydata(), expected)
        assert axes.get_yscale() == ("log" if is_ratio else "linear")
        assert is_ratio or unit in axes.get_ylabel()
        (bars,) = (c.get_segments() for c in axes.collections)
        ends = np.array([[e - 1, e + 2] for e in effects])
        drawn = [bar[:, 1] for bar in bars]
        np.testing.assert_allclose(drawn, np.exp(ends / 100) if is_ratio else ends)


@pytest.mark.parametrize(
    ("claim", "inside", "outside"),
    [("T06", -0.1, 0.1), ("T09", 4.0, 6.0), ("T09", -4.0, -6.0), ("T04", 0.9, 1.1)],
)
def test_the_shaded_side_is_the_claimed_one(claim, inside, outside):
    axes = panel(figures.horizon_curves(table_of()), claim)
    (shade,) = axes.patches
    low, high = shade.get_y(), shade.get_y() + shade.get_height()
    assert low < inside < high
    assert not low < outside < high


def test_single_runs_have_no_bars():
    table = table_of().assign(n=1, low=-np.inf, high=np.inf)
    figure = figures.horizon_mesh(table)
    figure_bytes(figure)
    (bars,) = panel(figure, "T14").collections
    assert not bars.get_segments()


@pytest.mark.parametrize("name", ["horizon_curves", "horizon_batches", "horizon_mesh"])
def test_figures_without_horizons_say_so(name):
    figure = getattr(figures, name)(table_of().iloc[:0])
    assert "Not part of this run" in figure.get_suptitle()


def test_the_table_of_horizons_says_what_is_measured_claimed_and_changed():
    rows = rows_of(show_further.show_horizons(table_of(), CHANGES))
    assert len(rows) == len(PARTS) * len(HORIZONS)
    found = {(row[0], row[4]): row for row in rows}
    first, last = found["T04", "5"], found["T04", "50"]
    assert first[1:4] == ["MNIST", "N2 = 500", "part of T04"]
    assert first[8] == "–"
    assert last[6].split() == ["×", "0.741", "[0.733,", "0.756]"]
    assert last[7] == "below × 1.000"
    assert last[8].split() == ["×", "0.819", "[0.779,", "0.861]", "towards"]
    assert found["T09", "5"][7] == "within 5.000 of 0"
    assert found["T14", "5"][7] == "above 0.000"


def test_orders_are_means_over_seeds_of_the_longest_runs(complete):
    figure = figures.orders(Sources(complete, None))
    assert "200 epochs" in figure.get_suptitle()
    cells, curves = complete["cells.csv"], complete["curves.parquet"]
    shown = [(n2, c) for n2 in (100, 500) for c in ("test_loss", "test_error")]
    for axes, (condition, column) in zip(figure.axes, shown, strict=True):
        for order, role in (("linear", "main"), ("random", "main_orders")):
            strategy = strategy_at(order, condition)
            chosen = cells[(cells["role"] == role) & (cells["strategy"] == strategy)]
            part = curves[curves["cell"].isin(chosen["cell"]) & (curves["epoch"] > 0)]
            (line,) = (x for x in axes.lines if x.get_label() == order)
            expected = part.groupby("epoch")[column].mean()
            np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-5)


def test_orders_that_nobody_ran_are_said_to_be_missing(quick, complete):
    assert "Not part of this run" in figures.orders(Sources(quick, None)).get_suptitle()
    assert "NOT THIS RUN" in figures.orders(Sources(quick, complete)).get_suptitle()


def test_tables_of_states_and_runs_have_the_numbers_behind_the_figures(complete):
    sources = Sources(complete, None)
    states = state_rows(sources)
    fitted = theory.slopes(states.table)
    fitted = fitted[(fitted["mode"] == "training") & (fitted["replacement"] == 0)]
    cell = states.table.loc[states.table["state"] == 10, "cell"].iloc[0]
    mean = fitted.loc[fitted["cell"] == cell, "slope"].mean()
    (row,) = (
        r
        for r in rows_of(show_further.show_slopes(sources))
        if r[:3] == ["training", "without", "10"]
    )
    assert row[4].startswith(f"{mean:.2f}".replace("-", "−"))
    runs = run_rows(sources)
    falls = theory.noise_falls(theory.noise_windows(runs.table, runs.horizons()))
    own = falls["cell"].isin(runs.cells_of("linear_500")) & (falls["mode"] == "training")
    (row,) = (
        r
        for r in rows_of(show_further.show_noise(sources))
        if r[:2] == ["training", STRATEGY_NAMES["linear_500"]]
    )
    assert row[5].split()[1] == f"{np.exp(falls.loc[own, 'size'].mean()):.3f}"


def test_tables_of_cells_and_flatness_are_means_over_seeds(complete):
    sources = Sources(complete, None)
    sweep = find_mesh(sources, 500).sweep
    own = sweep[(sweep["run"] == "N2") & (sweep["part"] == "all") & (sweep["sections"] == 20)]
    rows = rows_of(show_further.show_cells(sources))
    (row,) = (r for r in rows if r[:2] == [STRATEGY_NAMES["fixed_500"], "the run"])
    assert row[3].split()[0] == f"{own['cells'].mean():.1f}"
    assert row[4] == f"{own['snapshots'].max():,}"
    table = probed(sources, "flatness.parquet").table
    own = table[(table["strategy"] == "linear_100") & (table["rescaled"] == 4)]
    rows = rows_of(show_further.show_flatness(sources))
    (row,) = (r for r in rows if r[:2] == [STRATEGY_NAMES["linear_100"], "× 4"])
    assert row[4].split()[0] == f"{own['eigenvalue_1'].astype(float).mean():.4f}"


@pytest.mark.parametrize("name", ["show_slopes", "show_noise", "show_cells", "show_flatness"])
def test_tables_that_nobody_has_say_so_and_published_ones_are_named(name, quick, complete):
    show = getattr(show_further, name)
    assert "not part of this run" in show(Sources(quick, None))
    assert "NOT THIS RUN" in show(Sources(quick, complete))
