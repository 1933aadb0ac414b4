"""Derived tables have the numbers that follow from planted ones, and are shown as HTML."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.studies.modality import show
from escaping_minima.studies.modality.attractor_tables import attractor_sensitivity, stated_of
from escaping_minima.studies.modality.half_walks import half_walks
from escaping_minima.studies.modality.lookup import Lookup, Network
from escaping_minima.studies.modality.printed_errors import printed_errors
from escaping_minima.studies.modality.tables import derive
from escaping_minima.studies.modality.walk_bootstrap import bootstrap_mean


@pytest.fixture(scope="module")
def derived(everything):
    """Everything derived once: it takes seconds."""
    return derive(everything, load_records("modality"))[0]


def one(table, **wanted):
    rows = table
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_attractors_stand_beside_what_the_paper_states(derived):
    table = derived["attractor_counts.csv"]
    where = {"data_set": "xor", "depth": 1, "bound": 1, "granularity": "macro"}
    small = one(table, width=2, **where)
    assert (small["total"], small["local"], small["samples"]) == (4, 3, 1)
    assert small["losses"] == "0.000, 0.346, 0.477, 0.693"
    assert small["stated"] == "4 (Fig 2a-2b / section IV-A1); 4 (Fig 3a)"
    assert one(table, width=4, **where)["stated"] == "3 (Fig 2c); 2 (Fig 3)"


def test_figure_3_states_nothing_of_micro_walks():
    assert stated_of("xor", Network(4, 3), "macro") == "2 (Fig 3)"
    assert stated_of("xor", Network(4, 3), "micro") == ""
    assert stated_of("mnist", Network(20, 2), "micro") == "1 (Figs 5-6)"
    assert stated_of("xor", Network(20, 1), "micro") == "2 (Fig 2e)"


def test_more_points_or_walks_leave_fewer_attractors(everything):
    table = attractor_sensitivity(Lookup(everything), (0.01,), ((1, 1), (10, 2), (10_000, 2)))
    where = {"width": 2, "depth": 1, "bound": 1, "granularity": "micro", "threshold": 0.05}
    totals = [one(table, **where, points=points)["total"] for points in (1, 10, 10_000)]
    assert totals == [4, 4, 0]


def test_levels_count_what_descents_found(derived):
    row = one(derived["levels.csv"], width=2, depth=1, level=0.6931)
    assert (row["descents"], row["saddle"], row["minimum"]) == (8, 8, 0)
    assert one(derived["levels.csv"], width=20, depth=3, level=0.3466)["minimum"] == 8


def test_accuracies_of_half_of_the_walks_are_those_of_the_first_blocks(everything, derived):
    where = {"width": 10, "depth": 2, "bound": 10, "granularity": "macro", "measure": "C_g"}
    row = one(derived["accuracies.csv"], **where)
    lookup = Lookup(everything)
    cells = lookup.rows("walk", "mnist")
    cell = one(cells, width=10, depth=2, bound=10, granularity="macro")["cell"]
    walks = lookup.of("last_walks.parquet", cell)
    assert row["mean"] == pytest.approx(100 * walks["test_accuracy"].mean())
    first = walks[walks["block"] < 2]["test_accuracy"]
    assert row["half_mean"] == pytest.approx(100 * first.mean())
    assert row["walks"] == 75


def test_an_interval_of_blocks_covers_as_it_says():
    rng = np.random.default_rng(0)
    ends = [bootstrap_mean(rng.normal(0, 1, 12).tolist())[1:] for _ in range(150)]
    covered = np.mean([low < 0 < high for low, high in ends])
    # percentile intervals of twelve blocks are a little narrow
    assert 0.85 < covered < 0.98
    assert bootstrap_mean([3.0])[0] == 3.0
    assert math.isnan(bootstrap_mean([3.0])[1])


def test_half_of_the_walks_may_turn_a_step(everything):
    tables = dict(everything)
    measures = tables["measures.parquet"].copy()
    cells = Lookup(everything).rows("walk", "mnist")
    chosen = cells[(cells["width"] == 10) & (cells["depth"] == 1)]
    # high in the first two blocks, and low over all three
    own = measures["cell"].isin(chosen["cell"])
    measures.loc[own, "last_test_accuracy"] = measures.loc[own, "block"].map({0: 60, 1: 60, 2: 0})
    tables["measures.parquet"] = measures
    row = one(half_walks(Lookup(tables)), measure="last_test_accuracy")
    # to 20 units, and to two layers, in four settings
    assert (row["turned"], row["compared"], row["settings"]) == (8, 48, 4)


def test_shares_are_means_over_blocks(everything, derived):
    row = one(
        derived["curvature_shares.csv"],
        **{"width": 4, "depth": 1, "bound": 1, "granularity": "micro", "near": "all"},
        **{"reading": "main", "class": "singular"},
    )
    lookup = Lookup(everything)
    cell = one(lookup.rows("curvature", "xor"), width=4, depth=1, bound=1, granularity="micro")
    rows = lookup.of("curvature.parquet", cell["cell"])
    rows = rows[(rows["hessian"] == "block") & (rows["near"] == "all")]
    rows = rows[(rows["precision"] == "float32") & (rows["rule"] == "exact")]
    names = ["convex", "concave", "saddle", "singular"]
    shares = 100 * rows["singular"] / rows[names].sum(axis=1)
    assert row["mean"] == pytest.approx(shares.mean())
    assert row["low"] < row["mean"] < row["high"]


def test_the_paper_contradicts_itself_in_five_places(nothing):
    errors = derive(nothing, load_records("modality"))[1]
    assert len(errors) == 5
    assert "79,600 walks" in errors[1]["arithmetic"]
    assert "795,100,000 points" in errors[1]["arithmetic"]


@pytest.mark.parametrize("tables", ["everything", "quick"])
def test_every_table_is_shown(tables, request, derived):
    run = request.getfixturevalue(tables)
    found = derived if tables == "everything" else derive(run, load_records("modality"))[0]
    shown = {
        "curvature_shares.csv": show.show_curvature,
        "attractor_counts.csv": show.show_attractors,
        "attractor_sensitivity.csv": show.show_sensitivity,
        "levels.csv": show.show_levels,
        "accuracies.csv": show.show_accuracies,
        "mixtures.csv": show.show_mixtures,
        "half_walks.csv": show.show_half_walks,
    }
    assert set(shown) == set(found)
    for name, function in shown.items():
        text = function(found[name])
        assert ("<table" in text) == bool(len(found[name])), name
        assert "nan" not in text
    assert "<table" in show.show_errors(printed_errors())
    near = show.show_curvature(found["curvature_shares.csv"], "0.3466")
    assert "within 0.005 of loss 0.3466" in near


def test_nothing_is_derived_of_nothing(nothing):
    found, _ = derive(nothing, load_records("modality"))
    assert all(isinstance(table, pd.DataFrame) and table.empty for table in found.values())
