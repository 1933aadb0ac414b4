"""A path in five dimensions is probed: the curvature is the one that is known."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.parts.registry import module_name, part_record
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.results.blocks import find_kept, manifest_path
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train

DIMENSIONS = 5


@dataclass(frozen=True)
class Wells:
    """(w^2 - 1)^2 summed over the coordinates, and a product of the first two."""

    BLOCK: ClassVar[int] = 6

    lower: tuple[float, ...] = (-1.0,) * DIMENSIONS
    upper: tuple[float, ...] = (1.0,) * DIMENSIONS

    def values(self, w):
        return (w**2 - 1).square().sum(1, keepdim=True) + w[:, :1] * w[:, 1:2]

    def gradients(self, w):
        found = 4 * w * (w**2 - 1)
        found[:, 0] += w[:, 1]
        found[:, 1] += w[:, 0]
        return found


def hessians(w):
    """Return the second derivatives at each row of ``w``, written out."""
    found = np.einsum("ka,ab->kab", 12 * w**2 - 4, np.eye(DIMENSIONS))
    found[:, 0, 1] = found[:, 1, 0] = 1
    return found


@pytest.fixture
def wells(monkeypatch):
    module = ModuleType(module_name("problems", "toy_five_wells"))
    module.PROBLEM = Wells
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "toy_five_wells"


def test_a_path_in_five_dimensions_has_the_curvature_that_is_known(tmp_path, wells, write_plan):
    path = part_record("observers", "path", {"every": 20, "coordinates": (1, 4)}).record()
    walk = make_points_cell(wells, "gd", 100, 50, observers=(path,))
    probe = make_probe_cell(walk, "path", "curvature")
    cells = tuple(PlannedBlocks(cell, 1, {}, "s1") for cell in (walk, probe))
    train(write_plan(tmp_path, Job("study", "job", cells, "job")), "study_job")

    paths = ResultPaths(tmp_path / "results", "smoke")
    kept = find_kept(paths.block("study", walk.id, 0), "path").table()
    known = kept[kept["replicate"].isin([1, 4])]
    axes = [f"w{axis}" for axis in range(DIMENSIONS)]
    exact = np.linalg.eigvalsh(hessians(known[axes].to_numpy()))

    block = paths.block("study", probe.id, 0)
    table = pd.read_parquet(block)
    assert list(zip(table["step"], table["replicate"], strict=True)) == [
        (step, replicate) for step in range(0, 100, 20) for replicate in (1, 4)
    ]
    np.testing.assert_allclose(table["lowest"], exact[:, 0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(table["highest"], exact[:, -1], rtol=1e-10, atol=1e-10)
    assert table["negative"].tolist() == (exact < 0).sum(1).tolist()
    assert table["positive"].tolist() == (exact > 0).sum(1).tolist()
    # from the start on, the walk leaves where the loss curves down
    assert table["negative"].iloc[:2].max() > 0
    (checksum,) = json.loads(manifest_path(block).read_text())["data"].items()
    assert checksum[0] == f"{walk.id}/0/path"
