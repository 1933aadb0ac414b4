"""Blocks of starts that are published in pieces give the tables of all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.collect.block_rows import BLOCKS
from escaping_minima.collect.collected import read_published
from escaping_minima.collect.merging import Offered
from escaping_minima.errors import UserError
from escaping_minima.plan.jobs import PlannedBlocks, plan_study
from escaping_minima.problems.plane import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.results.tables import as_written
from escaping_minima.studies.stationary_distributions.collect import TABLES

STUDY = "stationary_distributions"


def planned(starts, start_settings=1):
    numbers = {"starts": starts, "steps": 100, "sweep_every": 4, "variants": True}
    numbers["start_settings"] = start_settings
    chosen = ("gd", "sam", "variants")
    return [c for job in plan_study(STUDY, numbers) if job.name in chosen for c in job.cells]


def offer(cells, block, salt=0):
    """Plant a block: ends somewhere in the box, the same for the same cell and index."""
    rng = np.random.default_rng([int(cells.cell.id, 16), block, salt])
    low, high = cells.cell.problem_settings["lower"], cells.cell.problem_settings["upper"]
    ends = rng.uniform(low, high, (BLOCK, 2))
    table = pd.DataFrame({"end_x": ends[:, 0], "end_y": ends[:, 1]})
    table["basins"] = rng.integers(1, 4, BLOCK)
    manifest = {
        "diverged_replicates": 0,
        "gradient_evaluations": int(rng.integers(50_000, 60_000)),
        "loss_evaluations": int(rng.integers(100)),
        "wall_seconds": 0.5,
        "commit": "0" * 40,
        "dirty": False,
        "source_hash": cells.source_hash,
        "device": "cpu",
        "machine": f"x86_64, machine {block}",
        "hardware": {"cpu": f"machine {block}"},
        "versions": {"torch": "2", "numpy": "2"},
        "data": {},
    }
    return Offered(
        cells, block, manifest, TABLES.of_block(Block(cells.cell, block, table, manifest))
    )


def written(tables):
    return {name: as_written(name, table) for name, table in tables.items()}


@pytest.fixture(scope="module")
def published():
    return written(TABLES.merge(offer(cells, b) for cells in planned(1000) for b in (0, 1)))


def test_one_more_block_gives_the_tables_of_all_blocks(published):
    cells = planned(1500)
    # of the published blocks, block 1 is still there
    found = written(TABLES.extend(published, [offer(c, b) for c in cells for b in (2, 1)]))
    whole = written(TABLES.merge(offer(c, b) for c in cells for b in (0, 1, 2)))
    assert set(found) == set(whole)
    for name, table in whole.items():
        pd.testing.assert_frame_equal(found[name], table, obj=name)
    assert found["cells.csv"]["starts"].unique().tolist() == ["1500"]
    assert not found[BLOCKS].equals(published[BLOCKS])


def test_a_new_cell_comes_with_all_its_blocks(published):
    every = planned(1000)
    new = [c for c in every if c.cell.method == "sam" and c.labels["role"] == "main"]
    old = [c for c in every if c not in new]
    before = written(TABLES.merge(offer(c, b) for c in old for b in (0, 1)))
    found = written(TABLES.extend(before, [offer(c, b) for c in new for b in (0, 1)]))
    for name in ("cells.csv", "end_points.csv", BLOCKS):
        by = list(published[name].columns)
        one, other = (t[name].sort_values(by).reset_index(drop=True) for t in (found, published))
        pd.testing.assert_frame_equal(one, other)
    columns = found["outcomes_himmelblau.parquet"]
    pd.testing.assert_frame_equal(
        columns[published["outcomes_himmelblau.parquet"].columns],
        published["outcomes_himmelblau.parquet"],
    )
    with pytest.raises(UserError, match=r"2 blocks of cell \w+ and 1 of cell"):
        TABLES.extend(before, [offer(c, 0) for c in new])


@pytest.mark.parametrize(
    ("role", "blocks", "words"),
    [
        ("main", (1,), r"block 1: outcomes_\w+\.parquet would not hold"),
        (
            "variant",
            (0, 1),
            r"all published blocks: cells\.csv would have mean_gradient_evaluations",
        ),
    ],
)
def test_starts_that_end_elsewhere_are_refused_by_name(published, role, blocks, words):
    cells = next(c for c in planned(1000) if c.labels["role"] == role)
    with pytest.raises(UserError, match=f"cell {cells.cell.id}, {words}"):
        TABLES.extend(published, [offer(cells, b, salt=1) for b in blocks])


def test_stationary_points_that_differ_in_rounding_alone_stay(published):
    nearly = published["points.csv"].assign(x=lambda t: (t["x"].astype(float) + 1e-12).map(repr))
    found = TABLES.extend(published | {"points.csv": nearly}, [])
    pd.testing.assert_frame_equal(found["points.csv"], nearly)
    other = published["points.csv"].assign(x=lambda t: (t["x"].astype(float) + 0.1).map(repr))
    found = written(TABLES.extend(published | {"points.csv": other}, []))
    pd.testing.assert_frame_equal(found["points.csv"], published["points.csv"])


def test_the_committed_tables_take_in_a_block_of_a_variant(root, monkeypatch):
    monkeypatch.setattr("escaping_minima.collect.merging.is_stale", lambda *words: False)
    _, before = read_published(root / "results" / "published" / STUDY)
    numbers = {"starts": 5500, "steps": 10_000, "sweep_every": 1, "variants": True}
    numbers["start_settings"] = 9
    every = [c for job in plan_study(STUDY, numbers) for c in job.cells]
    cells = next(c for c in every if c.labels["role"] == "variant")
    found = written(TABLES.extend(before, [offer(cells, 10)]))
    assert found[BLOCKS]["cell"].tolist().count(cells.cell.id) == 1
    for name in set(before) - {"cells.csv", "variants.csv", BLOCKS}:
        pd.testing.assert_frame_equal(found[name], before[name], obj=name)
    for name in ("cells.csv", "variants.csv", BLOCKS):
        others = found[name][found[name]["cell"] != cells.cell.id].reset_index(drop=True)
        old = before[name][before[name]["cell"] != cells.cell.id].reset_index(drop=True)
        pd.testing.assert_frame_equal(others, old, obj=name)
    for name in ("cells.csv", "variants.csv"):
        mine = before[name]["cell"] == cells.cell.id
        assert set(found[name][mine]["starts"]) == {"5500"}


def test_cells_that_a_plan_has_not_can_be_left_out(published):
    """Of every table those rows and columns go that are of no cell of the plan; no other moves."""
    fewer = [c for c in planned(1000, 0) if c.cell.method != "sam"]
    kept, gone = TABLES.planned_alone(published, fewer)
    expected = written(TABLES.merge(offer(c, b) for c in fewer for b in (0, 1)))
    assert set(kept) == set(expected)
    for name, table in expected.items():
        pd.testing.assert_frame_equal(kept[name], table, obj=name)
    left = {c.cell.id for c in planned(1000)} - {c.cell.id for c in fewer}
    assert {row["cell"] for row in gone} == left
    assert "sam" not in set(kept["end_points.csv"]["method"])
    assert TABLES.planned_alone(published, []) == ({}, published["cells.csv"].to_dict("records"))


def test_a_cell_under_another_name_is_another(published):
    """What a plan calls by another name now is taken in under that name, with all its blocks."""
    every = planned(1000)
    old = next(c for c in every if c.labels["role"] == "start_sweep")
    labels = {"role": "variant", "variant": "another name"}
    renamed = PlannedBlocks(old.cell, old.blocks, labels, old.source_hash)
    now = [*(c for c in every if c is not old), renamed]
    kept, gone = TABLES.planned_alone(published, now)
    assert [(row["cell"], row["variant"]) for row in gone] == [(old.cell.id, old.labels["variant"])]
    assert old.cell.id not in kept[f"outcomes_{old.cell.problem}.parquet"]
    found = written(TABLES.extend(kept, [offer(renamed, b) for b in (0, 1)]))
    whole = written(TABLES.merge(offer(c, b) for c in now for b in (0, 1)))
    for name in whole:
        by = list(whole[name].columns)
        one, other = (t[name].sort_values(by).reset_index(drop=True) for t in (found, whole))
        pd.testing.assert_frame_equal(one[by], other, obj=name)
