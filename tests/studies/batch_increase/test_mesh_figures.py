"""Figures 9 to 12 show the numbers of their tables, and open marks where these are at a bound."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.batch_increase import mesh_figures
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.mesh import mesh_counts, visits
from escaping_minima.studies.batch_increase.mesh_runs import find_mesh
from escaping_minima.studies.batch_increase.mesh_visits import compact

NAMES = ("figure_9", "figure_10", "figure_11", "figure_12")
STRATEGIES = {"N1": "fixed_10", "mean": "fixed_255", "N2": "fixed_500", "linear": "linear_500"}
#: How far points scatter: in the widest case each is in another cell.
STEPS = {"N1": 0.2, "mean": 0.008, "N2": 0.003, "linear": 0.0008}
SEEDS = (0, 1, 2)


def recorded(place, seed, epochs):
    rows = []
    for subset in range(2):
        rng = np.random.default_rng([seed, subset, len(place)])
        path = rng.uniform(-0.2, 0.2, 4) + STEPS[place] * rng.normal(size=(epochs + 1, 4))
        values = [point.astype("<f4").tobytes() for point in path]
        rows += [{"epoch": e, "subset": subset, "values": v} for e, v in enumerate(values)]
    return pd.DataFrame(rows)


def planted(role, epochs):
    tables = {"visits.parquet": [], "mesh.parquet": [], "cells.csv": [], "measures.parquet": []}
    for place, strategy in STRATEGIES.items():
        cell = f"{role} {epochs} {strategy}"
        row = {"cell": cell, "role": role, "variant": np.nan, "strategy": strategy}
        row |= {"epochs": epochs, "seeds": len(SEEDS), "diverged": 0, "data_words": "planted data"}
        tables["cells.csv"].append(pd.DataFrame([row]))
        for seed in SEEDS:
            names = {"cell": cell, "seed": seed}
            found = recorded(place, seed, epochs)
            loss = np.geomspace(2, 0.01 * (seed + 1), epochs + 1)
            tables["visits.parquet"].append(compact(visits(found, loss)).assign(**names))
            counts = mesh_counts(found, Streams("p", seed), (5, 20, 100))
            tables["mesh.parquet"].append(counts.assign(**names))
            tables["measures.parquet"].append(pd.DataFrame([names | {"diverged": 0.0}]))
    return joined(tables)


def joined(tables):
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def both(one, other):
    return joined({name: [one[name], other[name]] for name in one})


@pytest.fixture(scope="module")
def long():
    return planted("main_ladder", 20)


@pytest.fixture(scope="module")
def short():
    return planted("sample_ladder", 12)


def lines(axes, label):
    return [x for x in axes.lines if x.get_label() == label]


def mean_of(rows, place, against):
    return rows[rows["run"] == place].groupby(against)["cells"].mean()


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_becomes_a_file_that_says_what_it_rests_on(name, long):
    figure = getattr(mesh_figures, name)(Sources(long, None))
    extension, content = figure_bytes(figure)
    assert extension == "svg"
    assert ET.fromstring(content).tag.endswith("svg")
    assert "3 seeds a strategy, 20 epochs, bands: 95 percent; planted data" in figure.get_suptitle()
    assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_title() for axes in figure.axes)


def test_figure_9_has_means_of_runs_and_controls_under_their_bound(long):
    sources = Sources(long, None)
    sweep = find_mesh(sources, 500).sweep
    figure = mesh_figures.figure_9(sources)
    for axes, part in zip(figure.axes, ("all", "jitter"), strict=True):
        for place in STRATEGIES:
            (drawn,) = lines(axes, place)
            expected = mean_of(sweep[sweep["part"] == part], place, "sections")
            assert drawn.get_xdata().tolist() == [5, 20, 100]
            np.testing.assert_allclose(drawn.get_ydata(), expected)
        assert any(set(x.get_ydata()) == {20} for x in axes.lines)
    runs = sweep[sweep["part"] == "all"]
    assert mean_of(runs, "N1", "sections")[100] == 20
    assert mean_of(runs, "linear", "sections")[5] < 5


@pytest.mark.parametrize(("name", "part"), [("figure_10", "after"), ("figure_11", "before")])
def test_parts_are_drawn_by_the_epoch_of_the_boundary(name, part, long):
    sources = Sources(long, None)
    counts = find_mesh(sources, 500).counts
    figure = getattr(mesh_figures, name)(sources)
    assert [axes.get_title() for axes in figure.axes] == ["C = 10", "C = 20", "C = 30"]
    for axes, sections in zip(figure.axes, (10, 20, 30), strict=True):
        rows = counts[(counts["part"] == part) & (counts["sections"] == sections)]
        for place in STRATEGIES:
            (drawn,) = lines(axes, place)
            np.testing.assert_allclose(drawn.get_xdata(), np.arange(2, 20, 2))
            np.testing.assert_allclose(drawn.get_ydata(), mean_of(rows, place, "share"))
        (bound,) = lines(axes, "bound")
        left = np.arange(2, 20, 2)
        assert bound.get_ydata().tolist() == list(20 - left if part == "after" else left)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_figure_12_has_both_readings_of_the_range_with_bounds(long):
    sources = Sources(long, None)
    counts = find_mesh(sources, 500).counts
    counts = counts[(counts["part"] == "low") & (counts["rule"] == "any")]
    panels = iter(mesh_figures.figure_12(sources).axes)
    for reach in ("own", "common"):
        for sections in (10, 20, 30):
            axes = next(panels)
            rows = counts[(counts["reach"] == reach) & (counts["sections"] == sections)]
            for place in STRATEGIES:
                (drawn,), (bound,) = lines(axes, place), lines(axes, f"bound, {place}")
                np.testing.assert_allclose(drawn.get_ydata(), mean_of(rows, place, "level"))
                assert (bound.get_ydata() >= drawn.get_ydata()).all()
                assert 1.0 in drawn.get_xdata()


def test_marks_are_open_where_a_run_is_at_its_bound(long):
    sources = Sources(long, None)
    rows = find_mesh(sources, 500).sweep.query("part == 'all' and run == 'mean'")
    full = rows.groupby("sections")["at_bound"].any()
    assert set(full) == {True, False}
    axes = mesh_figures.figure_9(sources).axes[0]
    colour = lines(axes, "mean")[0].get_color()
    marks = [x for x in axes.lines if x.get_marker() == "o" and x.get_color() == colour]
    found = {x.get_markerfacecolor(): x.get_xdata().tolist() for x in marks}
    assert found["white"] == full.index[full].tolist()
    assert found[colour] == full.index[~full].tolist()


def test_the_longest_runs_of_the_most_telling_role_are_drawn(long, short):
    sources = Sources(both(short, long), None)
    assert set(find_mesh(sources, 500).rows["role"]) == {"main_ladder"}
    longer = planted("main_ladder", 22)
    assert find_mesh(Sources(both(longer, long), None), 500).epochs == 22
    section = planted("section_4_5", 6)
    assert find_mesh(Sources(both(longer, section), None), 500).epochs == 6
    # runs that lack a strategy do not stand for it
    gone = longer["cells.csv"]["strategy"] != "fixed_500"
    lacking = {**longer, "cells.csv": longer["cells.csv"][gone]}
    assert find_mesh(Sources(both(lacking, short), None), 500).epochs == 12


@pytest.mark.parametrize("name", ["figure_9", "figure_10"])
def test_published_runs_stand_in_and_say_so(name, long, short):
    own = {k: v for k, v in short.items() if k != "visits.parquet"}
    figure = getattr(mesh_figures, name)(Sources(own, long))
    assert "NOT THIS RUN but the published one: 3 seeds a strategy, 20 epochs" in (
        figure.get_suptitle()
    )


@pytest.mark.parametrize("name", ["figure_9", "figure_12"])
def test_figures_that_nobody_has_counts_for_say_so(name, quick):
    figure = getattr(mesh_figures, name)(Sources(quick, None))
    (axes,) = figure.axes
    assert not axes.lines
    assert "not part of this run" in axes.texts[0].get_text()
    figure_bytes(figure)


def test_the_longest_runs_are_drawn_and_of_equally_long_ones_those_on_mnist(long, short):
    def drawn(one, other):
        return set(find_mesh(Sources(both(one, other), None), 500).rows["role"])

    assert drawn(short, planted("main_ladder", 4)) == {"sample_ladder"}
    assert drawn(short, long) == {"main_ladder"}
    assert drawn(short, planted("main_ladder", 12)) == {"main_ladder"}
    assert drawn(long, planted("section_4_5", 4)) == {"section_4_5"}
