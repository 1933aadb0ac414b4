"""Counts of parts of runs with their bounds, what they say of one another, against plain sets."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from escaping_minima.studies.batch_increase import mesh_tables
from escaping_minima.studies.batch_increase.mesh_measures import (
    Count,
    Walk,
    after,
    all_epochs,
    before,
    evenly,
    in_windows,
    last_of_first_part,
    loss_range,
    low_loss,
    walks_of,
)
from escaping_minima.studies.batch_increase.mesh_orders import (
    order,
    trend,
)
from escaping_minima.studies.batch_increase.mesh_tables import (
    count_cells,
    sweep_cells,
)
from escaping_minima.studies.batch_increase.mesh_visits import compact

NAN = math.nan
SUBSETS, EPOCHS = 3, 40


def make_walk(seed, epochs=EPOCHS, cells=12):
    rng = np.random.default_rng(seed)
    loss = np.geomspace(2, 0.01, epochs) * np.exp(rng.normal(0, 0.3, epochs))
    return Walk(rng.integers(0, cells, (SUBSETS, epochs)).astype(np.int32), loss)


def plain(walk, epochs):
    """Cells, bound and whether any subset is there, by sets of what is visited in some epochs."""
    each = [len({row[e - 1] for e in epochs}) for row in walk.visited.tolist()]
    return Count(sum(each) / len(each), len(epochs), any(n == len(epochs) for n in each))


@pytest.fixture
def walk():
    return make_walk(0)


def test_the_whole_run_counts_each_cell_once(walk):
    assert all_epochs(walk) == plain(walk, range(1, EPOCHS + 1))
    assert not all_epochs(walk).at_bound


@pytest.mark.parametrize("share", [0.05, 0.1, 0.29, 0.3, 0.5, 0.7, 0.99, 1.0])
def test_parts_are_counted_afresh_and_the_border_belongs_to_the_first(walk, share):
    inside = [e for e in range(1, EPOCHS + 1) if 100 * e <= round(100 * share) * EPOCHS]
    outside = [e for e in range(1, EPOCHS + 1) if e not in inside]
    assert before(walk, share) == plain(walk, inside)
    assert after(walk, share) == plain(walk, outside)


def test_shares_of_a_thousand_epochs_are_those_of_the_paper():
    for hundred in range(1, 10):
        assert last_of_first_part(hundred / 10, 1000) == 100 * hundred


@pytest.mark.parametrize("windows", [2, 7, 10, 60])
def test_windows_cut_the_run_and_are_counted_afresh(walk, windows):
    found = in_windows(walk, windows)
    assert len(found) == windows
    for number, window in enumerate(found, 1):
        epochs = range(1, EPOCHS + 1)
        inside = [e for e in epochs if (number - 1) * EPOCHS < windows * e <= number * EPOCHS]
        assert window == plain(walk, inside)
    assert sum(window.snapshots for window in found) == EPOCHS


def test_the_bound_is_that_of_any_subset():
    visited = np.array([[0, 1, 2, 3], [0, 0, 1, 2]], np.int32)
    assert all_epochs(Walk(visited, np.ones(4))) == Count(3.5, 4, True)
    assert all_epochs(Walk(visited[1:], np.ones(4))) == Count(3.0, 4, False)
    # nothing is told by no snapshot
    assert before(Walk(visited, np.ones(4)), 0.1) == Count(0.0, 0, True)


def plain_losses(row, loss, epochs, rule):
    """The loss of each cell, or of each visit, with its cell."""
    visits = [(row[e - 1], loss[e - 1]) for e in epochs]
    if rule == "any":
        return visits
    by_cell = {}
    for cell, value in visits:
        by_cell.setdefault(cell, []).append(value)
    of = {"least": min, "mean": lambda values: sum(values) / len(values)}[rule]
    return [(cell, of(values)) for cell, values in by_cell.items()]


def plain_low(walk, epochs, level, rule, common=None):
    counts, bounds = [], []
    for row in walk.visited.tolist():
        losses = plain_losses(row, walk.loss, epochs, rule)
        values = [value for _, value in losses]
        low, high = common or (min(values), max(values))
        threshold = low + level * (high - low)
        counts.append(len({cell for cell, value in losses if value < threshold}))
        bounds.append(sum(walk.loss[e - 1] < threshold for e in epochs))
    return sum(counts) / len(counts), max(bounds), any(map(np.greater_equal, counts, bounds))


@pytest.mark.parametrize("rule", ["least", "mean", "any"])
@pytest.mark.parametrize("common", [None, (0.001, 3.0)])
def test_cells_of_a_low_loss_are_those_of_sets(walk, rule, common):
    levels = (0.0, 0.01, 0.1, 0.35, 0.8, 1.0)
    epochs = range(1, EPOCHS // 2 + 1)
    found = low_loss(walk, 0.5, levels, rule, common)
    for level, one in zip(levels, found, strict=True):
        cells, bound, full = plain_low(walk, epochs, level, rule, common)
        assert one == Count(pytest.approx(cells), bound, full)
    # these are neither all nor nothing
    assert 0 < found[2].cells < found[4].cells
    assert found[0].cells == 0 or common


def test_rules_differ_where_cells_are_visited_at_a_high_and_at_a_low_loss():
    walk = Walk(np.array([[0, 0, 1, 2]], np.int32), np.array([4.0, 1.0, 2.0, 3.0]))
    cells = {rule: low_loss(walk, 1.0, [0.6], rule)[0].cells for rule in ("least", "mean", "any")}
    # cells 1, 2, 3 below 2.2; 2.5, 2, 3 below 2.6; visits below 2.8
    assert cells == {"least": 2, "mean": 2, "any": 2}
    tight = {rule: low_loss(walk, 1.0, [0.3], rule)[0].cells for rule in cells}
    # below 1.6, 2.3, 1.9
    assert tight == {"least": 1, "mean": 1, "any": 1}
    whole = {rule: low_loss(walk, 1.0, [1.0], rule)[0] for rule in cells}
    # below 3, 3, 4
    assert whole == {
        "least": Count(2, 2, True),
        "mean": Count(2, 2, True),
        "any": Count(3, 3, True),
    }


@pytest.mark.parametrize("rule", ["least", "mean", "any"])
def test_ranges_of_losses_are_over_the_cells_of_the_first_part(walk, rule):
    epochs = range(1, EPOCHS // 2 + 1)
    values = [
        v for row in walk.visited.tolist() for _, v in plain_losses(row, walk.loss, epochs, rule)
    ]
    assert loss_range(walk, 0.5, rule) == pytest.approx((min(values), max(values)))
    # a range of its own is the common one of a run alone
    alone = Walk(walk.visited[:1], walk.loss)
    for level in (0.1, 0.6):
        own = low_loss(alone, 0.5, [level], rule)
        assert own == low_loss(alone, 0.5, [level], rule, loss_range(alone, 0.5, rule))


def test_a_part_without_epochs_has_no_cells(walk):
    assert low_loss(walk, 0.01, [0.5], "least") == [Count(0.0, 0, True)]


def test_evenly_spread_snapshots_end_with_the_last_of_the_first_epochs(walk):
    assert evenly(walk, 20, 4) == plain(walk, [5, 10, 15, 20])
    assert evenly(walk, 7, 3) == plain(walk, [2, 4, 7])
    assert evenly(walk, 40, 40) == all_epochs(walk)


def count_of(cells, bound=100, full=None):
    return Count(cells, bound, cells >= bound if full is None else full)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (count_of(3), count_of(5), -1),
        (count_of(5), count_of(3), 1),
        (count_of(4), count_of(4), 0),
        # what is at its bound may be more, not less
        (count_of(5), count_of(100), -1),
        (count_of(100), count_of(5), 1),
        (count_of(100), count_of(100), NAN),
        (count_of(10, 10), count_of(20), NAN),
        (count_of(10, 10), count_of(10), NAN),
        (count_of(10, 10), count_of(9), 1),
        (count_of(10, 10), count_of(20, 20), NAN),
        (count_of(20, 20), count_of(10, 10), NAN),
        (count_of(0, 0), count_of(0, 0), NAN),
        (count_of(9.8, 10, True), count_of(9.9, 10, True), NAN),
    ],
)
def test_orders_are_told_where_bounds_leave_them_no_choice(one, other, expected):
    assert order(one, other) == pytest.approx(expected, nan_ok=True)
    assert order(other, one) == pytest.approx(-expected, nan_ok=True)


def test_the_trend_is_kendalls_over_pairs_that_are_known():
    assert trend([count_of(n) for n in (9, 7, 4, 1)]) == -1
    assert trend([count_of(n) for n in (9, 7, 8, 8)]) == pytest.approx((-1 - 1 - 1 + 1 + 1) / 6)
    # two at the bound, then two below: one pair of six is open
    assert trend([count_of(n) for n in (100, 100, 4, 5)]) == pytest.approx((-4 + 1) / 5)
    assert math.isnan(trend([count_of(100)] * 3))


# tables of several runs

PLACES = ("N1", "mean", "N2", "linear")
SEEDS = (0, 1)
#: More cells to choose from, so more that differ.
WIDE = {"N1": 60, "mean": 25, "N2": 12, "linear": 6}


def visits_of(walk, sections):
    frames = [
        pd.DataFrame(
            {
                "subset": np.int32(subset),
                "sections": np.int32(sections),
                "epoch": np.arange(1, walk.epochs + 1, dtype=np.int32),
                # numbered in the order of the first visits, as they are recorded
                "visited": pd.factorize(row)[0].astype(np.int32),
                "train_loss": walk.loss.astype(np.float32),
            }
        )
        for subset, row in enumerate(walk.visited)
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def planted():
    """Return walks by seed, run and sections, and the table that holds them."""
    walks, tables = {}, []
    for seed in SEEDS:
        for number, run in enumerate(PLACES):
            parts = []
            for sections in (10, 30):
                made = make_walk([seed, number, sections], cells=WIDE[run] * sections // 10)
                walk = Walk(
                    made.visited, make_walk([seed, number]).loss.astype(np.float32).astype(float)
                )
                walks[seed, run, sections] = walk
                parts.append(visits_of(walk, sections))
            small = compact(pd.concat(parts, ignore_index=True))
            tables.append(small.assign(cell=f"cell {run}", seed=seed))
    return walks, pd.concat(tables, ignore_index=True)


CELLS = {run: f"cell {run}" for run in PLACES}


@pytest.fixture(scope="module")
def counts(planted):
    within = pd.DataFrame({"N1": [4.0, 4.0], "mean": [20.0, 20.0], "N2": [40.0, NAN]}, index=SEEDS)
    return count_cells(planted[1], CELLS, within)


def select(table, **chosen):
    for name, value in chosen.items():
        table = table[
            np.isclose(table[name], value) if isinstance(value, float) else table[name] == value
        ]
    return table


def one(table, **chosen):
    (row,) = select(table, **chosen).to_dict("records")
    return Count(row["cells"], row["snapshots"], row["at_bound"])


def test_walks_come_back_from_visits(planted):
    found = walks_of(visits_of(planted[0][0, "N2", 30], 30))
    assert list(found) == [30]
    for own, row in zip(planted[0][0, "N2", 30].visited, found[30].visited, strict=True):
        assert pd.factorize(own)[0].tolist() == row.tolist()


def test_every_count_is_that_of_its_run_seed_and_mesh(planted, counts):
    assert not counts.drop(columns="at_bound").duplicated().any()
    for (seed, run, sections), walk in planted[0].items():
        own = select(counts, seed=seed, run=run, sections=sections)
        assert one(own, part="all") == all_epochs(walk)
        for share in (0.1, 0.3, 0.9):
            assert one(own, part="before", share=share) == before(walk, share)
            assert one(own, part="after", share=share) == after(walk, share)
        halves, tenths = in_windows(walk, 2), in_windows(walk, 10)
        assert one(own, part="half", share=1.0) == halves[1]
        assert one(own, part="tenth", share=0.3) == tenths[2]
        low = low_loss(walk, 0.5, [0.2], "mean")
        assert [one(own, part="low", level=0.2, rule="mean", reach="own")] == low


def test_a_common_range_is_over_the_runs_of_the_seed_and_mesh(planted, counts):
    for rule in ("least", "mean", "any"):
        mesh = [planted[0][1, run, 30] for run in PLACES]
        ranges = [loss_range(walk, 0.5, rule) for walk in mesh]
        common = min(low for low, _ in ranges), max(high for _, high in ranges)
        for run, walk in zip(PLACES, mesh, strict=True):
            (expected,) = low_loss(walk, 0.5, [0.1], rule, common)
            where = {"seed": 1, "run": run, "sections": 30, "part": "low", "level": 0.1}
            assert one(counts, **where, rule=rule, reach="common") == expected
    low = select(counts, part="low").set_index(["seed", "run", *mesh_tables.KEYS])["cells"]
    own, common = (low.xs(reach, level="reach") for reach in ("own", "common"))
    assert not own.equals(common)


def test_equal_updates_are_as_many_snapshots_of_each_run_that_has_them(planted, counts):
    found = select(counts, part="equal updates", sections=10)
    assert found.groupby("seed")["run"].agg(list).tolist() == [["N1", "mean", "N2"], ["N1", "mean"]]
    assert set(found["snapshots"]) == {4}
    expected = plain(planted[0][0, "N2", 10], [10, 20, 30, 40])
    assert one(found, seed=0, run="N2") == expected


def test_seeds_that_a_run_lacks_are_left_out(planted):
    table = planted[1][(planted[1]["seed"] == 0) | (planted[1]["cell"] != "cell N2")]
    assert set(count_cells(table, CELLS)["seed"]) == {0}
    none = count_cells(table[table["seed"] == 1], CELLS)
    assert none.empty
    assert list(none) == ["seed", "run", *mesh_tables.KEYS, "cells", "snapshots", "at_bound"]


def test_the_sweep_is_the_mean_over_subsets_of_runs_and_of_their_controls():
    rows = [
        ("c", 0, subset, sections, control, window, cells, snapshots)
        for sections in (10, 100)
        for control in (0, 1)
        for window, snapshots in ((0, 50), (1, 5))
        for subset, cells in enumerate((5 - control, snapshots if sections == 100 else 4))
    ]
    names = ["cell", "seed", "subset", "sections", "control", "window", "cells", "snapshots"]
    found = sweep_cells(pd.DataFrame(rows, columns=names), {"linear": "c"})
    assert list(found) == ["seed", "run", *mesh_tables.KEYS, "cells", "snapshots", "at_bound"]
    assert set(found["run"]) == {"linear"}
    assert one(found, part="all", sections=10) == Count(4.5, 50, False)
    assert one(found, part="jitter", sections=10) == Count(4.0, 50, False)
    assert one(found, part="all", sections=100) == Count(27.5, 50, True)
    assert one(found, part="tenth", sections=10, share=0.1) == Count(4.5, 5, True)
    assert one(found, part="jitter tenth", sections=10, share=0.1) == Count(4.0, 5, False)
