"""Horizons, orders and probes: what is planned, and that published cells stay what they are."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.results.tables import LARGEST
from escaping_minima.schedules.batch_sizes import count_updates
from escaping_minima.studies.batch_increase.controls import LEFT_OUT
from escaping_minima.studies.batch_increase.kept_curves import (
    CURVE_TABLES,
    curve_table,
    kept_rows,
)
from escaping_minima.studies.batch_increase.ladder import RUNGS, SAMPLE_RUNGS
from escaping_minima.studies.batch_increase.plan import plan_cells
from escaping_minima.studies.batch_increase.probed import PROBES, with_targets
from escaping_minima.studies.batch_increase.settings import Settings
from escaping_minima.studies.batch_increase.strategies import by_name

#: What a row of a curve takes in its table: 42 bytes in the published ones, and some to spare.
ROW_BYTES = 48


def numbers_of(scale):
    return {name: one.scales[scale] for name, one in described_settings(Settings).items()}


def cells_of(scale, **changed):
    return plan_cells(Settings(**numbers_of(scale) | changed))


@pytest.fixture(scope="module")
def gpu():
    return cells_of("gpu")


def of_role(cells, role):
    return [planned for planned in cells if planned.labels["role"] == role]


def test_published_cells_keep_their_names(root):
    """What is published is in the plan of the same horizons and draws, under the same names."""
    folder = root / "results" / "published" / "batch_increase"
    published = pd.read_csv(folder / "cells.csv", na_filter=False)
    numbers = {"epochs": 5, "ladder_longest": 5, "spread_draws": 200}
    names = ["role", "variant", "strategy", "epochs"]
    planned = {
        (one.cell.id, *(str(one.labels[k]) for k in names[:3]))
        for one in cells_of("paper", **numbers)
    }
    assert set(published[["cell", *names[:3]]].itertuples(index=False, name=None)) <= planned
    assert not published.duplicated(names).any()


def test_main_runs_record_more_where_none_was_published():
    (five,) = {one.cell.keep_epochs for one in of_role(cells_of("gpu", epochs=5), "main")}
    assert five == ()
    # what batches are drawn at: before the epoch in the middle of each tenth
    middles = (0, 2, 3, 5, 6, 8, 9, 11, 12, 14)
    longer = of_role(cells_of("gpu", epochs=15), "main")
    assert {one.labels["strategy"]: one.cell.keep_epochs for one in longer} == {
        name: tuple(sorted({*middles, 15, *((1, 10) if name.startswith("linear") else ())}))
        for name, strategy in by_name().items()
        if strategy.order == "increasing"
    }
    for one in longer:
        assert "coordinates" in names_of_observers(one)


def names_of_observers(one):
    return [slot["name"] for slot in one.cell.observers]


def test_runs_longer_than_those_of_section_4_5_record_no_coordinates():
    for epochs, there in ((1000, True), (1001, False)):
        for one in of_role(cells_of("gpu", epochs=epochs, mesh_epochs=0), "main"):
            assert ("coordinates" in names_of_observers(one)) is there


def test_every_run_of_a_horizon_has_its_noise_once(gpu):
    """By its own batches, or by those that a probe draws at ten of its states."""
    noise = Counter((one.cell.target, one.first) for one in of_role(gpu, "noise"))
    for role in ("sample_ladder", "main_ladder", "main"):
        for one in of_role(gpu, role):
            looks = "loss_deviation" in names_of_observers(one)
            assert looks == (role == "sample_ladder" or one.cell.epochs <= 15)
            assert noise[one.cell.id, one.first] == (0 if looks else 10)


def test_batches_are_drawn_as_large_as_the_next_epoch_has_them(gpu):
    probes = [one for one in of_role(gpu, "noise") if one.labels["epochs"] == 500]
    sizes = {
        (one.labels["strategy"], one.labels["state"]): one.cell.measure["settings"]["sizes"]
        for one in probes
    }
    assert list(sizes["fixed_55", 25]) == [55]
    # epoch 26 of 500, on the line from 10 to 100
    assert list(sizes["linear_100", 25]) == [10 + 90 * 25 // 499]


def test_batches_of_all_images_are_not_drawn():
    """Of 240 generated images: 255 and 500 are no part of them."""
    found = {
        (one.labels["strategy"], one.labels["state"]) for one in of_role(cells_of("smoke"), "noise")
    }
    small = {(f"fixed_{size}", state) for size in (10, 55, 100) for state in (0, 1)}
    assert found == {*small, ("linear_100", 0), ("linear_100", 1), ("linear_500", 0)}


def test_every_rung_is_a_whole_schedule_of_every_strategy(gpu):
    for role, rungs in (("sample_ladder", SAMPLE_RUNGS), ("main_ladder", RUNGS["full"][:4])):
        found = Counter((one.cell.epochs, one.labels["strategy"]) for one in of_role(gpu, role))
        every = [name for name, s in by_name().items() if s.order == "increasing"]
        assert found == {(epochs, name): 5 for epochs in rungs for name in every}


def test_shorter_horizons_have_all_their_seeds_first(gpu):
    order = [one.cell.epochs for one in gpu if one.labels["role"] in ("main_ladder", "main")]
    assert order == sorted(order)


def test_other_orders_stand_beside_the_increase_of_their_horizon(gpu):
    for role, beside in (
        ("sample_orders", ("sample_ladder",)),
        ("main_orders", ("main_ladder", "main")),
    ):
        lines = {
            (one.cell.epochs, one.labels["strategy"]): one.cell
            for name in beside
            for one in of_role(gpu, name)
        }
        orders = of_role(gpu, role)
        assert {one.cell.epochs for one in orders} == {epochs for epochs, _ in lines}
        for one in orders:
            order, n2 = one.labels["strategy"].split("_")
            twin = lines[one.cell.epochs, f"linear_{n2}"]
            assert one.cell.batch_size == {**twin.batch_size, "order": order}
            assert one.cell.problem_settings == twin.problem_settings


def test_runs_without_short_batches_are_those_that_would_have_some(gpu):
    left_out = [one for one in gpu if one.labels["variant"] == LEFT_OUT]
    found = {
        (one.labels["role"], one.cell.epochs, one.labels["strategy"])
        for one in left_out
        if one.cell.batch_size["last_batch"] == "left_out"
    }
    assert found == {
        ("sample_variant", 8, "fixed_55"),
        ("sample_variant", 8, "linear_100"),
        *(
            (role, epochs, f"linear_{n2}")
            for role, epochs in (("main_ladder_variant", 150), ("main_variant", 500))
            for n2 in (100, 500)
        ),
    }


@pytest.mark.parametrize("scale", ["smoke", "quick", "gpu"])
def test_probes_read_states_that_earlier_jobs_keep(scale):
    kept, probes = {}, 0
    for one in cells_of(scale):
        if one.labels["role"] in PROBES:
            probes += 1
            job, states = kept[one.cell.target, one.first]
            # a job that keeps a state may not wait for another that reads one
            assert job != one.job
            assert one.labels["state"] in states
            assert one.cell.kept == f"epoch{one.labels['state']}"
            along = one.labels["role"] in ("spread", "noise")
            assert along or one.labels["state"] == one.labels["epochs"]
        elif one.cell.KIND == "training":
            kept[one.cell.id, one.first] = one.job, one.cell.keep_epochs
    assert probes


def test_no_two_cells_have_the_same_place_in_tables(gpu):
    places = {}
    for one in gpu:
        epochs = one.labels.get("epochs", getattr(one.cell, "epochs", 0))
        place = *(one.labels[k] for k in ("role", "variant", "strategy")), epochs
        assert places.setdefault(place, one.cell.id) == one.cell.id
    assert len(set(places.values())) == len(places)


def test_a_first_run_has_one_watched_run_a_strategy_and_no_orders():
    counts = Counter(one.labels["role"] for one in cells_of("quick"))
    assert counts == {"sample": 8, "sample_ladder": 4, "spread": 3, "annealing": 12}


def test_nothing_to_train_is_refused():
    with pytest.raises(UserError, match="found 0 for seeds and sample_seeds, and for ladder_seeds"):
        cells_of("quick", sample_seeds=0, sample_ladder_seeds=0)
    # what stands beside runs alone is none, nor is a ladder without a rung
    beside = {"sample_order_seeds": 2, "order_seeds": 2, "sample_ladder_longest": 3}
    with pytest.raises(UserError, match="annealing only stand beside them"):
        cells_of("quick", sample_seeds=0, **beside)


def test_other_orders_are_those_of_increases_that_are_run():
    chosen = {"sample_order_seeds": 3, "sample_ladder_seeds": 2}
    found = of_role(cells_of("quick", **chosen), "sample_orders")
    assert {one.labels["strategy"] for one in found} == {"random_100", "decreasing_100"}
    assert {one.first for one in found} == {0, 1}
    assert not of_role(cells_of("quick", **chosen | {"sample_ladder_seeds": 0}), "sample_orders")
    main = cells_of("gpu", order_seeds=4, seeds=3, ladder_seeds=2)
    counts = Counter((one.cell.epochs, one.first) for one in of_role(main, "main_orders"))
    assert counts == {
        (epochs, seed): 4
        for epochs, seeds in {5: 2, 15: 2, 50: 2, 150: 2, 500: 3}.items()
        for seed in range(seeds)
    }


@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_curves_of_whole_runs_fit_into_their_tables(scale):
    rows = Counter()
    for one in cells_of(scale):
        if one.cell.KIND == "training":
            rows[curve_table(one.labels["role"])] += len(kept_rows(one.cell.epochs + 1))
    assert set(rows) <= set(CURVE_TABLES)
    assert max(rows.values()) * ROW_BYTES < LARGEST, rows


def test_what_a_probe_reads_is_read_from_its_name():
    (one, *_) = of_role(cells_of("quick"), "spread")
    rows = [{"role": "sample", "variant": ""}, {k: one.labels[k] for k in ("role", "variant")}]
    found = with_targets(pd.DataFrame(rows))
    assert found["target_role"].tolist() == ["", "sample_ladder"]
    assert found["state"].isna().tolist() == [True, False]
    assert found["state"].iloc[1] == one.labels["state"]


def test_every_order_makes_as_many_updates(gpu):
    for one in of_role(gpu, "sample_orders")[:8]:
        strategy = by_name()[one.labels["strategy"]]
        twin = by_name()[f"linear_{strategy.last}"]
        updates = {count_updates(s.sizes(), 2_000, one.cell.epochs) for s in (strategy, twin)}
        assert len(updates) == 1
