"""A plan is run by the sources that it was made from: blocks bear the hash that it names."""

from __future__ import annotations

import json

import pytest

from escaping_minima.cli import main
from escaping_minima.errors import UserError
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.steps.own_sources import require_own_sources


def write_plan(folder, **hashes):
    """Write a plan of two jobs; ``hashes`` by method."""
    jobs = []
    for method in ("gd", "sam"):
        cell = make_points_cell("six_hump_camel", method, 10, 10)
        source = hashes.get(method, cell_hash(cell))
        blocks = PlannedBlocks(cell, 1, {"role": "main"}, source)
        jobs.append(Job("study", method, (blocks,), method))
    path = folder / "plan.json"
    path.write_text(plan_to_json(jobs, {"results": str(folder / "results")}))
    return path


def test_a_plan_of_these_sources_may_be_run(tmp_path):
    require_own_sources(write_plan(tmp_path))


def test_a_plan_of_other_sources_is_refused_for_the_jobs_that_it_concerns(tmp_path):
    plan = write_plan(tmp_path, sam="0123456789ab")
    require_own_sources(plan, "study_gd")
    require_own_sources(plan, studies=["another"])
    with pytest.raises(UserError, match=r"made from other sources: cell .* 0123456789ab") as found:
        require_own_sources(plan, "study_sam")
    assert found.value.exit_code == 1


def test_the_command_says_so_in_one_line_and_writes_nothing(tmp_path, capsys):
    plan = write_plan(tmp_path, gd="0123456789ab")
    with pytest.raises(SystemExit) as left:
        main(["train", "--plan", str(plan)])
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make it again with 'escaping-minima plan'" in said
    assert not (tmp_path / "results").exists()
    assert json.loads(plan.read_text())["jobs"]
