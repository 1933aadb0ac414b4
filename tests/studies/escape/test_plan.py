"""The cells of the study: what meets what, once each, and with everything that a claim names."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.landscape.curve import curve_points
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.escape.contestants import (
    CONTESTANTS,
    batch_of,
    cooling,
    off_settings,
    runs_on,
    steps_of,
)
from escaping_minima.studies.escape.evidence import varies
from escaping_minima.studies.escape.layout import Layout
from escaping_minima.studies.escape.plan import plan_cells
from escaping_minima.studies.escape.run_tables import place_of
from escaping_minima.studies.escape.settings import Settings
from escaping_minima.studies.escape.terrain import ARENA, LOCAL, TERRAIN, WELL


def settings_at(scale, **more):
    numbers = {name: said.scales[scale] for name, said in described_settings(Settings).items()}
    return Settings(**{**numbers, **more})


@pytest.fixture(scope="module")
def planned():
    return plan_cells(settings_at("gpu"))


@pytest.fixture(scope="module")
def ids(planned):
    """Return the id of each planned cell: making one takes milliseconds."""
    known = {id(item.cell): item.cell.id for item in planned}
    return [known[id(item.cell)] for item in planned]


def test_a_cell_has_one_name_and_a_block_one_job(planned, ids):
    blocks = Counter(
        (cell, block)
        for cell, item in zip(ids, planned, strict=True)
        for block in range(item.first, item.first + item.blocks)
    )
    assert set(blocks.values()) == {1}
    names = {
        cell: str(sorted(item.labels.items())) for cell, item in zip(ids, planned, strict=True)
    }
    assert len(set(names.values())) == len(names)


def test_tuned_cells_rest_on_searches_that_other_jobs_run(planned, ids):
    jobs = {cell: item.job for cell, item in zip(ids, planned, strict=True)}
    tuned = [item for item in planned if item.cell.rests_on and item.group != "skips"]
    assert len(tuned) > 400
    for item in tuned:
        (search,) = item.cell.rests_on
        assert jobs[search].startswith("search_")
        assert not item.job.startswith("search_")


def test_every_side_of_every_record_has_its_cells(planned):
    places = {
        tuple(str(item.labels[key]) for key in ("role", "problem", "arm", "point"))
        for item in planned
    }
    records = load_records("escape")
    for claim in records.claims:
        for reading in claim.readings:
            for side in reading.sides:
                swept = reading.swept is not None and varies(side, reading.swept)
                for point in records.sweeps[reading.swept] if swept else (None,):
                    named = {reading.swept: point, **side} if swept else side
                    assert place_of(named) in places, (claim.id, named)


def test_every_contestant_meets_every_problem_where_it_is_another_method():
    met = {(i.labels["arm"], i.labels["problem"]) for i in Layout(settings_at("gpu")).arena()}
    every = {(arm, p) for arm in CONTESTANTS for p in ARENA if runs_on(arm, TERRAIN[p])}
    assert met == every
    without = {problem for arm, problem in every if arm == "sgd_1"}
    assert without == {"scattered", "interpolating", "xor_2", "xor_4"}


def test_smaller_scales_leave_out_what_their_settings_say():
    layout = Layout(settings_at("smoke"))
    assert set(layout.arms) == {name for name, one in CONTESTANTS.items() if one.claimed}
    assert not [i for i in layout.networks() if i.labels["problem"].startswith("mnist")]
    assert not Layout(settings_at("quick")).without()


@pytest.mark.parametrize("name", CONTESTANTS)
def test_what_is_searched_are_settings_of_the_method(name):
    contestant, terrain = CONTESTANTS[name], TERRAIN["scattered"]
    space, fixed = (f(terrain, 100) for f in (contestant.space, contestant.fixed))
    for place in (0, -1):
        drawn = {key: list(*ends.values())[place] for key, ends in space.items()}
        make_method(contestant.method, {**fixed, **drawn})
        base = off_settings(contestant.method)
        if base is not None:
            make_method(contestant.method, {**fixed, **drawn, **base})


def test_budgets_pay_for_about_as_many_steps_as_searches_are_told():
    scattered = TERRAIN["scattered"]
    budget = scattered.budget(10_000)
    assert budget == 1000 * 64
    assert steps_of(CONTESTANTS["gd"], scattered, budget) == 333
    assert steps_of(CONTESTANTS["sgd_1"], scattered, budget) == 21_333
    assert batch_of(CONTESTANTS["growing"], scattered) == {"first": 1, "last": 64}
    assert batch_of(CONTESTANTS["sgd_1"], TERRAIN["plane"]) == {}
    assert cooling(4, 1000) ** 1000 == pytest.approx(1e-4, rel=1e-3)


def test_units_of_the_problems_are_those_of_their_starts():
    for key, terrain in TERRAIN.items():
        if terrain.kind != "function" or terrain.lowest is None or key == "curve_wide":
            continue
        problem = make_problem(terrain.problem, terrain.settings)
        low = np.array(getattr(problem, "start_lower", problem.lower))
        high = np.array(getattr(problem, "start_upper", problem.upper))
        starts = low + (high - low) * np.random.default_rng(0).random((2000, len(low)))
        values = problem.value(*starts.T) if len(low) == 2 else problem.height(starts[:, 0])
        above = float(np.median(values)) - terrain.lowest
        assert terrain.height == pytest.approx(above, rel=0.2 if key != "curve_beside" else 3)


def test_steepest_minima_are_as_said():
    for key in ("himmelblau", "three_hump", "six_hump"):
        function = make_problem(TERRAIN[key].problem, TERRAIN[key].settings)
        minima = [p for p in stationary_points(function) if p.kind == "minimum"]
        assert TERRAIN[key].steepest == pytest.approx(
            max(p.eigenvalue_max for p in minima), rel=1e-2
        )
        assert TERRAIN[key].lowest == pytest.approx(min(p.value for p in minima), abs=1e-3)
    for key, at, which in (("curve", WELL, "curve"), ("scattered_at", LOCAL, "scattered")):
        curve = make_problem(TERRAIN[which].problem, TERRAIN[which].settings)
        assert min(abs(p.x - at) for p in curve_points(curve)) < 1e-9
        slopes = curve.slope(np.array([at - 1e-5, at + 1e-5]))
        assert TERRAIN[key].steepest == pytest.approx((slopes[1] - slopes[0]) / 2e-5, rel=1e-3)
