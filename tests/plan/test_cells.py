"""Cells are named by their content."""

from __future__ import annotations

import subprocess
import sys

import pytest

from escaping_minima.data.load import load_images
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.jobs import needed_jobs, plan_study, plan_to_json, read_plan
from escaping_minima.studies.batch_increase.settings import Settings
from escaping_minima.studies.batch_increase.strategies import IMAGES

NUMBERS = {"starts": 1000, "steps": 10_000, "sweep_every": 2, "variants": True} | {
    "start_settings": 9
}


def test_ids_follow_content_not_spelling():
    base = make_points_cell("himmelblau", "sam", 100, 50)
    assert make_points_cell("himmelblau", "sam", 100, 50, {}, {"radius": 0.33}).id == base.id
    assert make_points_cell("himmelblau", "sam", 100, 50, {"lower": [-5.0, -5.0]}).id == base.id
    changed = [
        make_points_cell("himmelblau", "sam", 101, 50),
        make_points_cell("himmelblau", "sam", 100, 51),
        make_points_cell("himmelblau", "sam", 100, 50, {}, {"radius": 0.34}),
        make_points_cell("himmelblau", "sam", 100, 50, {"upper": (5.0, 4.0)}),
        make_points_cell("six_hump_camel", "sam", 100, 50),
        make_points_cell("himmelblau", "gd", 100, 50),
    ]
    assert len({base.id, *(c.id for c in changed)}) == 7
    assert read_cell(base.record()).id == base.id


def test_ids_do_not_change_between_versions():
    """Files on users' disks and published tables carry these names."""
    assert make_points_cell("himmelblau", "gd", 10_000, 200).id == "e7dcf83709"


def test_wrong_names_and_values_are_named():
    with pytest.raises(UserError, match="no 'sharp'"):
        make_points_cell("himmelblau", "sharp", 1, 1)
    with pytest.raises(UserError, match="no 'eggholder'"):
        make_points_cell("eggholder", "gd", 1, 1)
    with pytest.raises(UserError, match="unknown setting 'rho'; allowed: learning_rate, radius"):
        make_points_cell("himmelblau", "sam", 1, 1, {}, {"rho": 1.0})
    with pytest.raises(UserError, match=r"learning_rate is -1\.0; allowed: above 0"):
        make_points_cell("himmelblau", "gd", 1, 1, {}, {"learning_rate": -1.0})


def test_the_plan_of_the_study_is_complete():
    jobs = plan_study("stationary_distributions", NUMBERS)
    cells = [c for j in jobs for c in j.cells]
    assert len({c.cell.id for c in cells}) == len(cells)
    assert {c.blocks for c in cells} == {2}
    main = [c for c in cells if c.labels["role"] == "main"]
    assert len(main) == 8 * 3
    swept = [c for c in cells if c.labels["role"] == "sweep"]
    assert len(swept) == 7 * 3 * 4
    assert {c.cell.method for c in swept} == {c.cell.method for c in main} - {"gd"}
    radii = sorted(
        c.cell.method_settings["radius"]
        for c in cells
        if c.cell.method == "sam" and c.cell.problem == "himmelblau" and "k" in c.labels
    )
    assert radii == pytest.approx([0.033, 0.33 / 10**0.5, 0.33, 0.33 * 10**0.5, 3.3])


def test_gradient_descent_is_run_at_every_step_size_from_both_boxes():
    """Five step sizes and two boxes of each function; one setting is that of the main run."""
    jobs = plan_study("stationary_distributions", NUMBERS)
    gd = [c for j in jobs if j.name == "gd" for c in j.cells]
    found = {
        (c.cell.problem, c.cell.method_settings["learning_rate"], *c.cell.problem_settings["upper"])
        for c in gd
    }
    boxes = [("himmelblau", 5, 5), ("himmelblau", 6, 6), ("three_hump_camel", 5, 5)]
    boxes += [("three_hump_camel", 2, 2), ("six_hump_camel", 3, 2), ("six_hump_camel", 5, 5)]
    rates = (0.0005, 0.001, 0.002, 0.005, 0.01)
    assert found == {(f, rate, x, y) for f, x, y in boxes for rate in rates}
    assert len(gd) == 30
    for cells in gd:
        assert cells.cell.problem_settings["lower"] == [
            -x for x in cells.cell.problem_settings["upper"]
        ]
    others = [c.labels["variant"] for c in gd if c.labels["role"] == "start_sweep"]
    assert len(others) == 27
    assert others[:3] == ["step 0.001, other boxes"] * 3
    assert "step 0.001, usual boxes" not in others


