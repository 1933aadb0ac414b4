"""What methods are shown in the arena and what they pay for it; methods joined in columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from escaping_minima.draws.lane_noise import LaneNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena_objective import ArenaObjective, BatchLine
from escaping_minima.engine.columns import Joined, apart_of, columns_of, groups
from escaping_minima.parts.registry import make_method, make_problem

CPU = torch.device("cpu")
STREAMS = [Streams("scattered_sum", 0), Streams("scattered_sum", 1)]
ROWS = 5


def objective(first=None, last=None, cost=3.0, budget=100.0, **settings):
    problem = make_problem("scattered_sum", {"items": 12, **settings})
    line = None if first is None else BatchLine(first, last or first, budget, cost)
    return ArenaObjective(problem, STREAMS, ROWS, CPU, cost, line)


def points():
    return torch.linspace(-1.5, 1.5, 2 * ROWS, dtype=torch.float64).unsqueeze(1)


def test_a_batch_is_what_all_looks_of_a_step_see():
    one, w = objective(4), points()
    g, f, items = w.clone(), w.clone(), w.new_empty(len(w), 4)
    for step in range(3):
        one.begin(step)
        assert one.items == 4
        one.item_values(w, items)
        one.value(w, f)
        one.gradient(w, g)
        torch.testing.assert_close(f, items.mean(1, keepdim=True))
        h = 1e-6
        up, down = w.clone(), w.clone()
        one.value(w + h, up)
        one.value(w - h, down)
        torch.testing.assert_close(g, (up - down) / (2 * h), rtol=1e-6, atol=1e-6)
        part = w.new_empty(len(w), 2)
        one.item_values(w, part, first=1)
        assert torch.equal(part, items[:, 1:3])
    before = f.clone()
    one.settle()
    one.value(w, f)
    torch.testing.assert_close(f, one.problem.values(w))
    assert (f - before).abs().max() > 1e-3
    assert one.items == 12


def test_without_batches_single_items_are_those_of_all():
    one, w = objective(), points()
    every, some = w.new_empty(len(w), 12), w.new_empty(len(w), 3)
    one.begin(0)
    one.item_values(w, every)
    one.item_values(w, some, first=4)
    assert torch.equal(every, one.problem.item_values(w, None))
    assert torch.equal(some, every[:, 4:7])
    assert one.tally[:, :, 0].tolist() == [[15.0] * 10, [0.0] * 10, [15.0] * 10]


def test_each_look_costs_its_items():
    one, w = objective(4, cost=2.5), points()
    mask = torch.zeros(2 * ROWS, 1, dtype=torch.bool)
    mask[3] = True
    g, f, kept = w.clone(), w.clone(), w.clone()
    one.begin(0)
    one.gradient(w, g, loss=f)
    one.gradient(w, kept, mask=mask)
    one.value(w, kept, mask=mask)
    one.value(w, f, mask=mask.logical_not() & mask)
    spent, gradients, losses = one.tally[:, :, 0].tolist()
    assert spent == [2.5 * 4 + (row == 3) * (2.5 * 4 + 4) for row in range(10)]
    assert gradients == [4 + 4 * (row == 3) for row in range(10)]
    assert losses == [4 * (row == 3) for row in range(10)]
    others = mask[:, 0].logical_not()
    assert torch.equal(kept[others], w[others])
    torch.testing.assert_close(kept[3], f[3])


def test_a_batch_grows_with_the_budget_that_descent_would_spend():
    line = BatchLine(2, 10, 300.0, 3.0)
    sizes = [line.size(step) for step in range(40)]
    spent, slow = 0.0, []
    for _ in range(40):
        slow.append(round(2 + 8 * min(1.0, spent / 300.0)))
        spent += 3.0 * slow[-1]
    assert sizes == slow
    assert (sizes[0], sizes[-1]) == (2, 10)
    assert BatchLine(5, 5, 300.0, 3.0).size(1000) == 5
    assert line.largest == 10


@dataclass(frozen=True)
class Shaken:
    """A problem whose gradient is shaken by draws, or not."""

    source: str = "shaking"
    lower: ClassVar = (-1.0, -1.0, -1.0)
    upper: ClassVar = (1.0, 1.0, 1.0)

    def values(self, w):
        return w.square().sum(1, keepdim=True)

    def gradients(self, w):
        return 2 * w

    def noisy_gradients(self, w, chosen, noise):
        assert chosen is None
        return 2 * w + noise.normal("shake", (3,))


def test_a_source_shakes_gradients_alone_and_alike_within_a_step():
    w = torch.ones(2 * ROWS, 3, dtype=torch.float64)
    shaken = ArenaObjective(Shaken(), STREAMS, ROWS, CPU, 3.0)
    calm = ArenaObjective(Shaken("none"), STREAMS, ROWS, CPU, 3.0)
    seen = []
    for step in range(2):
        shaken.begin(step)
        for _ in range(2):
            g, f = w.clone(), w[:, :1].clone()
            shaken.gradient(w, g, loss=f)
            assert (f == 3).all()
            seen.append(g)
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])
    shaken.settle()
    for one in (shaken, calm):
        g = w.clone()
        one.gradient(w, g)
        assert torch.equal(g, 2 * w)


@dataclass(frozen=True)
class Odd:
    """A method with a number that must be one, and a word."""

    APART: ClassVar = ("period",)

    rate: float = 0.1
    period: int = 2
    word: str = "a"
    flag: bool = False
    rates: tuple[float, ...] = (1.0,)

    def start(self, w):
        return {"steps": w.new_zeros(())}

    def step(self, w, state, objective, noise):
        for _ in range(self.period):
            w.sub_(self.rate)

    def finish(self, w, state, objective):
        if self.rate > 0:
            w.zero_()


def test_numbers_are_columns_but_those_that_a_method_names():
    assert columns_of(Odd()) == {"rate": 0.1}
    assert columns_of(make_method("adagrad", {})) == {"initial_sum": 0.0}
    assert set(columns_of(make_method("simulated_annealing", {}))) == {
        *("deviation", "temperature", "floor", "cooling"),
    }
    assert apart_of(Odd(rate=1.0)) == apart_of(Odd(rate=2.0))
    changes = ({"period": 3}, {"word": "b"}, {"flag": True}, {"rates": (2.0,)})
    assert len({apart_of(replace(Odd(), **change)) for change in changes} | {apart_of(Odd())}) == 5
    methods = {0: Odd(1.0), 1: Odd(period=3), 2: Odd(2.0), 3: Odd(3.0, period=3)}
    assert groups(methods) == [[0, 2], [1, 3]]


def test_columns_do_to_each_lane_what_its_numbers_do():
    w = torch.zeros(6, 3, dtype=torch.float64)
    joined = Joined([Odd(0.1), Odd(0.5)], 3, CPU)
    joined.step(w, joined.start(w), None, None)
    assert torch.equal(w[:3], torch.full((3, 3), -0.2, dtype=torch.float64))
    assert torch.equal(w[3:], torch.full((3, 3), -1.0, dtype=torch.float64))


def test_what_cannot_be_joined_is_refused_and_a_number_that_is_none_is_named():
    with pytest.raises(ValueError, match="differ in more than numbers"):
        Joined([Odd(), Odd(period=3)], 3, CPU)
    w = torch.zeros(2, 1, dtype=torch.float64)
    joined = Joined([Odd()], 2, CPU)
    with pytest.raises(RuntimeError, match="ambiguous") as caught:
        joined.finish(w, {}, None)
    assert "Odd runs with columns (rows, 1) as its settings rate" in caught.value.__notes__[0]


@pytest.mark.parametrize("name", ["gd", "nim_mbh", "simulated_annealing", "ssa", "sgd_sa"])
def test_columns_are_the_method_itself_to_the_last_digits(name):
    """Alone, with plain numbers, over steps in which no difference has grown."""
    problem = make_problem("six_hump_camel", {})
    streams = Streams("six_hump_camel", 0)
    settings = {"learning_rate": 0.01} if name in ("gd", "nim_mbh", "sgd_sa") else {}
    cooling = {} if name in ("gd", "nim_mbh") else {"cooling": 0.9, "temperature": 2.0}
    method = make_method(name, settings | cooling)
    start = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (2, 7))).T
    ends, counts = [], []
    for one in (method, Joined([method], 7, CPU)):
        w = start.T.clone().T
        objective = ArenaObjective(problem, [streams], 7, CPU, 3.0)
        noise = LaneNoise([streams], 7, 2, CPU, False)
        state = one.start(w)
        for step in range(30):
            noise.begin(step)
            objective.begin(step)
            one.step(w, state, objective, noise)
        ends.append(w)
        counts.append(objective.spent)
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-9, atol=1e-9)
    assert Counter(counts[0][:, 0].tolist()) == Counter(counts[1][:, 0].tolist())
    assert (ends[0] - start).abs().max() > 1e-2
