"""The cells of the study: how many, what they are, and in which order and company."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.package import ROOT
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.registry import read_problem
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.modality.costs import POINT_SECONDS, curvature_seconds, missing_hours
from escaping_minima.studies.modality.layout import Layout
from escaping_minima.studies.modality.names import (
    DATA_NAMES,
    METHOD_NAMES,
    RANGE_NAMES,
    ROLE_NAMES,
)
from escaping_minima.studies.modality.plan import JOB_COST, plan_cells, price_cells
from escaping_minima.studies.modality.settings import Settings

SCALES = ("smoke", "quick", "gpu", "paper")
REFERENCE = ROOT.parents[1] / "workflow/reference/bosman2020-loss-surface-modality"
NONE: dict[str, Any] = {
    **{"xor_samples": 0, "xor_large_samples": 0, "mnist_walks": 0, "control_walks": 0},
    **{"xor_controls": False, "descent_blocks": 0},
}
#: Blocks by group: cells (networks times settings) times blocks of each.
BLOCKS = {
    "smoke": {
        "xor_walk": 8 * 10,
        "xor_curvature": 8 * 10,
        "xor_random": 8 * 10,
        "xor_descent": 8,
        "mnist_walk": 4,
        "mnist_random": 4,
        "mnist_two_draws": 4,
        "mnist_long_steps": 1,
    },
    "quick": {
        "xor_walk": 24 * 10,
        "xor_curvature": 24 * 10,
        "xor_random": 24 * 10,
        "mnist_walk": 4,
    },
    "gpu": {
        "xor_walk": 28 * 100 + 8 * 10,
        "xor_curvature": 36 * 10,
        "xor_random": 24 * 10,
        "xor_descent": 24 * 10,
        "mnist_walk": 36 * 12,
        "mnist_random": 12 * 4,
        "mnist_two_draws": 24 * 4,
        "mnist_long_steps": 9 * 4,
    },
    "paper": {
        "xor_walk": 36 * 100,
        "xor_curvature": 36 * 10,
        "xor_random": 24 * 10,
        "xor_descent": 24 * 10,
        "mnist_walk": 36 * 40,
        "mnist_random": 12 * 12,
        "mnist_two_draws": 24 * 12,
        "mnist_long_steps": 9 * 12,
    },
}


def settings_at(scale, **more):
    numbers = {name: said.scales[scale] for name, said in described_settings(Settings).items()}
    return Settings(**{**numbers, **more})


@pytest.fixture(scope="module")
def priced():
    return {scale: price_cells(settings_at(scale)) for scale in SCALES}


@pytest.fixture(scope="module")
def planned(priced):
    return {scale: [block.planned for block in blocks] for scale, blocks in priced.items()}


@pytest.mark.parametrize("scale", SCALES)
def test_as_many_blocks_as_the_settings_ask_for(planned, scale):
    assert Counter(item.group for item in planned[scale]) == BLOCKS[scale]
    places = [(item.cell.id, item.first) for item in planned[scale]]
    assert len(set(places)) == len(places)
    assert {item.blocks for item in planned[scale]} == {1}


def test_the_first_sample_on_xor_is_the_papers(planned):
    """Ten walks a weight, and as many points in each setting as the paper's grid gives."""
    grid = pd.read_csv(REFERENCE / "architecture_grid_derived.csv")
    grid = grid[grid["dataset"] == "XOR"].set_index(["hidden_width", "hidden_layers"])
    columns = {"micro": "points_per_micro_setting", "macro": "points_per_macro_setting"}
    points: Counter[tuple[Any, ...]] = Counter()
    for item in planned["gpu"]:
        if item.group == "xor_walk" and item.first < 10:
            labels = item.labels
            walks = read_problem(item.cell.problem, item.cell.problem_settings).BLOCK
            place = tuple(labels[n] for n in ("width", "depth", "bound", "granularity"))
            points[place] += walks * labels["steps"]
    assert len(points) == 36
    for (width, depth, _, granularity), count in points.items():
        assert count == grid.loc[(width, depth), columns[granularity]]