def test_more_starts_add_blocks_and_change_no_cell():
    few = plan_study("stationary_distributions", NUMBERS | {"starts": 500})
    many = plan_study("stationary_distributions", NUMBERS | {"starts": 5000})
    assert [[c.cell.id for c in j.cells] for j in few] == [
        [c.cell.id for c in j.cells] for j in many
    ]
    assert {c.blocks for j in many for c in j.cells} == {10}


def test_a_finer_sweep_keeps_the_cells_of_the_coarser():
    def ids(every):
        jobs = plan_study("stationary_distributions", NUMBERS | {"sweep_every": every})
        return {c.cell.id for j in jobs for c in j.cells}

    assert ids(4) < ids(2) < ids(1)


def test_plans_survive_the_disk(tmp_path):
    jobs = plan_study("stationary_distributions", NUMBERS)
    path = tmp_path / "plan.json"
    path.write_text(plan_to_json(jobs, {"scale": "quick"}))
    run, read = read_plan(path)
    assert run == {"scale": "quick"}
    assert list(read) == [j.key for j in jobs]
    for job in jobs:
        assert [c.cell.id for c in read[job.key].cells] == [c.cell.id for c in job.cells]
        assert [c.source_hash for c in read[job.key].cells] == [c.source_hash for c in job.cells]


TRAINING = {
    **dict.fromkeys(described_settings(Settings), 0),
    "data": "full",
    "seeds": 2,
    "epochs": 3000,
    "mesh_epochs": 1000,
    "controls": False,
    "sample_seeds": 3,
    "sample_controls": False,
}


def test_training_cells_follow_content():
    sizes = {"first": 10, "last": 100, "line": "epochs"}
    base = make_training_cell("takase_mnist", "adagrad", 8, sizes)
    same = make_training_cell("takase_mnist", "adagrad", 8, sizes, {"input_scale": 255.0})
    assert same.id == base.id
    changed = [
        make_training_cell("takase_mnist", "adagrad", 9, sizes),
        make_training_cell("takase_mnist", "adagrad", 8, sizes | {"last": 500}),
        make_training_cell("takase_mnist", "adagrad", 8, sizes, {"input_scale": 1.0}),
        make_training_cell("takase_mnist", "adagrad", 8, sizes, {}, {"epsilon": 1e-7}),
        make_training_cell("takase_mnist", "gd", 8, sizes),
    ]
    assert len({base.id, *(c.id for c in changed)}) == 6
    again = read_cell(base.record())
    assert (again.id, type(again)) == (base.id, type(base))
    assert base.data_set == "mnist"
    assert make_training_cell("takase_mnist", "gd", 8, sizes, {"data": "sample"}).data_set == ""


def test_the_plan_of_batch_increase_is_complete():
    jobs = plan_study("batch_increase", TRAINING)
    cells = [c for j in jobs for c in j.cells]
    runs = [(c.cell.id, b) for c in cells for b in c.indices]
    assert len(set(runs)) == len(runs) == 7 * 2 + 4 * 2 + 4 * 3
    main = {c.labels["strategy"]: c.cell for c in cells if c.labels["role"] == "main"}
    assert set(main) == {
        *(f"fixed_{size}" for size in (10, 55, 100, 255, 500)),
        "linear_100",
        "linear_500",
    }
    assert {c.problem_settings["train_images"] for c in main.values()} == {60_000}
    section = {c.labels["strategy"]: c.cell for c in cells if c.labels["role"] == "section_4_5"}
    assert set(section) == {"fixed_10", "fixed_255", "fixed_500", "linear_500"}
    assert {c.epochs for c in section.values()} == {1000}
    # two that take most of a day of a core are a job; what takes seconds shares one
    assert all(len(j.cells) == 2 for j in jobs if j.group == "main")
    assert len([j for j in jobs if j.group == "sample"]) == 3


