"""Cells that examine a problem: run as others are, by draws of their own."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.kinds.examine.cell import make_examine_cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.results.blocks import find_kept, manifest_path
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train
from escaping_minima.vouching.cuts import cut
from escaping_minima.vouching.examine_cases import FEW, examinations

CRITICAL = make_examine_cell("random_waves", "critical_points", {"dimension": 3}, {"starts": 6})


def test_blocks_are_written_with_their_tables_and_stay(tmp_path, write_plan):
    images = {"data": "generated", "train_images": 10, "width": 2}
    few = {"starts": 3, "steps": 2, "images": 3, "iterations": 5}
    tree = make_examine_cell("small_mnist", "attractor_tree", images, few)
    cells = tuple(PlannedBlocks(cell, 2, {}, "s1") for cell in (CRITICAL, tree))
    plan = write_plan(tmp_path, Job("study", "job", cells, "job"))
    train(plan, "study_job")
    paths = ResultPaths(tmp_path / "results", "smoke")
    first, second = (pd.read_parquet(paths.block("study", CRITICAL.id, b)) for b in (0, 1))
    assert len(first) == len(second) == 6
    assert not first["loss"].equals(second["loss"])
    block = paths.block("study", tree.id, 0)
    assert len(find_kept(block, "ways").table()) == 3
    assert len(find_kept(block, "tree").table()) == 4
    assert json.loads(manifest_path(block).read_text())["outcome"] == "done"
    written = block.stat().st_mtime_ns
    train(plan, "study_job")
    assert block.stat().st_mtime_ns == written


def test_a_cell_is_named_by_its_record_and_read_back():
    for _, cell in examinations():
        again = read_cell(json.loads(json.dumps(cell.record())))
        assert (again, again.id) == (cell, cell.id)
    assert replace(CRITICAL, problem_settings={}).id != CRITICAL.id


def test_a_method_that_a_measure_wants_decides_the_numbers():
    cell = make_examine_cell("random_waves", "saddle_escape", method="nim")
    assert "escaping_minima.methods.nim" in cell.modules()
    assert cell.method_settings["radius"] > 0
    assert not any(".methods." in module for module in CRITICAL.modules())
    with pytest.raises(UserError, match="methods: there is no 'newton'"):
        make_examine_cell("random_waves", "saddle_escape", method="newton")


def test_data_of_a_problem_are_asked_for_where_they_are_not_in_the_repository():
    sample, full = (
        make_examine_cell("small_mnist", "attractor_tree", {"data": data})
        for data in ("sample", "full")
    )
    assert (sample.data_set, full.data_set, CRITICAL.data_set) == ("", "mnist", "")
    assert any(".data.formats." in module for module in sample.modules())
    assert not any(".data.formats." in module for module in CRITICAL.modules())


def test_costs_grow_with_what_is_done():
    cheap, dear = (
        make_examine_cell("random_waves", "critical_points", {"dimension": d}).cost for d in (2, 50)
    )
    assert 0 < cheap < dear / 5
    assert all(cell.cost > 0 for _, cell in examinations())


def test_published_examinations_are_cut_short():
    full = make_examine_cell("small_mnist", "attractor_tree", {"data": "full"})
    short = read_cell(cut(full.record(), "cpu", {}))
    assert short.problem_settings["data"] == "sample"
    assert short.problem_settings["train_images"] == FEW["train_images"]
    assert short.measure["settings"]["steps"] == FEW["steps"]
    assert cut(short.record(), "cpu", {}) == short.record()