def test_steps_and_ranges_are_the_papers(planned):
    printed = pd.read_csv(REFERENCE / "sampling_settings.csv")
    wanted = {
        (row.init_range, row.granularity, row.max_step, row.steps_per_walk)
        for row in printed.itertuples()
    }
    for data_set, problem in (("xor", "xor"), ("mnist", "mnist_walk")):
        found = {
            (
                RANGE_NAMES[item.labels["bound"]].replace(" ", ""),
                item.labels["granularity"],
                item.cell.method_settings["largest_step"],
                item.cell.steps,
            )
            for item in planned["gpu"]
            if item.group == f"{data_set}_walk"
        }
        assert found == wanted
        bounds = {
            (item.labels["bound"], item.cell.problem_settings["bound"])
            for item in planned["gpu"]
            if item.cell.problem == problem
        }
        assert bounds == {(1, 1.0), (10, 10.0)}


def test_controls_differ_from_the_walks_in_one_thing(planned):
    walks = {
        canonical_json({k: v for k, v in item.labels.items() if k != "role"}): item.cell
        for item in planned["gpu"]
        if item.labels["role"] == "walk"
    }
    for item in planned["gpu"]:
        role = item.labels["role"]
        walk = walks[canonical_json({k: v for k, v in item.labels.items() if k != "role"})]
        own, other = item.cell.record(), walk.record()
        changed = {key for key in own if own[key] != other.get(key)}
        if role == "random":
            assert changed - {"points"} == {"method"}
        elif role == "two_draws":
            assert changed == {"problem_settings"}
            assert own["problem_settings"] == other["problem_settings"] | {"draws": "two"}
        elif role == "long_steps":
            assert changed == {"method_settings"}
            assert own["method_settings"]["largest_step"] == 0.2
            assert (item.labels["bound"], item.cell.steps) == (1, 1000)


@pytest.mark.parametrize("scale", SCALES)
def test_probes_come_after_the_walks_that_they_rest_on_and_in_other_jobs(planned, scale):
    made: dict[tuple[str, int], str] = {}
    for item in planned[scale]:
        for target in item.cell.rests_on:
            assert made[target, item.first] != item.job
        made[item.cell.id, item.first] = item.job
    for job in {item.job for item in planned[scale]}:
        groups = {item.group for item in planned[scale] if item.job == job}
        assert len(groups) - ("mnist_controls" in job) * 2 <= 1


def test_a_cell_keeps_points_of_the_first_sample_alone(planned):
    kept = {
        (item.labels["width"], item.labels["depth"]): item.cell.points
        for item in planned["gpu"]
        if item.group == "xor_walk"
    }
    small = [points for (width, _), points in kept.items() if width < 20]
    assert small == [{"every": 1, "blocks": 10}] * 6
    assert kept[20, 1] == {"every": 10, "low_gradient": 0.05, "blocks": 10}
    assert kept[20, 2] == kept[20, 3] == {"drawn": 20, "blocks": 10}
    # 200 points of each setting in a sample
    assert kept[20, 3]["drawn"] * kept[20, 3]["blocks"] == 200
    assert all(not c.cell.points for c in planned["gpu"] if c.labels["data_set"] == "mnist")


def test_float32_visits_all_walks_alike(planned):
    """Points lie step by step: a number that shares a divisor with the walks would pass some by."""
    for item in planned["gpu"]:
        if item.group == "xor_curvature":
            every = item.cell.measure["settings"]["float32_every"]
            walks = read_problem(item.cell.problem, item.cell.problem_settings).BLOCK
            assert len({row % walks for row in range(0, walks * every, every)}) == walks


@pytest.mark.parametrize("scale", SCALES)
def test_blocks_come_one_number_after_another(planned, scale):
    """A run of limited time has the same blocks of every cell of a part."""
    for part in {item.job.rpartition("_")[0] for item in planned[scale]}:
        items = [item for item in planned[scale] if item.job.rpartition("_")[0] == part]
        firsts = [item.first for item in items]
        assert firsts == sorted(firsts)
        assert len({firsts.count(block) for block in set(firsts)}) == 1
    data_sets = [item.labels["data_set"] for item in planned[scale] if "more" not in item.job]
    assert data_sets == sorted(data_sets, reverse=True)


