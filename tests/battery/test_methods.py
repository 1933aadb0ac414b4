"""What every method must do, alone and with every modifier around it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.parts.registry import make_method, make_part, part_class
from escaping_minima.vouching.cases import registered

METHODS = registered("methods")
MODIFIERS = registered("modifiers")
#: Every method alone, and with each modifier.
RULES = [(m, None) for m in METHODS] + [(m, around) for m in METHODS for around in MODIFIERS]
PROBLEMS = ("himmelblau", "five_wells")
#: Methods alone on every problem; what is around them, which sees only weights, on the first.
WALKS = [(rule, p) for rule in RULES for p in PROBLEMS if rule[1] is None or p == PROBLEMS[0]]
#: What a method asks for at least once a step, where that is no gradient.
_DESCENT = dict.fromkeys(("ssa", "simulated_annealing", "two_point", "restart_each_step"), "value")
#: Methods that ask for nothing.
_BLIND = ("random_walk",)
STEPS = 60


@pytest.fixture
def walk(battery):
    """Begin a walk of some rows."""

    def begin(rule, problem, rows=None, dtype=torch.float64):
        method, around = rule
        made = battery.busy("methods", method)
        if around is not None:
            made = make_part("modifiers", around, {}).around(made)
        found = battery.PROBLEMS[problem]
        w = battery.starts(found)
        w = (w if rows is None else w[rows].clone()).to(dtype)
        return battery.Walk(made, found, w, rows)

    return begin


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_state_is_of_the_type_and_on_the_device_of_the_weights(battery, rule, dtype):
    method, around = rule
    made = battery.busy("methods", method)
    if around is not None:
        made = make_part("modifiers", around, {}).around(made)
    for device in ("cpu", "meta"):
        w = torch.ones(3, 4, dtype=dtype, device=device)
        state = made.start(w)
        for name, tensor in state.items():
            assert tensor.device.type == device, name
            assert tensor.dtype == dtype or not tensor.is_floating_point(), name
            assert tensor.shape in [(3, 4), (3, 1), ()], name
            assert tensor.data_ptr() != w.data_ptr() or device == "meta", name
        assert len(state) >= 1


@pytest.mark.parametrize(("rule", "problem"), WALKS, ids=str)
def test_a_step_is_in_place(walk, rule, problem):
    one = walk(rule, problem)
    start = one.w.clone()
    where = {name: t.data_ptr() for name, t in {"w": one.w, **one.state}.items()}
    one.go(STEPS).finish()
    assert {n: t.data_ptr() for n, t in {"w": one.w, **one.state}.items()} == where
    assert (one.w != start).any(1).all()
    assert torch.isfinite(one.w).all()


@pytest.mark.parametrize(("rule", "problem"), WALKS, ids=str)
def test_replicates_side_by_side_are_those_of_one_by_one(battery, walk, rule, problem):
    """Bit for bit, decisions and counts included: nothing of a row reaches another."""
    together = walk(rule, problem).go(STEPS).finish().bits()
    # of a vector of four numbers the first and the last, and of what is left over the last
    for row in (0, 3, battery.ROWS - 1):
        alone = walk(rule, problem, slice(row, row + 1)).go(STEPS).finish().bits()
        shared = {n: t if t.dim() == 0 else t[row : row + 1] for n, t in together.items()}
        assert_same(alone, shared)


@pytest.mark.parametrize(("rule", "problem"), WALKS, ids=str)
def test_evaluations_are_those_that_were_asked_for(walk, rule, problem):
    one = walk(rule, problem).go(STEPS).finish()
    found = one.objective
    assert found.gradient_evaluations[:, 0].tolist() == found.asked["gradient"]
    assert found.loss_evaluations[:, 0].tolist() == found.asked["value"]
    asked = min(found.asked[_DESCENT.get(rule[0], "gradient")])
    assert asked == 0 if rule[0] in _BLIND else asked >= STEPS


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_resumed_walk_is_the_whole_one(walk, rule):
    whole = walk(rule, "himmelblau").go(STEPS).finish()
    first = walk(rule, "himmelblau").go(23)
    kept = {name: tensor.clone() for name, tensor in first.bits().items()}
    second = walk(rule, "himmelblau")
    for name, tensor in second.bits().items():
        tensor.copy_(kept[name])
    second.taken = 23
    assert_same(second.go(STEPS - 23).finish().bits(), whole.bits())


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_nothing_comes_from_generators_without_a_name(walk, rule):
    def go(seed):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global generator is what must not be used
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
        found = walk(rule, "himmelblau").go(STEPS).finish().bits()
        assert torch.equal(torch.get_rng_state(), before[0])
        assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
        assert random.getstate() == before[2]
        return found

    assert_same(go(1), go(2))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_step_reads_nothing_back_to_the_host(battery, walk, rule):
    """A GPU would wait for it, and a captured update could not do it."""
    one = walk(rule, "himmelblau")
    # on a GPU masks are not looked at either
    objective = battery.PointsObjective(battery.PROBLEMS["himmelblau"], battery.ROWS, battery.CPU)
    objective.skips = False
    with torch.no_grad(), battery.NothingReadBack():
        for step in range(STEPS):
            one.noise.begin(step)
            one.method.step(one.w, one.state, objective, one.noise)
        one.method.finish(one.w, one.state, objective)


def test_the_check_of_reading_back_sees_it(battery):
    with battery.NothingReadBack(), pytest.raises(AssertionError, match="read back"):
        bool(torch.ones(1).any())


@pytest.mark.parametrize("around", MODIFIERS)
@pytest.mark.parametrize("method", METHODS)
def test_modifiers_leave_to_a_method_whether_it_can_be_captured(method, around):
    made = make_method(method, {})
    changed = make_part("modifiers", around, {}).around(made)
    assert changed.capturable == getattr(made, "capturable", False)


@pytest.mark.parametrize("method", METHODS)
def test_impossible_settings_are_named(method):
    cls = part_class("methods", method)
    for name in ("learning_rate", "radius", "gradient_tolerance"):
        if name in cls.__dataclass_fields__:
            with pytest.raises(ValueError, match=f"^{name} is -1"):
                cls(**{name: -1.0})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_an_optimizer_of_torch(battery, method):
    made = battery.busy("methods", method)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    x = torch.randn(20, 3, dtype=torch.float64)
    settings = {n: 0.05 if n == "learning_rate" else v for n, v in vars(made).items()}
    optimizer = MethodOptimizer(model.parameters(), method, seed=1, **settings)

    def evaluate():
        return (model(x) - x.sum(1, keepdim=True)).square().mean()

    def closure():
        optimizer.zero_grad()
        loss = evaluate()
        loss.backward()
        return loss

    first = float(optimizer.step(closure, evaluate))
    for _ in range(80):
        optimizer.step(closure, evaluate)
    optimizer.finish(closure, evaluate)
    last = closure().item()
    assert np.isfinite(last)
    assert last != first
    assert np.isfinite(first) == (method not in _BLIND)
    again = MethodOptimizer(model.parameters(), method, seed=1, **settings)
    again.load_state_dict(optimizer.state_dict())
    assert again.state_dict()["method"]["taken"] == 81
