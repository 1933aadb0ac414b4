"""Cells of the arena and their searches before any run: refused, named, hashed, scored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import draw_starts
from escaping_minima.errors import UserError
from escaping_minima.kinds.arena import run as running
from escaping_minima.kinds.arena.cell import make_arena_cell
from escaping_minima.kinds.arena.parts import CLOSEST, SCALE_STARTS, places_of, target_losses
from escaping_minima.kinds.arena_search.cell import make_arena_search_cell, tuned_by
from escaping_minima.kinds.arena_search.parts import trial_row
from escaping_minima.kinds.records import read_cell
from escaping_minima.parts.registry import make_problem
from escaping_minima.provenance.sources import deciding_modules

PROBLEM = "six_hump_camel"
SPACE = {
    "learning_rate": {"log_uniform": (0.001, 0.05)},
    "radius": {"log_uniform": (0.1, 2.0)},
    "compare": {"choice": ("previous_minimum", "perturbed_point")},
}


def arena(method="nim_mbh", starts=6, budget=700, **more):
    return make_arena_cell(PROBLEM, method, starts, budget, **more)


def search(method="nim_mbh", space=SPACE, trials=4, starts=5, budget=500, **more):
    return make_arena_search_cell(PROBLEM, method, starts, budget, space, trials, **more)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"starts": 0}, "starts: found 0; allowed: 1 or more"),
        ({"budget": 0}, "budget: found 0; allowed: 1 or more"),
        ({"gradient_cost": 0.0}, "gradient_cost: found 0.0; allowed: above 0"),
        ({"batch": {"first": 2}}, "batch: found first; allowed: first and last"),
        ({"batch": {"first": 1, "last": 2}}, "batch: found last 2; allowed: 1 to 1"),
        ({"targets": 0}, "targets: found 0"),
        ({"path_of": (6,)}, "path_of: found .* allowed: 0 to 5"),
        ({"method_settings": {"speed": 1}}, "unknown setting 'speed'"),
    ],
)
def test_what_cannot_be_run_is_refused(change, said):
    with pytest.raises(UserError, match=said):
        arena(**change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trials": 0}, "trials: found 0; allowed: 1 or more"),
        ({"space": {}}, "space: found no setting"),
        ({"space": {"radius": {"normal": (0, 1)}}}, "found normal; allowed: one of log_uniform"),
        ({"space": {"radius": {"uniform": (-1.0, 1.0)}}}, "radius"),
        ({"space": {"speed": {"choice": (1.0,)}}}, "unknown setting 'speed'"),
    ],
)
def test_what_cannot_be_searched_is_refused(change, said):
    with pytest.raises(UserError, match=said):
        search(**change)
    with pytest.raises(UserError, match="trials: found 5; allowed: 0 to 4"):
        tuned_by(search(), 5)
    with pytest.raises(UserError, match="compare"):
        tuned_by(search(), fixed={"compare": "nothing"})


def test_cells_survive_as_records_and_leave_out_what_they_have_not():
    cell, tuned = arena(), arena(tuned_by=tuned_by(search(), fixed={"radius": 0.0}))
    for one in (cell, tuned, search(), search(series=1)):
        assert read_cell(json.loads(json.dumps(one.record()))).id == one.id
    assert {"tuned_by", "path_of"} & set(cell.record()) == set()
    assert "series" not in search().record()
    assert tuned.rests_on == (search().id,)
    assert len({cell.id, tuned.id, arena(tuned_by=tuned_by(search())).id, search().id}) == 4
    batched = make_arena_cell("scattered_sum", "gd", 5, 100, batch={"first": 1, "last": 64})
    assert batched.record()["batch"] == {"first": 1, "last": 64}


def test_what_decides_numbers_is_hashed():
    modules = deciding_modules(arena(tuned_by=tuned_by(search())).modules())
    names = {name.removeprefix("escaping_minima.") for name in modules}
    assert names >= {
        *("engine.arena", "engine.arena_measures", "engine.columns", "draws.lanes"),
        *("landscape.flow_map", "kinds.search.choice", "methods.nim_mbh", "problems.starting"),
    }
    assert not {name for name in names if name.endswith((".run", ".cell", ".assignment"))}


def test_targets_are_shares_of_the_way_down():
    for name in (PROBLEM, "scattered_sum"):
        problem = make_problem(name, {})
        starts = draw_starts(problem, Streams(name, 0), SCALE_STARTS)
        losses = problem.values(starts) if name == "scattered_sum" else problem.value(*starts.T)
        way = float(np.median(losses.numpy())) - places_of(problem).minimum
        found = np.array(target_losses(name, problem, places_of(problem), 6))
        shares = (found - places_of(problem).minimum) / way
        np.testing.assert_allclose(shares, [1, 1e-1, 1e-2, 1e-3, 1e-4, CLOSEST], rtol=1e-6)
    waves = make_problem("random_waves", {"dimension": 3})
    assert target_losses("random_waves", waves, places_of(waves), 6) == ()


@pytest.mark.parametrize(
    ("start", "loss", "score", "lost"),
    [
        ([4.0, 4.0], [1.0, 2.0], 1.5, 0),
        ([4.0, 1.0], [2.0, 3.0], 1.5, 0),
        ([4.0, 2.0], [np.nan, 1.0], 2.5, 1),
        ([4.0, 2.0], [-np.inf, np.inf], 3.0, 2),
    ],
)
def test_trials_are_judged_by_final_losses_and_never_above_their_starts(start, loss, score, lost):
    counts = {name: np.ones(2) for name in ("gradient_evaluations", "loss_evaluations")}
    table = {"start_loss": np.array(start), "loss": np.array(loss)} | counts
    found = trial_row(table)
    assert (found["score"], found["lost"], found["start_loss"]) == (score, lost, np.mean(start))


def test_cells_that_differ_in_numbers_keep_company():
    one = arena(method_settings={"radius": 0.5})
    numbers = arena(method_settings={"radius": 2.0, "learning_rate": 0.01, "patience": 7})
    assert running.company(one) == running.company(numbers)
    assert running.company(one) == running.company(arena(tuned_by=tuned_by(search())))
    others = [
        arena(method_settings={"compare": "perturbed_point"}),
        arena(budget=701),
        arena("nig_mbh"),
        arena(path_of=(1,)),
    ]
    assert len({running.company(cell) for cell in (one, *others)}) == 5
