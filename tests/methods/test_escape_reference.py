"""The seven methods of leaving a minimum, batched, against a loop over one start at a time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points_objective import PointsObjective
from escaping_minima.engine.scheduled import with_tensor
from escaping_minima.parts.registry import make_method, make_problem, part_class
from escaping_minima.problems.points import draw_starts

CPU = torch.device("cpu")
ROWS, STEPS = 6, 170
NEW = (
    *("warm_restarts", "langevin", "two_point", "perturbed_gradient", "minibatch_metropolis"),
    *("random_restarts", "restart_each_step"),
)


@pytest.fixture(scope="module")
def slow(load_module):
    return load_module(Path(__file__).with_name("escape_reference.py"))


@pytest.fixture(scope="module", params=["himmelblau", "six_hump_camel"])
def surface(request, slow_problems):
    """Return a problem, and its gradient and value written out elsewhere, of a list."""
    name = request.param
    functions = slow_problems.GRADIENTS[name], slow_problems.VALUES[name]
    return name, *(lambda w, f=f: f(tuple(w)) for f in functions)


class Recorded:
    """The draws of a block, kept by purpose as they are asked for."""

    def __init__(self, name, dimension):
        self._paged = PagedNoise([Streams(name, 5)], ROWS, dimension, CPU)
        self.given = {}

    def begin(self, step):
        self._paged.begin(step)

    def __call__(self, mask=None):
        drawn = self._keep("ball", self._paged())
        return drawn if mask is None else drawn * mask

    def normal(self, purpose):
        return self._keep(purpose, self._paged.normal(purpose))

    def uniform(self, purpose):
        return self._keep(purpose, self._paged.uniform(purpose))

    def uniform_each(self, purpose):
        return self._keep(purpose, self._paged.uniform_each(purpose))

    def _keep(self, purpose, drawn):
        self.given.setdefault(purpose, []).append(drawn.clone())
        return drawn

    def of(self, row):
        """Return all draws of a replicate, as lists."""
        return {name: [d[row].tolist() for d in drawn] for name, drawn in self.given.items()}


class Walk:
    """A method on a few starts of a function of the plane, with its whole path."""

    def __init__(self, method, name, steps=STEPS):
        problem = make_problem(name, {})
        starts = draw_starts(problem, Streams(name, 5))[:ROWS]
        self.w = torch.from_numpy(starts.T.copy()).T
        self.starts = self.w.tolist()
        self.noise = Recorded(name, 2)
        self.objective = PointsObjective(problem, ROWS, CPU)
        self.state = method.start(self.w)
        self.path, self.kept = [], []
        with torch.no_grad():
            for step in range(steps):
                self.noise.begin(step)
                method.step(self.w, self.state, self.objective, self.noise)
                self.path.append(self.w.clone())
                self.kept.append(self.state.get("accepted", self.w[:, :1]).clone())
            method.finish(self.w, self.state, self.objective)
        self.path = torch.stack(self.path, 1)

    def losses(self):
        return self.objective.loss_evaluations[:, 0].tolist()

    def gradients(self):
        return self.objective.gradient_evaluations[:, 0].tolist()


def assert_path(found, expected, steps=STEPS):
    np.testing.assert_allclose(found[:steps].numpy(), expected[:steps], rtol=1e-9, atol=1e-9)


def test_warm_restarts(surface, slow):
    name, gradient, _ = surface
    settings = {"learning_rate": 0.004, "lowest": 0.25, "period": 7, "growth": 2}
    walk = Walk(make_method("warm_restarts", settings), name)
    assert walk.gradients() == [STEPS] * ROWS
    for row, start in enumerate(walk.starts):
        path = slow.warm_restarts(gradient, start, STEPS, 0.004, 0.001, 7, 2)
        assert_path(walk.path[row], path)
        wrong = slow.warm_restarts(gradient, start, STEPS, 0.004, 0.001, 7, 1)
        assert np.abs(np.subtract(path, wrong)).max() > 1e-3


def test_langevin(surface, slow):
    name, gradient, _ = surface
    settings = {"learning_rate": 0.004, "temperature": 2.0, "cooling": 0.99}
    walk = Walk(make_method("langevin", settings), name)
    assert (walk.gradients(), walk.losses()) == ([STEPS] * ROWS, [0] * ROWS)
    for row, start in enumerate(walk.starts):
        assert_path(
            walk.path[row],
            slow.langevin(gradient, start, walk.noise.of(row), 0.004, 2.0, 0.99),
        )


def test_two_point(surface, slow):
    name, _, value = surface
    schedule = {"rate_delay": 50.0, "rate_power": 0.8, "distance_delay": 20.0}
    settings = {"learning_rate": 0.01, "distance": 0.3, "distance_power": 0.3} | schedule
    walk = Walk(make_method("two_point", settings), name)
    assert (walk.gradients(), walk.losses()) == ([0] * ROWS, [2 * STEPS] * ROWS)
    for row, start in enumerate(walk.starts):
        draws = walk.noise.of(row)
        assert_path(
            walk.path[row], slow.two_point(value, start, draws, 0.01, 0.3, 50.0, 0.8, 20.0, 0.3)
        )


@pytest.mark.parametrize("stays", [True, False])
def test_perturbed_gradient(surface, slow, stays):
    name, gradient, value = surface
    settings = {"learning_rate": 0.004, "radius": 0.5, "gradient_tolerance": 2.0}
    settings |= {"patience": 9, "least_decrease": 0.02, "stays": stays}
    walk = Walk(make_method("perturbed_gradient", settings), name)
    kicks = returns = 0
    for row, start in enumerate(walk.starts):
        numbers = 0.004, 0.5, 2.0, 9, 0.02, stays
        path, kicked, back = slow.perturbed_gradient(
            gradient, value, start, walk.noise.of(row), *numbers
        )
        assert_path(walk.path[row], path)
        assert walk.losses()[row] - kicked in (kicked, kicked - 1)
        assert walk.gradients()[row] == STEPS + kicked + back
        kicks, returns = kicks + kicked, returns + back
    assert returns == ROWS if stays else returns > 2 * ROWS
    # some led further down
    assert kicks > returns


def test_random_restarts(surface, slow):
    name, gradient, value = surface
    settings = {"learning_rate": 0.004, "steps_each": 40, "lower": -2.0, "upper": 2.0}
    walk = Walk(make_method("random_restarts", settings), name)
    for row, start in enumerate(walk.starts):
        path, descents, best = slow.random_restarts(
            gradient, value, start, walk.noise.of(row), 0.004, 40, -2.0, 2.0
        )
        assert_path(walk.path[row], path)
        assert walk.w[row].tolist() == pytest.approx(best, abs=1e-9)
        assert walk.losses()[row] == descents == 5
        assert walk.gradients()[row] == STEPS
    assert (walk.w != walk.path[:, -1]).any(1).sum() > 2


@pytest.mark.parametrize("fresh", [True, False])
def test_restart_each_step(surface, slow, fresh):
    name, _, value = surface
    settings = {"lower": -3.0, "upper": 3.0, "fresh": fresh}
    walk = Walk(make_method("restart_each_step", settings), name)
    assert walk.gradients() == [0] * ROWS
    assert walk.losses() == [2 * STEPS if fresh else STEPS + 1] * ROWS
    for row, start in enumerate(walk.starts):
        assert_path(
            walk.path[row],
            slow.restart_each_step(value, start, walk.noise.of(row), -3.0, 3.0),
        )


@pytest.mark.parametrize(
    ("proposal", "test", "fresh"),
    [
        ("langevin", "full", True),
        ("langevin", "full", False),
        ("gaussian", "naive", True),
        ("gaussian", "full", False),
    ],
)
def test_metropolis_of_an_exact_loss(surface, slow, proposal, test, fresh):
    name, gradient, value = surface
    settings = {"proposal": proposal, "test": test, "fresh": fresh}
    settings |= {"learning_rate": 0.008, "temperature": 3.0, "cooling": 0.999}
    walk = Walk(make_method("minibatch_metropolis", settings), name)
    asked = walk.gradients() if proposal == "langevin" else walk.losses()
    assert asked == [2 * STEPS if fresh else STEPS + 1] * ROWS
    kept = torch.stack(walk.kept, 1)[:, :, 0]
    for row, start in enumerate(walk.starts):
        numbers = 0.008, 3.0, 0.999, proposal == "gaussian"
        path, decided = slow.metropolis_adjusted(
            gradient, value, start, walk.noise.of(row), *numbers
        )
        assert kept[row].tolist() == decided
        assert_path(walk.path[row], path)
    assert 0.1 < kept.double().mean() < 0.9


def test_without_a_test_every_proposal_is_kept(surface, slow):
    name, gradient, _ = surface
    settings = {"learning_rate": 0.004, "temperature": 2.0, "test": "none"}
    walk = Walk(make_method("minibatch_metropolis", settings), name)
    assert (walk.gradients(), walk.losses()) == ([STEPS] * ROWS, [0] * ROWS)
    for row, start in enumerate(walk.starts):
        draws = {"diffusion": walk.noise.of(row)["proposal"]}
        assert_path(walk.path[row], slow.langevin(gradient, start, draws, 0.004, 2.0, 1.0))


@pytest.mark.parametrize("method", [m for m in NEW if part_class("methods", m).BASE])
def test_what_a_method_says_is_off_is_its_base(method):
    """Bit for bit; with its defaults it is not."""
    made = part_class("methods", method)
    go = partial(Walk, name="himmelblau")
    base = go(make_method(made.BASE, {"learning_rate": 0.004}))
    off = go(make_method(method, {"learning_rate": 0.004, **made.OFF}))
    assert torch.equal(off.path, base.path)
    assert torch.equal(off.w, base.w)
    eager = {"steps_each": 50, "gradient_tolerance": 5.0}
    own = {name: v for name, v in eager.items() if name in made.__dataclass_fields__}
    on = go(make_method(method, {"learning_rate": 0.004, **own}))
    assert not torch.equal(on.path, base.path)


@pytest.mark.parametrize("method", NEW)
def test_numbers_may_differ_from_row_to_row(method):
    """A column of one number in every row does what the number does, bit for bit."""
    often = {"steps_each": 6, "period": 4, "growth": 2, "temperature": 3.0, "patience": 5}
    often |= {"gradient_tolerance": 20.0, "learning_rate": 0.004}
    made = part_class("methods", method)
    own = {name: v for name, v in often.items() if name in made.__dataclass_fields__}
    plain = make_method(method, own)
    expected = Walk(plain, "himmelblau", 70)
    joined = plain
    for name, value in vars(plain).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and name not in getattr(made, "APART", ()):
            column = torch.full((ROWS, 1), float(value), dtype=torch.float64)
            joined = with_tensor(joined, name, column)
    assert joined is not plain
    found = Walk(joined, "himmelblau", 70)
    assert torch.equal(found.path, expected.path)
    assert torch.equal(found.w, expected.w)


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("warm_restarts", {"lowest": 1.5}),
        ("warm_restarts", {"period": 0}),
        ("warm_restarts", {"growth": 0}),
        ("langevin", {"temperature": -0.1}),
        ("langevin", {"cooling": 1.1}),
        ("two_point", {"distance": 0.0}),
        ("two_point", {"rate_delay": 0.0}),
        ("two_point", {"distance_power": -1.0}),
        ("perturbed_gradient", {"patience": 0}),
        ("perturbed_gradient", {"least_decrease": -1.0}),
        ("random_restarts", {"steps_each": -1}),
        ("random_restarts", {"lower": 1.0}),
        ("restart_each_step", {"lower": 2.0}),
        ("minibatch_metropolis", {"temperature": 0.0}),
        ("minibatch_metropolis", {"cooling": 0.0}),
        ("minibatch_metropolis", {"proposal": "cauchy"}),
        ("minibatch_metropolis", {"test": "barkers"}),
        ("minibatch_metropolis", {"least_batch": 1}),
        ("minibatch_metropolis", {"fresh": False}),
    ],
    ids=str,
)
def test_impossible_settings_are_named(method, settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"^{name} is .*; allowed: "):
        part_class("methods", method)(**settings)
