"""The arena against plain loops; a lane's numbers depend on its method and its block alone."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import ArenaPlan, Lane, draw_starts, run_arena
from escaping_minima.engine.arena_measures import PATH_POINTS
from escaping_minima.engine.arena_places import AtLevels, InRegions
from escaping_minima.engine.columns import columns_of
from escaping_minima.engine.session import NoSession, Stopped
from escaping_minima.landscape.regions import regions, shares
from escaping_minima.parts.registry import make_method, make_problem, part_class
from escaping_minima.vouching.cases import registered

CPU = torch.device("cpu")
#: Settings by which decisions come often.
BUSY = {
    "learning_rate": 0.01,
    "gradient_tolerance": 3.0,
    "patience": 6,
    "radius": 0.5,
    "deviation": 0.3,
    "cooling": 0.97,
    "period": 7,
    "steps_each": 9,
    "temperature": 0.3,
    "initial_sum": 0.2,
}
#: By what numbers are multiplied in lanes side by side, where the method allows it.
FACTORS = (1.0, 0.6, 1.4, 0.6)
TARGETS = tuple(20.0 * 0.4**power for power in range(12))


@pytest.fixture(scope="module")
def loops(load_module):
    return load_module(Path(__file__).with_name("arena_loops.py"))


def busy(name, **more):
    cls = part_class("methods", name)
    own = {f.name for f in fields(cls)}
    return make_method(name, {k: v for k, v in (BUSY | more).items() if k in own})


def scaled(method, factor):
    """Return a method with every number that may be a column multiplied, where it takes that."""
    for name in columns_of(method):
        value = getattr(method, name)
        other = type(value)(value * factor)
        try:
            method = replace(method, **{name: other})
        except ValueError:
            continue
    return method


def plan_of(name, starts=9, budget=400, **more):
    problem = make_problem(name, more.pop("settings", {}))
    places = AtLevels(problem.levels) if hasattr(problem, "levels") else None
    if len(problem.lower) <= 2:
        places = InRegions(regions(problem))
    known = {} if places is None else {"places": places}
    return ArenaPlan(problem, starts, budget, 3.0, **known, targets=TARGETS, **more)


def run(plan, lanes, session=None):
    return run_arena(plan, lanes, "key", CPU, session or NoSession())


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert table.keys() == other[name].keys()
        for column, values in table.items():
            np.testing.assert_array_equal(values, other[name][column], err_msg=f"{name} {column}")


@pytest.mark.parametrize("name", registered("methods"))
@pytest.mark.parametrize(
    ("problem", "batch"),
    [("six_hump_camel", {}), ("xor_sum", {"first": 1, "last": 3})],
)
def test_lanes_are_the_same_alone_and_beside_other_settings_and_blocks(name, problem, batch):
    plan = plan_of(problem, budget=150, batch=batch, path_of=(2,))
    methods = [scaled(busy(name), factor) for factor in FACTORS]
    blocks = [0, 1, 0, 2]
    lanes = [Lane(m, Streams(problem, b)) for m, b in zip(methods, blocks, strict=True)]
    together = run(plan, lanes)
    # those with others on both sides, of two settings and two blocks
    for lane, beside in zip(lanes[1:3], together[1:3], strict=True):
        assert_same(run(plan, [lane])[0], beside)
    if columns_of(methods[0]):
        ends = [tables[""]["loss"] for tables in together]
        assert (ends[0] != ends[2]).any()


@pytest.mark.parametrize("name", ["gd", "sam", "nim_bh", "nig_mbh", "random_restarts", "ssa"])
def test_tables_are_those_of_plain_loops(loops, name):
    plan = plan_of("six_hump_camel", budget=300)
    found, streams = plan.places.regions, Streams("six_hump_camel", 3)
    method = busy(name, lower=-2.0, upper=2.0, temperature=3.0)
    (tables,) = run(plan, [Lane(method, streams)])
    starts = draw_starts(plan.problem, streams, plan.starts)
    steps = loops.path_of_steps(plan.problem, method, streams, starts, plan.budget, 3.0)
    best = set(np.flatnonzero(found.best))

    def loss_of(place):
        return float(plan.problem.value(*place.tolist()))

    def label_of(place):
        return int(found.label(place.numpy()[None])[0])

    known = (plan.budget, loss_of, label_of, best, TARGETS)
    slow = [loops.measure(*steps, row, *known) for row in range(plan.starts)]
    table = tables[""]
    for row, (columns, _) in enumerate(slow):
        for column, value in columns.items():
            assert table[column][row] == pytest.approx(value, rel=1e-12, abs=1e-14), column
    reached = {(row, i): cost for row, (_, found) in enumerate(slow) for i, cost in found.items()}
    by_target = tables["targets"]
    keys = zip(by_target["replicate"].tolist(), by_target["target"].tolist(), strict=True)
    assert dict(zip(keys, by_target["cost"].tolist(), strict=True)) == reached
    if name in ("nim_bh", "random_restarts", "ssa"):
        assert (table["escape_cost"] > 0).any()
    # replicates that perturb at different times have spent their budgets at different steps
    assert (len({*table["cost"].tolist()}) > 1) == (name in ("nim_bh", "nig_mbh"))


@pytest.mark.parametrize("name", ["adagrad", "nim_mbh", "simulated_annealing", "random_restarts"])
def test_resumed_runs_give_the_same_bits(runs, name):
    budget = 320 if name == "simulated_annealing" else 700
    plan = plan_of("six_hump_camel", budget=budget, path_of=(0, 8))
    lanes = [Lane(scaled(busy(name), f), Streams("six_hump_camel", 0)) for f in (1.0, 0.6)]
    whole = run(plan, lanes)
    for pages in ([1], [0, 1]):
        session = runs.MemorySession()
        for page in pages:
            session.should_stop = runs.StopAt(page)
            with pytest.raises(Stopped):
                run(plan, lanes, session)
        session.should_stop = bool
        for one, other in zip(run(plan, lanes, session), whole, strict=True):
            assert_same(one, other)


def test_what_had_ended_when_a_run_was_stopped_stays_as_it_ended(runs):
    plan = plan_of("six_hump_camel", starts=40, budget=460)
    lanes = [Lane(busy("nim_mbh"), Streams("six_hump_camel", 0))]
    session = runs.MemorySession(runs.StopAt(1))
    with pytest.raises(Stopped):
        run(plan, lanes, session)
    assert 0 < session.load("key")["has_ended"].double().mean() < 1
    session.should_stop = bool
    assert_same(run(plan, lanes, session)[0], run(plan, lanes)[0])


def test_batches_are_resumed_too(runs):
    plan = plan_of("scattered_sum", budget=2000, batch={"first": 2, "last": 8})
    lanes = [Lane(busy("gd"), Streams("scattered_sum", block)) for block in (0, 1)]
    session = runs.MemorySession(runs.StopAt(1))
    with pytest.raises(Stopped):
        run(plan, lanes, session)
    session.should_stop = bool
    for one, other in zip(run(plan, lanes, session), run(plan, lanes), strict=True):
        assert_same(one, other)


def test_descent_ends_where_it_began_and_shares_are_the_areas():
    problem = make_problem("gentle_plane", {})
    plan = plan_of("gentle_plane", starts=2000, budget=1500)
    lane = Lane(make_method("gd", {"learning_rate": 0.1}), Streams("gentle_plane", 0))
    table = run(plan, [lane])[0][""]
    stayed = table["start_region"] == table["end_region"]
    # a step of descent is no flow: right at the border it may land on the other side
    assert stayed.mean() > 0.99
    area = shares(problem)[plan.places.regions.best].sum()
    assert 0.3 < area < 0.7
    assert table["best"].mean() == pytest.approx(area, abs=3 * (0.25 / 2000) ** 0.5)
    assert ((table["best_cost"] == 0) == plan.places.is_best(table["start_region"])).all()


def test_the_best_of_some_random_starts_is_known_from_one():
    """Two descents of 60 steps, each with a look at its end, on 64 items."""
    plan = plan_of("scattered_sum", starts=1000, budget=2 * (60 * 3 + 1) * 64)
    lower, upper = plan.problem.lower[0], plan.problem.upper[0]
    settings = {"learning_rate": 0.3, "steps_each": 60, "lower": lower, "upper": upper}
    lane = Lane(make_method("random_restarts", settings), Streams("scattered_sum", 0))
    share = shares(plan.problem)[plan.places.regions.best].sum()
    assert share == pytest.approx((upper - plan.problem.top) / (upper - lower), abs=2e-3)
    expected = 1 - (1 - share) ** 2
    found = run(plan, [lane])[0][""]["best"].mean()
    assert found == pytest.approx(expected, abs=3 * (expected * (1 - expected) / 1000) ** 0.5)
    assert abs(expected - share) > 0.2


def test_the_first_starts_are_the_same_however_many_there_are():
    few, many = plan_of("himmelblau", starts=3), plan_of("himmelblau", starts=8)
    lane = Lane(busy("gd"), Streams("himmelblau", 1))
    one, other = run(few, [lane])[0][""], run(many, [lane])[0][""]
    np.testing.assert_array_equal(one["loss"], other["loss"][:3])


def test_paths_lead_from_start_to_end_and_are_short():
    plan = plan_of("six_hump_camel", budget=3000, path_of=(1, 4))
    (tables,) = run(plan, [Lane(busy("nig"), Streams("six_hump_camel", 0))])
    paths, table = tables["paths"], tables[""]
    assert set(paths) == {"replicate", "cost", "loss", "w0", "w1"}
    for row in (1, 4):
        own = {name: column[paths["replicate"] == row] for name, column in paths.items()}
        assert PATH_POINTS * 0.9 < len(own["cost"]) <= PATH_POINTS
        assert (np.diff(own["cost"]) >= 0).all()
        assert (own["cost"][0], own["cost"][-1]) == (0.0, table["cost"][row])
        assert (own["loss"][0], own["loss"][-1]) == (table["start_loss"][row], table["loss"][row])
        np.testing.assert_allclose(
            own["loss"], plan.problem.value(own["w0"], own["w1"]), rtol=1e-12
        )


def test_what_diverges_is_a_result():
    plan = plan_of("six_hump_camel", budget=200)
    lane = Lane(make_method("gd", {"learning_rate": 5.0}), Streams("six_hump_camel", 0))
    table = run(plan, [lane])[0][""]
    assert not np.isfinite(table["loss"]).any()
    assert np.isfinite(table["lowest_loss"]).all()
    assert (table["end_region"] == -1).all()
    assert not table["best"].any()


def test_who_looks_at_nothing_comes_to_an_end():
    plan = plan_of("six_hump_camel", budget=50)
    lane = Lane(busy("random_walk"), Streams("six_hump_camel", 0))
    table = run(plan, [lane])[0][""]
    assert (table["cost"] == 50).all()
    assert (table["gradient_evaluations"] + table["loss_evaluations"] == 0).all()


def test_another_cost_of_a_gradient_gives_more_or_fewer_of_them():
    plan = plan_of("six_hump_camel", budget=100)
    lane = Lane(busy("gd"), Streams("six_hump_camel", 0))
    for cost, gradients in ((3.0, 33), (1.0, 100)):
        table = run(replace(plan, gradient_cost=cost), [lane])[0][""]
        assert (table["gradient_evaluations"] == gradients).all()
        assert (table["cost"] == gradients * cost).all()


def test_unwatched_runs_end_alike():
    plan = plan_of("six_hump_camel", budget=200)
    lane = Lane(busy("nim_mbh"), Streams("six_hump_camel", 0))
    watched, other = run(plan, [lane])[0][""], run(replace(plan, is_watched=False), [lane])[0][""]
    for column in ("start_loss", "loss", "cost", "end_region"):
        np.testing.assert_array_equal(watched[column], other[column])


def test_levels_say_who_has_left_and_who_has_arrived():
    plan = plan_of("xor_sum", starts=30, budget=9_000)
    lane = Lane(make_method("gd", {"learning_rate": 2.0}), Streams("xor_sum", 0))
    table = run(plan, [lane])[0][""]
    levels = np.array(plan.problem.levels)
    near = np.abs(table["loss"][:, None] - levels).min(1) < 0.01
    assert (table["end_region"][near] == np.abs(table["loss"][near, None] - levels).argmin(1)).all()
    assert (table["end_region"][~near] == -1).all()
    assert (table["best"] == (table["loss"] < 0.01)).all()
    left = table["lowest_loss"] < levels[1] - 0.01
    assert ((table["escape_cost"] > 0) == left).all()
    assert 0 < left.mean() < 1