def test_the_lowest_seeds_of_all_methods_come_first():
    seeds: dict[str, list[int]] = {}
    methods: dict[str, set[str]] = {}
    for job in plan_study("batch_increase", TRAINING | {"controls": True}):
        for item in job.cells:
            seeds.setdefault(job.group, []).append(item.first)
            methods.setdefault(job.group, set()).add(item.cell.id)
    assert list(seeds) == ["sample", "main", "section_4_5", "controls"]
    for group, found in seeds.items():
        count = len(methods[group])
        assert found == [seed for seed in range(len(found) // count) for _ in range(count)]


def test_more_seeds_come_after_those_that_were_planned():
    """Neither what is run first nor the name of a job changes with their number."""

    def jobs(seeds):
        planned = plan_study("batch_increase", TRAINING | {"seeds": seeds, "sample_seeds": 0})
        main = [job for job in planned if job.group == "main"]
        return [(j.key, [(c.cell.id, c.first) for c in j.cells]) for j in main]

    assert jobs(2) == jobs(5)[:7]


def test_the_longest_jobs_of_the_plane_start_first():
    """Every block of a table is wanted there, so only the time of the whole counts."""
    names = [job.name for job in plan_study("stationary_distributions", NUMBERS)]
    assert names[:2] == ["variants", "nim_mbh"]
    assert names[-2:] == ["nig", "gd"]


@pytest.mark.parametrize("version", ["generated", "sample"])
def test_the_plan_knows_how_many_images_there_are(version):
    data = load_images("mnist", version)
    assert (len(data.train_images), len(data.test_images)) == IMAGES[version]


def test_edges_of_the_graph_name_each_cell_once(monkeypatch):
    """A name is a hash of a text: made for each pair of jobs it took a minute of a large plan."""
    jobs = plan_study("batch_increase", TRAINING | {"noise_seeds": 2, "noise_draws": 2})
    made = []
    name = Cell.id.fget
    monkeypatch.setattr(Cell, "id", property(lambda cell: made.append(cell) or name(cell)))
    probe = next(job for job in jobs if job.group == "noise")
    assert {job.group for job in needed_jobs(probe, jobs)} == {"main"}
    assert len(made) > 0
    made.clear()
    needed_jobs(probe, jobs)
    assert made == []


def test_a_study_without_runs_is_refused():
    with pytest.raises(UserError, match=r"found 0 for seeds .*allowed: runs of one"):
        plan_study("batch_increase", TRAINING | {"seeds": 0, "sample_seeds": 0})


def test_section_4_5_shares_the_cells_of_runs_as_long():
    jobs = plan_study("batch_increase", TRAINING | {"epochs": 1000})
    assert {j.group for j in jobs} == {"main", "sample"}


def test_more_seeds_add_runs_and_change_no_cell():
    def ids(seeds):
        jobs = plan_study("batch_increase", TRAINING | {"seeds": seeds})
        return {(c.cell.id, b) for j in jobs for c in j.cells for b in c.indices}

    assert ids(1) < ids(2) < ids(5)


def test_broken_plans_are_named(tmp_path):
    path = tmp_path / "plan.json"
    with pytest.raises(UserError, match="no plan there"):
        read_plan(path)
    path.write_text("{}")
    with pytest.raises(UserError, match="not a plan"):
        read_plan(path)
    jobs = plan_study("stationary_distributions", NUMBERS)
    path.write_text(plan_to_json(jobs, {}).replace('"steps": 10000', '"steps": 10001'))
    with pytest.raises(UserError, match="not a plan"):
        read_plan(path)


def test_planning_needs_no_torch():
    code = (
        "import sys; from escaping_minima.plan.jobs import plan_study;"
        f"plan_study('stationary_distributions', {NUMBERS!r});"
        f"plan_study('batch_increase', {TRAINING!r});"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
