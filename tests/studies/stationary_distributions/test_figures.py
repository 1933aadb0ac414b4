"""Figures show the numbers of their tables: lines are read back from the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from escaping_minima.parts.looks import look_of
from escaping_minima.report.style import LARGEST_SVG, figure_bytes, save_figure
from escaping_minima.studies.stationary_distributions import figures, show
from escaping_minima.studies.stationary_distributions.collect import points_table, surfaces_table
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import OUTCOME_COLOURS
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS, RADII, radius

BINS = {
    "himmelblau": ["GM1", "GM2", "GM3", "GM4", "Else"],
    "three_hump_camel": ["GM1", "LM1", "LM2", "Else"],
    "six_hump_camel": ["GM1", "GM2", "LM1", "LM2", "LM3", "LM4", "Else"],
}
POINTS = (-4, 0, 4)


def around(share: float) -> dict[str, float]:
    return {"share": share, "low": max(share - 3, 0), "high": min(share + 3, 100)}


@pytest.fixture(scope="module")
def cells():
    rows = [
        {
            "role": "main" if k == 0 else "sweep",
            "function": f,
            "method": m,
            "starts": 1500,
            "steps": 200,
        }
        for f in FUNCTIONS
        for m in METHODS
        for k in ((0,) if RADII[m] is None else POINTS)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def shares():
    rng = np.random.default_rng(1)
    rows = []
    for f in FUNCTIONS:
        for m in METHODS:
            row = rng.dirichlet(np.ones(len(BINS[f]))) * 100
            for name, share in zip(BINS[f], row, strict=True):
                entry = {"function": f, "method": m, "bin": name, "count": 1, "starts": 1500}
                entry |= around(share) | {"printed": round(rng.uniform(0, 50), 1)}
                entry["printed_inside"] = entry["low"] <= entry["printed"] <= entry["high"]
                parts = dict.fromkeys(figures.ELSE, np.nan)
                if name == "Else":
                    split = rng.dirichlet(np.ones(4)) * share
                    parts = dict(zip(figures.ELSE, split, strict=True))
                rows.append(entry | {f"else_{k}": v for k, v in parts.items()})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def swept():
    rng = np.random.default_rng(2)
    rows = [
        {"function": f, "method": m, "k": k, "radius": radius(m, k), "outcome": g}
        | around(rng.uniform(0, 100))
        for f in FUNCTIONS
        for m in METHODS
        for k in ((0,) if RADII[m] is None else POINTS)
        for g in figures.GROUPS[f]
    ]
    return pd.DataFrame(rows)


def panel(figure: Figure, title: str):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def test_every_outcome_has_a_colour():
    assert {g for groups in figures.GROUPS.values() for g in groups} <= set(OUTCOME_COLOURS)


def test_table_1_shows_share_interval_and_printed_value(shares, cells):
    figure = figures.table_1(shares, cells)
    assert "1,500 starts a function and method, 200 steps" in figure.get_suptitle()
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == sum(map(len, BINS.values()))
    places = [(f, b) for f in FUNCTIONS for b in BINS[f]]
    for axes, (function, name) in zip(visible, places, strict=True):
        assert axes.get_title() == name
        part = shares[(shares["function"] == function) & (shares["bin"] == name)]
        part = part.set_index("method").loc[list(METHODS)]
        if name == BINS[function][0]:
            assert [t.get_text() for t in axes.get_yticklabels()] == list(METHOD_NAMES.values())
        for place, (row, method) in enumerate(zip(part.itertuples(), METHODS, strict=True)):
            interval, share, printed = axes.lines[3 * place : 3 * place + 3]
            assert list(interval.get_xdata()) == [row.low, row.high]
            assert list(share.get_xdata()) == [row.share]
            assert list(printed.get_xdata()) == [row.printed]
            assert {line.get_ydata()[0] for line in (interval, share, printed)} == {place}
            assert share.get_color() == look_of(method).colour


def test_sweep_shows_every_share_and_the_printed_levels(swept, shares, cells):
    figure = figures.sweep(swept, shares, cells)
    for function in FUNCTIONS:
        for method in figures.SWEPT:
            axes = panel(figure, f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[function]}")
            assert axes.get_xscale() == "log"
            part = swept[(swept["function"] == function) & (swept["method"] == method)]
            for group in figures.GROUPS[function]:
                (line,) = lines(axes, group)
                expected = part[part["outcome"] == group].sort_values("radius")
                assert np.array_equal(line.get_xdata(), expected["radius"])
                assert np.array_equal(line.get_ydata(), expected["share"])
                assert line.get_color() == OUTCOME_COLOURS[group]
            row = shares[(shares["function"] == function) & (shares["method"] == method)]
            levels = [
                row.loc[row["bin"].str.startswith(g), "printed"].sum() for g in ("GM", "Else")
            ]
            marks = lines(axes, "printed")
            assert [m.get_ydata()[0] for m in marks] == pytest.approx(levels)
            assert {m.get_xdata()[0] for m in marks} == {RADII[method]}


def test_else_split_stacks_its_parts(shares, cells):
    figure = figures.else_split(shares, cells)
    for function in FUNCTIONS:
        axes = panel(figure, FUNCTION_NAMES[function])
        part = shares[(shares["function"] == function) & (shares["bin"] == "Else")]
        part = part.set_index("method").loc[list(METHODS)]
        widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers])
        assert widths == pytest.approx(part[[f"else_{k}" for k in figures.ELSE]].to_numpy().T)
        ends = [bar.get_x() + bar.get_width() for bar in axes.containers[-1]]
        assert ends == pytest.approx(part["share"])
        assert list(axes.lines[0].get_xdata()) == list(part["printed"])


def test_exploration_shows_means_and_differences(cells):
    rows = [
        {
            "function": f,
            "method": m,
            "k": k,
            "radius": radius(m, k),
            "mean_basins": 1.0 + 0.1 * i + 0.01 * k,
            "net_difference": np.nan if m == "gd" else 10.0 * i + k,
            "low": np.nan if m == "gd" else 10.0 * i + k - 2,
            "high": np.nan if m == "gd" else 10.0 * i + k + 2,
        }
        for f in FUNCTIONS
        for i, m in enumerate(METHODS)
        for k in ((0,) if RADII[m] is None else POINTS)
    ]
    visits = pd.DataFrame(rows)
    figure = figures.exploration(visits, cells)
    for column, function in enumerate(FUNCTIONS):
        for axes, name in (
            (figure.axes[column], "mean_basins"),
            (figure.axes[3 + column], "net_difference"),
        ):
            for method in figures.SWEPT:
                part = visits[(visits["function"] == function) & (visits["method"] == method)]
                (line,) = lines(axes, method)
                assert line.get_xdata() == pytest.approx(10 ** (part["k"].to_numpy() / 4))
                assert list(line.get_ydata()) == list(part[name])


def test_paired_shows_shares_and_both_directions(cells):
    rows = [
        {
            "function": f,
            "method": m,
            "starts": 500,
            "other_outcome_share": 5.0 * i,
            "low": 5.0 * i - 1,
            "high": 5.0 * i + 1,
            "else_only_method": 10 * i,
            "else_only_gd": 5,
        }
        for f in FUNCTIONS
        for i, m in enumerate(figures.SWEPT)
    ]
    figure = figures.paired(pd.DataFrame(rows), cells)
    for column in range(len(FUNCTIONS)):
        top, bottom = figure.axes[column], figure.axes[3 + column]
        places = range(len(figures.SWEPT))
        assert [list(top.lines[2 * i].get_xdata()) for i in places] == [
            [5.0 * i - 1, 5.0 * i + 1] for i in places
        ]
        assert [top.lines[2 * i + 1].get_xdata()[0] for i in places] == [5.0 * i for i in places]
        ours, gd = bottom.containers
        assert [bar.get_width() for bar in ours] == [2.0 * i for i in places]
        assert {bar.get_width() for bar in gd} == {-1.0}


def test_figure_3_shows_the_sample_and_counts_what_lies_outside(cells):
    sample = pd.DataFrame(
        [
            {"function": f, "method": m, "start": i, "x": x, "y": 0.5, "outcome": outcome}
            for f in FUNCTIONS
            for m in ("gd", "nig", "sam", "nig_bh")
            for i, (x, outcome) in enumerate(
                [(0.0, "GM1"), (1.0, "LM3"), (-1.0, "halo"), (99.0, "diverged")]
            )
        ]
    )
    figure = figures.figure_3(surfaces_table(), sample, cells)
    assert "4 of 1,500 starts" in figure.get_suptitle()
    for function in FUNCTIONS:
        for method in ("gd", "nig", "sam", "nig_bh"):
            axes = panel(figure, f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[function]}")
            for group, x in (("GM", 0.0), ("LM", 1.0), ("halo", -1.0)):
                (line,) = lines(axes, group)
                assert list(line.get_xdata()) == [x]
                assert line.get_color() == OUTCOME_COLOURS[group]
            assert [t.get_text() for t in axes.texts] == ["1 outside"]


def test_figures_1_and_2_show_every_function_and_point():
    points, surfaces = points_table(), surfaces_table()
    assert [a.get_title() for a in figures.figure_1(surfaces).axes] == list(FUNCTION_NAMES.values())
    figure = figures.figure_2(surfaces, points)
    for function in FUNCTIONS:
        axes = panel(figure, FUNCTION_NAMES[function])
        part = points[(points["function"] == function) & (points["variant"] == "")]
        shown = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines}
        assert shown == set(zip(part["x"], part["y"], strict=True))
        minima = part.loc[part["kind"] == "minimum", "label"]
        assert [t.get_text() for t in axes.texts] == list(minima)


def test_files_repeat_and_the_other_extension_goes(shares, cells, tmp_path):
    first = save_figure(figures.else_split(shares, cells), tmp_path, "a")
    assert first.suffix == ".svg"
    assert first.stat().st_size < LARGEST_SVG
    assert first.read_bytes() == figure_bytes(figures.else_split(shares, cells))[1]
    assert b"<dc:date>" not in first.read_bytes()
    save_figure(figures.else_split(shares, cells), tmp_path, "a", ("png", b"large"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_large_figures_become_png(cells):
    figure = figures.figure_1(surfaces_table())
    extension, content = figure_bytes(figure)
    assert (extension, content[:4]) == ("png", b"\x89PNG")


def test_table_of_shares_stands_beside_the_printed_one(shares):
    html = show.show_shares(shares)
    row = shares.iloc[0]
    assert f"{row['share']:.1f}<br>" in html
    assert f"printed {row['printed']:g}" in html
    assert html.count("<b>printed") == (~shares["printed_inside"].astype(bool)).sum()
