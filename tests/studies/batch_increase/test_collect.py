"""What collecting makes of runs that record more, and of probes: which table, whose rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.collect.merging import Offered
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.results.tables import read_tables, write_tables
from escaping_minima.studies.batch_increase.collect import TABLES
from escaping_minima.studies.batch_increase.kept_curves import (
    LADDER_CURVES,
    ORDER_CURVES,
    curves_of,
    measured_again,
)
from escaping_minima.studies.batch_increase.plan import plan_cells
from escaping_minima.studies.batch_increase.probed import PROBES
from escaping_minima.studies.batch_increase.run_tables import Arm, Tables
from escaping_minima.studies.batch_increase.settings import Settings

LOOKS = 2


@dataclass
class Kept:
    """A further table of a planted block."""

    rows: pd.DataFrame

    def table(self):
        return self.rows


@pytest.fixture(scope="module")
def planned(planting):
    numbers = {"sample_ladder_seeds": 1, "sample_ladder_longest": 25, "sample_order_seeds": 1}
    numbers |= {"spread_seeds": 1, "flatness_seeds": 1, "spread_draws": 2}
    return plan_cells(Settings(**planting.QUICK | numbers))


@pytest.fixture(scope="module")
def world(planting):
    """Return a world that knows other orders too."""
    world = planting.paper_world()
    orders = {
        f"{o}_{n2}": world.shapes["linear_100"]
        for o in ("random", "decreasing")
        for n2 in (100, 500)
    }
    return planting.replace(world, shapes={**world.shapes, **orders})


@pytest.fixture(scope="module")
def collected(planned, planting, world, tmp_path_factory):
    """Return tables of planted blocks as they come back from disk."""
    offered = []
    for one in planned:
        blocks = PlannedBlocks(one.cell, 1, one.labels, "0" * 12, one.first)
        make = probe if one.labels["role"] in PROBES else run
        table, manifest, kept = make(planting, world, blocks)
        parts = TABLES.of_block(Block(one.cell, one.first, table, manifest, kept))
        offered.append(Offered(blocks, one.first, manifest, parts))
    folder = tmp_path_factory.mktemp("collected")
    write_tables(folder, TABLES.merge(offered))
    return read_tables(folder)


def run(planting, world, blocks):
    table, manifest = planting.block(world, blocks, blocks.first)
    named = [slot["name"] for slot in blocks.cell.observers]
    epochs = blocks.cell.epochs
    kept = {}
    if "loss_deviation" in named:
        losses = {"training_loss": 3.0, "inference_loss": 2.5, "full_loss": 2.0, "sigma": 1.0}
        looked = {"epoch": np.arange(1, LOOKS + 1), "update": [1, 9], "batch_size": 10}
        kept["deviations"] = Kept(pd.DataFrame(looked | losses))
    if "coordinates" in named:
        rows = [
            (e, s, np.full(4, 0.01 * e, "<f4").tobytes()) for e in range(epochs + 1) for s in (0, 1)
        ]
        kept["coordinates"] = Kept(pd.DataFrame(rows, columns=["epoch", "subset", "values"]))
    return table, manifest, kept


def probe(planting, world, blocks):
    names = {
        "spread": {
            "size": [10], "replacement": [0], "images": [2000], "mode": ["training"],
            "image_variance": [2.0], "image_skewness": [1.0], "draws": [2], "full_loss": [0.5],
            "mean": [0.1], "variance": [0.2], "skewness": [0.0], "kurtosis": [0.0],
            "normal_distance": [0.1], "mean_absolute": [0.3], "mean_absolute_centred": [0.3],
            "losses": [b""],
        },
        "flatness": {"image_set": [1], "rescaled": [1.0], "products": [9], "trace": [7.0]},
        "slice": {"direction": [0], "alpha": [0.5], "loss": [0.25]},
    }  # fmt: skip
    manifest = {
        "outcome": "done",
        "diverged_replicates": 0,
        "gradient_evaluations": 0,
        "loss_evaluations": 0,
        "wall_seconds": 1.0,
        "data": {f"{blocks.cell.target}/0/{blocks.cell.kept}": "0" * 64},
        "commit": "0" * 40,
        "dirty": False,
        "source_hash": blocks.source_hash,
        "device": "cpu",
        "machine": "planted",
        "versions": {"torch": "2", "numpy": "2"},
    }
    return pd.DataFrame(names[blocks.labels["role"]]), manifest, {}


def cells_of(planned, *roles):
    return {one.cell.id for one in planned if one.labels["role"] in roles}


def test_curves_of_ladders_and_orders_stand_apart(collected, planned):
    assert set(collected["curves.parquet"]["cell"]) == cells_of(planned, "sample")
    for role, name in (("sample_ladder", LADDER_CURVES), ("sample_orders", ORDER_CURVES)):
        assert set(collected[name]["cell"]) == cells_of(planned, role)
    both = curves_of(collected)
    assert set(both["cell"]) == set(collected["measures.parquet"]["cell"])
    names = ("curves.parquet", LADDER_CURVES, ORDER_CURVES)
    assert len(both) == sum(len(collected[name]) for name in names)


def test_measures_are_taken_again_from_all_tables_of_curves(collected):
    again = measured_again(collected)
    assert set(again) == {"curves.parquet", LADDER_CURVES, ORDER_CURVES, "measures.parquet"}
    for name, table in again.items():
        pd.testing.assert_frame_equal(table, collected[name], check_dtype=False)


def test_what_runs_record_has_rows_of_their_own(collected, planned):
    watched = cells_of(planned, "sample_ladder")
    for name in ("deviations.parquet", "visits.parquet", "mesh.parquet"):
        assert set(collected[name]["cell"]) == watched
        assert set(collected[name]["seed"]) == {0}
    looked = collected["deviations.parquet"]
    assert (looked.groupby("cell").size() == LOOKS).all()
    assert (looked["training_deviation"] == 1.0).all()


@pytest.mark.parametrize(
    ("role", "name"), [("spread", "spreads"), ("flatness", "flatness"), ("slice", "slices")]
)
def test_probes_say_whose_state_they_read(collected, planned, role, name):
    table = collected[f"{name}.parquet"].set_index("cell")
    probes = {one.cell.id: one.labels for one in planned if one.labels["role"] == role}
    assert set(table.index) == set(probes)
    for cell, labels in probes.items():
        for column in ("target_role", "strategy", "epochs", "state"):
            assert table.loc[cell, column] == labels[column]


def test_cells_of_probes_have_the_sizes_of_their_runs(collected):
    cells = collected["cells.csv"]
    for column in ("epochs", "parameters", "first_batch_size", "images"):
        assert cells[column].dtype == np.int64
    probes = cells[cells["role"].isin(PROBES)]
    assert (probes["parameters"] == 0).all()
    assert set(probes["epochs"]) == {25}
    linear = probes[probes["strategy"] == "linear_100"]
    assert set(linear["first_batch_size"]) == {10}
    assert set(linear["last_batch_size"]) == {100}


def test_a_role_has_an_arm_for_each_horizon(collected):
    tables = Tables.build(collected, load_records("batch_increase"))
    assert [arm.epochs for arm in tables.arms_of("sample_ladder")] == [25, 8, 4]
    orders = tables.arms[Arm("sample_orders", 8)]
    assert set(orders) == {"random_100", "decreasing_100"}
    assert set(tables.probes("flatness", Arm("sample_ladder", 25))["state"]) == {25}