@pytest.mark.parametrize("scale", SCALES)
def test_jobs_take_about_a_minute(priced, scale):
    costs: Counter[str] = Counter()
    for block in priced[scale]:
        costs[block.planned.job] += block.seconds
    last = {job.rpartition("_")[0]: job for job in sorted(costs)}
    longest = max(block.seconds for block in priced[scale])
    for job, cost in costs.items():
        assert cost < JOB_COST + longest
        assert cost >= JOB_COST or job in last.values()


def test_quick_takes_two_minutes_of_two_cores(priced):
    # starts of processes, tables and the notebook take the rest of 240
    assert sum(block.seconds for block in priced["quick"]) < 180


def test_ids_are_those_of_the_published_runs(planned):
    first = {item.group: item.cell.id for item in reversed(planned["gpu"])}
    assert first["xor_walk"] == "43de995f80"
    assert first["xor_curvature"] == "a94a4ffa69"
    assert first["mnist_walk"] == "720cc36042"


def test_values_have_words(planned):
    for item in planned["paper"]:
        assert item.labels["role"] in ROLE_NAMES
        assert item.labels["data_set"] in DATA_NAMES
        assert item.labels["bound"] in RANGE_NAMES
        assert item.cell.method in METHOD_NAMES


def test_a_plan_of_nothing_is_refused():
    with pytest.raises(UserError, match="at least one of them above 0"):
        plan_cells(settings_at("quick", **NONE))


def test_each_setting_leaves_out_what_it_says(planned):
    whole = Counter(item.group for item in planned["gpu"])
    for name, gone in {
        "mnist_walks": {"mnist_walk"},
        "control_walks": {"mnist_random", "mnist_two_draws", "mnist_long_steps"},
        "xor_controls": {"xor_random"},
        "descent_blocks": {"xor_descent"},
    }.items():
        left = Counter(item.group for item in plan_cells(settings_at("gpu", **{name: NONE[name]})))
        assert set(whole) - set(left) == gone
        assert all(left[group] == whole[group] for group in left)
    # without a first sample there is nothing to look at
    small = plan_cells(settings_at("gpu", xor_samples=0))
    assert {i.labels["width"] for i in small if i.labels["data_set"] == "xor"} == {20}


def test_points_of_a_block_are_counted_as_they_are_kept():
    """57 walks of 1,000 steps, each point in float64 and an eleventh in float32."""
    layout = Layout(settings_at("gpu"))
    found = {
        tuple(item.labels[n] for n in ("width", "depth", "bound", "granularity")): item.seconds
        for item in layout.xor_curvature(large=False) + layout.xor_curvature(large=True)
    }
    double, single = POINT_SECONDS[57]
    assert found[4, 3, 1, "micro"] == pytest.approx(57_000 * (double + single / 11))
    assert found[4, 3, 1, "macro"] == pytest.approx(5_700 * (double + single / 11))
    assert found[20, 3, 10, "macro"] == pytest.approx(curvature_seconds(921, 20, 1))
    thinned = Layout(replace(settings_at("gpu"), curvature_every=10)).xor_curvature(large=False)
    assert thinned[0].seconds == pytest.approx(sum(POINT_SECONDS[9]) * 900)


def test_missing_hours_are_those_of_the_blocks_that_are_not_there(priced):
    none = pd.DataFrame({"cell": [], "blocks": []})
    blocks = [p for p in priced["gpu"] if p.planned.group == "mnist_long_steps"]
    whole = sum(p.seconds for p in blocks) / 3600
    assert missing_hours(["mnist_long_steps"], none) == pytest.approx(whole)
    first = blocks[0]
    some = pd.DataFrame({"cell": [first.planned.cell.id], "blocks": [3]})
    left = missing_hours(["mnist_long_steps"], some)
    assert whole - left == pytest.approx(3 * first.seconds / 3600)
    cells = list({p.planned.cell.id for p in blocks})
    assert missing_hours(["mnist_long_steps"], pd.DataFrame({"cell": cells, "blocks": 4})) == 0
    both = missing_hours(["mnist_long_steps", "xor_random"], none)
    assert both == pytest.approx(whole + missing_hours(["xor_random"], none))
