"""What is taken from blocks, on blocks made by hand, and how large tables of all of them are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escaping_minima.collect.merging import Offered
from escaping_minima.engine import walk_tables
from escaping_minima.measures.descent import LEVELS as DESCENT_LEVELS
from escaping_minima.measures.descent import NEAR as DESCENT_NEAR
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.results.tables import as_written, encode_tables
from escaping_minima.studies.modality import attractors, bins, measures
from escaping_minima.studies.modality.clusters import UNKNOWN, measure_clusters
from escaping_minima.studies.modality.collect import TABLES, of_block
from escaping_minima.studies.modality.curvature_counts import (
    CLASSES,
    LEVELS,
    MAIN,
    NEAR,
    SATURATIONS,
    class_cloud,
    count_classes,
    mean_saturation,
)
from escaping_minima.studies.modality.names import MEASURE_NAMES
from escaping_minima.studies.modality.plan import plan_cells
from escaping_minima.studies.modality.settings import Settings

#: Bytes of all published tables of the study.
ALL = 3_000_000


@dataclass(frozen=True)
class Kept:
    content: pd.DataFrame

    def table(self):
        return self.content


@pytest.fixture(scope="module")
def plan():
    """The cells of the runs that are published."""
    numbers = {name: said.scales["gpu"] for name, said in described_settings(Settings).items()}
    return plan_cells(Settings(**numbers))


def first_of(plan, group, **labels):
    return next(
        item
        for item in plan
        if item.group == group and all(item.labels[k] == v for k, v in labels.items())
    )


def seen(loss, norm, **more):
    """Return what walks saw, (steps, walks), NaN where nothing is given."""
    shape = np.shape(loss)
    found = {name: np.full(shape, math.nan) for name in walk_tables.SEEN}
    return {**found, "loss": np.array(loss), "gradient_norm": np.array(norm), **more}


def block_of(item, values, index=0):
    tables = walk_tables.tables_of({n: v.astype(np.float32) for n, v in values.items()}, 7)
    kept = {name: Kept(pd.DataFrame(table)) for name, table in tables.items() if name}
    return Block(item.cell, index, pd.DataFrame(tables[""]), {}, kept)  # type: ignore[arg-type]


def offered(item, index, parts):
    manifest = {
        **{"commit": "0" * 40, "dirty": False, "source_hash": "a", "device": "cpu"},
        **{"machine": "here", "versions": {"torch": "2", "numpy": "2"}, "hardware": {}},
        **{"gradient_evaluations": 7, "loss_evaluations": 0, "diverged_replicates": 0},
        **{"wall_seconds": 1.5, "data": {}},
    }
    blocks = PlannedBlocks(item.cell, 1, item.labels, "a", index)
    return Offered(blocks, index, manifest, parts)


def test_low_gradients_are_counted_as_the_walks_tell_them():
    assert (attractors.THRESHOLDS, attractors.BINS) == (
        walk_tables.THRESHOLDS,
        walk_tables.LOSS_BINS,
    )
    assert measures.LEAST_LOSS == walk_tables.LEAST_LOSS


def test_bins_are_those_of_the_walks():
    assert (bins.FINE, bins.LOWEST, bins.FINE_BINS) == (
        walk_tables.BINS_A_DECADE,
        walk_tables.LOWEST,
        walk_tables.BINS,
    )
    values = np.array([0.0, 1e-12, 3e-9, 0.99, 1.0, 2.5, 1e8, 1e30, math.inf, math.nan])
    with np.errstate(all="ignore"):
        fine = walk_tables.log_bins(values)
    assert bins.log_bins(values).tolist() == (fine * bins.COARSE // bins.FINE).tolist()
    assert bins.log_bins(values, bins.FINE).tolist() == fine.tolist()


def test_levels_are_those_of_the_descents():
    assert tuple(LEVELS.values()) == DESCENT_LEVELS
    assert [f"{level:.4g}" for level in DESCENT_LEVELS] == list(LEVELS)
    assert NEAR == DESCENT_NEAR


def test_measures_of_walks_are_means_over_walks_and_extremes_of_points(plan):
    item = first_of(plan, "xor_walk")
    loss = [[1.0, 4.0], [2.0, 0.1], [0.01, 0.1]]
    norm = [[0.5, 20.0], [3.0, 0.2], [0.04, 0.2]]
    found = of_block(block_of(item, seen(loss, norm)))["measures.parquet"].iloc[0]
    assert set(found.index) == set(MEASURE_NAMES)
    assert found["walks"] == 2
    assert found["points"] == 6
    assert found["last_loss"] == pytest.approx(0.055)
    assert found["last_log_loss"] == pytest.approx(-1.5)
    assert found["mean_loss"] == pytest.approx((3.01 + 4.2) / 6)
    assert found["log_gradient_max"] == pytest.approx(math.log10(3.0 * 20.0) / 2)
    assert found["log_gradient_top"] == pytest.approx(math.log10(20.0))
    assert found["log_loss_max"] == pytest.approx(math.log10(2.0 * 4.0) / 2)
    assert found["log_loss_top"] == pytest.approx(math.log10(4.0))
    # a tail of one point never moves
    assert found["still"] == 100.0
    assert found[[*UNKNOWN, "last_test_loss", "last_train_accuracy"]].isna().all()


def test_accuracies_are_in_percent(plan):
    item = first_of(plan, "mnist_walk")
    shares = {"train_accuracy": np.array([[0.1, 0.2], [0.5, 0.7]])}
    shares |= {"test_accuracy": shares["train_accuracy"] / 2, "test_loss": np.ones((2, 2))}
    found = of_block(block_of(item, seen(np.ones((2, 2)), np.ones((2, 2)), **shares)))
    measures = found["measures.parquet"].iloc[0]
    assert measures["last_train_accuracy"] == pytest.approx(60.0)
    assert measures["last_test_accuracy"] == pytest.approx(30.0)
    assert measures["last_test_loss"] == 1.0
    last = found["last_walks.parquet"]
    assert np.allclose(last["train_accuracy"], [0.5, 0.7])
    assert last["replicate"].tolist() == [0, 1]


def test_a_percentile_is_that_of_the_points_to_a_bin():
    rng = np.random.default_rng(8)
    values = 10.0 ** rng.normal(0.0, 1.0, 20_000)
    fine = walk_tables.log_bins(values)
    cloud = pd.DataFrame({"loss_bin": fine}).groupby("loss_bin").size()
    table = cloud.reset_index(name="count")
    for percent in (1.0, 50.0, 99.0):
        wanted = np.log10(np.percentile(values, percent))
        assert bins.percentile(table, "loss_bin", percent) == pytest.approx(wanted, abs=0.02)
    # all points in one bin: its lower end, and its upper one
    one = pd.DataFrame({"loss_bin": [180], "count": [5]})
    assert bins.percentile(one, "loss_bin", 0.0) == pytest.approx(0.0)
    assert bins.percentile(one, "loss_bin", 100.0) == pytest.approx(0.05)


def test_coarse_clouds_hold_the_same_points():
    cloud = pd.DataFrame(
        {"loss_bin": [4, 5, 5], "gradient_bin": [10, 11, 12], "count": [2, 3, 4]}
        | {"test_log": [1.0, -0.5006, 0.25]}
    )
    found = bins.coarse(cloud)
    assert found[["loss_bin", "gradient_bin"]].to_numpy().tolist() == [[2, 5], [2, 6]]
    assert found["count"].tolist() == [5, 4]
    assert found["test_log"].tolist() == [499, 250]


def two_clusters(shift, tests=(0.0, 0.0)):
    """Return a cloud of a shallow and a steep band, the steep one ``shift`` above at each loss."""
    rng = np.random.default_rng(4)
    loss = rng.normal(0.0, 0.3, (2, 20_000))
    gradient = 0.5 * loss + np.array([[0.0], [shift]]) + rng.normal(0.0, 0.05, loss.shape)
    values = {"loss": loss[:, :6_000], "gradient": gradient[:, :6_000]}
    fine = {f"{name}_bin": np.concatenate([v[0], v[1][:3_000]]) for name, v in values.items()}
    table = pd.DataFrame({n: walk_tables.log_bins(10.0**v) for n, v in fine.items()})
    table["test_log"] = np.repeat(tests, [6_000, 3_000]).astype(float)
    table["count"] = 1
    return table.groupby(["loss_bin", "gradient_bin"]).sum().reset_index()


def test_two_bands_of_points_are_told_apart():
    found = measure_clusters(two_clusters(0.6, tests=(0.1, 0.4)))
    assert found["steep_weight"] == pytest.approx(100 / 3, abs=1)
    assert found["shallow_weight"] == pytest.approx(200 / 3, abs=1)
    assert found["steep_mean"] == pytest.approx(0.6, abs=0.02)
    assert found["steep_test"] == pytest.approx(0.3, abs=0.01)
    # the spread of 0.5 x + noise, and that of a point within its bin
    assert found["steep_spread"] == pytest.approx(math.hypot(0.15, 0.05, 0.02), abs=0.01)
    assert found["overlap"] < 0.01
    # 0.6 apart, across bands of 0.05 each
    assert found["separation"] > 8
    assert found["bic_gain"] > 500
    near = measure_clusters(two_clusters(0.15))
    assert 0.05 < near["overlap"] < 0.5


def test_the_steeper_cluster_is_the_steep_one_whatever_its_weight():
    turned = two_clusters(-0.6, tests=(0.4, 0.1))
    found = measure_clusters(turned)
    assert found["steep_weight"] == pytest.approx(200 / 3, abs=1)
    assert found["steep_mean"] == pytest.approx(0.6, abs=0.02)
    assert found["steep_test"] == pytest.approx(0.3, abs=0.01)


def test_the_first_and_last_bins_are_no_part_of_a_cluster():
    cloud = two_clusters(0.6)
    ends = {"loss_bin": [0, 359, 180], "gradient_bin": [180, 180, 359]}
    more = pd.DataFrame({**ends, "count": 50_000, "test_log": 0.0})
    assert measure_clusters(pd.concat([cloud, more])) == measure_clusters(cloud)
    assert all(math.isnan(v) for v in measure_clusters(more).values())


def points(**columns: Any) -> pd.DataFrame:
    count = len(columns["loss"])
    found = {"low": np.zeros(count, np.int8), **columns}
    for hessian in ("block", "full"):
        for precision in ("float32", "float64"):
            for rule in ("exact", "relative"):
                found.setdefault(f"{hessian}_{precision}_{rule}", np.zeros(count, np.int8))
    for number, name in enumerate(SATURATIONS):
        found.setdefault(name, np.full(count, 0.1 * number))
    return pd.DataFrame(found)


def test_classes_are_counted_by_reading_and_place():
    table = points(
        loss=[0.001, 0.3, 0.3466, 0.4774, 0.4826, 0.69],
        gradient_norm=[0.01, 1.0, 0.049, 0.051, 0.01, 0.01],
        low=np.array([0, 0, 1, 0, 0, 0], np.int8),
        block_float32_exact=np.array([0, 2, 3, 3, -1, 2], np.int8),
        full_float64_relative=np.array([2, 2, 2, 3, 3, 3], np.int8),
    )
    found = count_classes(table).set_index(["hessian", "precision", "rule", "near"])
    main = found.loc["block", "float32", "exact"]
    # what is there for its gradient alone counts near levels only, what has no class nowhere
    assert main.loc["all", list(CLASSES)].tolist() == [1, 0, 2, 1]
    assert main.loc["0", list(CLASSES)].tolist() == [1, 0, 0, 0]
    assert main.loc["0.3466", list(CLASSES)].tolist() == [0, 0, 0, 1]
    assert main.loc["0.6931", list(CLASSES)].tolist() == [0, 0, 1, 0]
    # a gradient of 0.051 is not low, and a loss of 0.4826 not near
    assert "0.4774" not in main.index
    assert main.loc["all", "gradient_saddle"] == pytest.approx(-1.0)
    assert math.isnan(main.loc["all", "gradient_concave"])
    other = found.loc["full", "float64", "relative"]
    assert other.loc["all", list(CLASSES)].tolist() == [0, 0, 2, 3]
    assert len(found.index.unique()) == len(found)


def test_saturation_is_that_of_singular_points_and_of_others():
    table = points(
        loss=[1.0] * 5,
        gradient_norm=[1.0] * 5,
        low=np.array([0, 0, 0, 0, 1], np.int8),
        block_float32_exact=np.array([3, 3, 0, -1, 3], np.int8),
        output_saturated=[0.5, 1.0, 0.25, 9.0, 9.0],
        hidden_saturated_3=[math.nan] * 5,
    )
    found = mean_saturation(table).set_index("group")
    assert found["points"].to_dict() == {"singular": 2, "other": 1}
    assert found["output_saturated"].to_dict() == {"singular": 0.75, "other": 0.25}
    assert found["idle_weights"].tolist() == pytest.approx([0.4, 0.4])
    assert found["hidden_saturated_3"].isna().all()


def test_clouds_by_class_hold_the_points_of_the_main_reading():
    table = points(
        loss=[1.0, 1.01, 1.0, 5.0],
        gradient_norm=[0.0, 0.0, 0.0, 2.0],
        block_float32_exact=np.array([2, 2, 3, -1], np.int8),
    )
    found = class_cloud(table)
    assert found.to_numpy().tolist() == [[90, 0, 2, 2], [90, 0, 3, 1]]
    assert MAIN in table


def test_probes_give_what_they_measure(plan):
    probe = first_of(plan, "xor_curvature")
    table = points(loss=[1.0, 0.5], gradient_norm=[1.0, 2.0])
    found = of_block(Block(probe.cell, 0, table, {}))
    assert set(found) == {"curvature.parquet", "saturation.parquet", "class_clouds.parquet"}
    descent = first_of(plan, "xor_descent")
    rows = pd.DataFrame(
        {"step": [1, 2], "replicate": [0, 3], "loss": 0.7, "gradient_norm": 0.1, "low": 0}
        | {"level": [0.6931, math.nan], "negative": [2, -1], "kind": ["saddle", ""]}
    )
    (begun,) = of_block(Block(descent.cell, 0, rows, {})).values()
    assert begun["kind"].tolist() == ["saddle"]
    assert begun["negative"].tolist() == [2]


def test_tables_name_cells_and_blocks_and_sum_what_is_of_all(plan):
    item = first_of(plan, "xor_walk")
    loss, norm = [[0.4, 0.4], [0.4, 0.2]], [[0.01, 0.5], [0.03, 0.6]]
    parts = of_block(block_of(item, seen(loss, norm)))
    blocks = [offered(item, index, parts) for index in (0, 1, 12, 13)]
    tables = TABLES.merge(blocks)
    assert tables["measures.parquet"]["block"].tolist() == [0, 1, 12, 13]
    assert set(tables["courses.parquet"]["block"]) == {0, 1}
    assert tables["clouds.parquet"]["count"].sum() == 4 * 4
    low = tables["low.parquet"].query("threshold == 2").set_index("block")
    # 0.4 in float32 is a little above it
    assert low["loss_bin"].unique().tolist() == [400]
    assert low["points"].to_dict() == {0: 2, 1: 2, 10: 4}
    assert low["walks"].to_dict() == {0: 1, 1: 1, 10: 2}
    row = tables["cells.csv"].iloc[0]
    assert (row["blocks"], row["block_walks"], row["walks"]) == (4, 9, 36)
    assert (row["data_set"], row["steps"], row["parameters"]) == ("xor", 1000, 9)
    assert (row["data_version"], row["data"]) == ("", "{}")


def test_more_blocks_give_the_tables_of_all(plan):
    item = first_of(plan, "xor_walk")
    rng = np.random.default_rng(2)
    every = []
    for index in range(13):
        values = seen(10 ** rng.normal(-1, 1, (20, 9)), 10 ** rng.normal(-1, 1, (20, 9)))
        every.append(offered(item, index, of_block(block_of(item, values, index))))
    published = {n: as_written(n, t) for n, t in TABLES.merge(every[:11]).items()}
    extended = TABLES.extend(published, every[11:])
    whole = {n: as_written(n, t) for n, t in TABLES.merge(every).items()}
    assert extended["cells.csv"]["walks"].astype(int).tolist() == [9 * 13]
    for name in ("measures.parquet", "clouds.parquet", "low.parquet"):
        keys = [c for c in whole[name] if c.endswith("bin") or c in ("block", "threshold")]
        one, other = (
            as_written(name, t[name]).sort_values(keys).reset_index(drop=True)
            for t in (extended, whole)
        )
        pd.testing.assert_frame_equal(one, other)


def test_walks_that_images_teach_say_so(plan):
    item = first_of(plan, "mnist_walk")
    values = seen(np.ones((2, 2)), np.ones((2, 2)), test_loss=np.ones((2, 2)))
    (row,) = TABLES.merge([offered(item, 0, of_block(block_of(item, values)))])[
        "cells.csv"
    ].to_dict("records")
    assert row["data_words"] == "MNIST: 60,000 training and 10,000 test images"
    assert row["data_version"] == "full"
    assert row["walks"] == 25


def test_tables_of_the_published_size_are_small(plan):
    """Walks that wander widely: their tables are larger than those of runs."""
    rng = np.random.default_rng(0)
    of_walks = {name: _walks(rng, name == "mnist", plan) for name in ("xor", "mnist")}
    of_probes = {"xor_curvature": _curvature(rng), "xor_descent": _descents(rng)}
    blocks = []
    for item in plan:
        parts = of_probes.get(item.group) or of_walks[item.labels["data_set"]]
        is_first = item.first == 0 or (item.labels["data_set"] == "mnist" and item.first < 2)
        # what is summed over blocks is as large with one of them as with all
        gone = [] if is_first else ["clouds.parquet", "class_clouds.parquet"]
        gone += ["low.parquet"] if item.first > 10 and item.first % 10 else []
        kept = {name: table for name, table in parts.items() if name not in gone}
        blocks.append(offered(item, item.first, kept))
    tables = TABLES.merge(blocks)
    content = encode_tables({n: _jittered(t, rng) for n, t in tables.items()})
    assert len(content) == 11
    assert sum(map(len, content.values())) < ALL


def _walks(rng, has_test, plan):
    """Return what a block gives whose walks go everywhere in six decades."""
    walks = 25
    start = rng.normal(0, 1, walks)
    path = start + np.cumsum(rng.normal(0, 0.1, (200, walks)), axis=0)
    norm = 0.5 * path + rng.normal(0, 0.3, path.shape)
    more = {}
    if has_test:
        shares = rng.integers(0, 100, path.shape) / 100
        more = {"train_accuracy": shares, "test_accuracy": shares[::-1]}
        more["test_loss"] = 10 ** (path + rng.normal(0, 0.2, path.shape))
    values = seen(10**path, 10**norm, **more)
    item = first_of(plan, "mnist_walk" if has_test else "xor_walk")
    return of_block(block_of(item, values))


def _curvature(rng):
    count = 3_000
    columns = {
        f"{h}_{p}_{r}": rng.integers(0, 4, count).astype(np.int8)
        for h in ("block", "full")
        for p in ("float32", "float64")
        for r in ("exact", "relative")
    }
    loss = np.where(rng.random(count) < 0.5, rng.choice(list(LEVELS.values()), count), 1.0)
    loss = loss * 10 ** rng.normal(0, 0.001, count)
    table = points(loss=loss, gradient_norm=10 ** rng.normal(-2, 1, count), **columns)
    return {
        "curvature.parquet": count_classes(table),
        "saturation.parquet": mean_saturation(table),
        "class_clouds.parquet": class_cloud(table),
    }


def _descents(rng):
    names = ("level", "start_loss", "start_gradient", "end_loss", "end_gradient", "growth", "drift")
    numbers = {name: rng.normal(size=12).astype(np.float32) for name in names}
    counts = {name: rng.integers(0, 9, 12) for name in ("step", "replicate", "negative", "zero")}
    return {"descents.parquet": pd.DataFrame({**counts, **numbers, "kind": "saddle"})}


def _jittered(table, rng):
    """Return a table with other measured numbers in each row: equal ones would be packed away."""
    measured = table.select_dtypes("floating").columns
    noise = rng.normal(1, 0.1, (len(table), len(measured)))
    return table.assign(**(table[measured] * noise).astype(table[measured].dtypes))
