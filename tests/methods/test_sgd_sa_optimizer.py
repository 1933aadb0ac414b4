"""SGD-SA and SSA in people's own training: what they ask for, cooling, epochs, refusals."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from escaping_minima.errors import UserError
from escaping_minima.methods.lifted.closure_objective import ClosureObjective
from escaping_minima.methods.lifted.flat_parameters import FlatParameters
from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.methods.sgd_sa_optimizer import SGDSA


class Parabola:
    """w^2 / 2 from 1, in inference mode w^2; what was asked for, and where."""

    def __init__(self, make=SGDSA, **settings):
        self.w = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
        self.optimizer = make([self.w], **settings)
        self.asked = []

    def closure(self):
        self.asked.append(("closure", self.w.item()))
        self.w.grad = self.w.detach().clone()
        return self.w.item() ** 2 / 2

    def evaluate(self):
        self.asked.append(("evaluate", self.w.item()))
        return self.w.item() ** 2

    def step(self):
        return self.optimizer.step(self.closure, self.evaluate)


def test_the_temperature_decides_about_a_move_that_is_worse():
    """At a rate of 3 the step goes from 1 to -2."""
    asked = [("evaluate", 1.0), ("closure", 1.0), ("evaluate", -2.0)]
    for temperature, end in ((1e12, -2.0), (1e-12, 1.0)):
        made = Parabola(rates=(3.0,), temperature=temperature)
        # the loss that is returned is the closure's, though it was not the first
        assert made.step() == 0.5
        assert (made.w.item(), made.asked) == (end, asked)
    better = Parabola(rates=(0.5,), temperature=1e-12)
    better.step()
    assert better.w.item() == 0.5


def test_losses_of_training_need_the_closure_alone():
    made = Parabola(rates=(3.0,), temperature=1e-12, losses="training")
    assert made.optimizer.step(made.closure) == 0.5
    assert made.asked == [("closure", 1.0), ("closure", -2.0)]
    assert made.w.item() == 1.0
    kept = Parabola(rates=(3.0,), accept=False)
    kept.optimizer.step(kept.closure)
    assert kept.asked == [("closure", 1.0)]
    assert kept.w.item() == -2.0


def test_a_method_without_gradients_needs_no_closure():
    made = Parabola(lambda p, **s: MethodOptimizer(p, "ssa", **s), deviation=0.1)
    assert made.optimizer.step(evaluate=made.evaluate) == 1.0
    made.optimizer.finish()
    assert [name for name, _ in made.asked] == ["evaluate"] * 3


@pytest.mark.parametrize(
    ("make", "given", "words"),
    [
        (SGDSA, ("closure",), r"evaluate\(\) that puts the model into eval\(\).*losses=\"training"),
        (SGDSA, ("evaluate",), "needs a closure"),
        (lambda p: MethodOptimizer(p, "ssa"), ("closure",), r"call step\(closure, evaluate\)"),
        (
            lambda p: MethodOptimizer(p, "sgd_sa", roll_back=True),
            ("closure", "evaluate"),
            "in the model that the closure calls and out of reach: set roll_back=False",
        ),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_changed(make, given, words):
    made = Parabola(make)
    before = made.optimizer.state_dict()["method"]
    with pytest.raises(TypeError, match=words):
        made.optimizer.step(**{name: getattr(made, name) for name in given})
    assert made.w.item() == 1.0
    assert str(made.optimizer.state_dict()["method"]) == str(before)


def test_what_evaluate_returns_is_looked_at():
    made = Parabola()
    with pytest.raises(TypeError, match=r"evaluate\(\) returned NoneType"):
        made.optimizer.step(made.closure, lambda: None)
    with pytest.raises(ValueError, match=r"evaluate\(\) returned 3 numbers"):
        made.optimizer.step(made.closure, lambda: torch.ones(3))


def test_every_loss_is_that_of_the_weights_that_are_asked_about():
    made = Parabola()
    flat = FlatParameters([made.w])
    objective = ClosureObjective(flat, made.closure, made.evaluate)
    out, other = torch.zeros_like(flat.w), flat.w + 1.0
    with torch.no_grad():
        for w in (flat.w, other, flat.w):
            objective.value(w, out, inference=True)
            objective.value(w, out)
    assert [at for _, at in made.asked] == [1.0, 1.0, 2.0, 2.0, 1.0, 1.0]


def test_cooling_is_of_all_groups_and_in_the_state():
    params = [nn.Parameter(torch.ones(1)) for _ in range(3)]
    groups = [{"params": params[:1], "lr": 0.5}, {"params": params[1:2]}]
    made = SGDSA(groups, temperature=2.0, floor=1.0)
    made.cool(0.8)
    assert [g["temperature"] for g in made.param_groups] == [1.6, 1.6]
    for group in made.param_groups:
        group["temperature"] *= 0.75
    assert made.method.temperature == pytest.approx(1.2)
    again = SGDSA([{"params": params[:1]}, {"params": params[1:2]}])
    again.load_state_dict(made.state_dict())
    again.cool(0.1)
    assert again.method.temperature == 1.0
    # one that joins is as hot as it was told to be, and not as hot as the others
    with pytest.raises(ValueError, match=r"temperature is 2\.0 in a group and .*have its own lr$"):
        made.add_param_group({"params": params[2:]})
    with pytest.raises(ValueError, match=r"factor is 1\.5; allowed: above 0, at most 1"):
        made.cool(1.5)


def test_the_rate_that_is_drawn_is_multiplied_by_that_of_each_group():
    for rates in ((1.0, 2.0, 4.0), (2.0,)):
        weights = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
        own = {"lr": torch.tensor(0.5), "rates": list(rates)}
        groups = [{"params": weights[:1], **own}, {"params": weights[1:], "lr": 0.25}]
        optimizer = SGDSA(groups, rates=rates, accept=False)
        seen = set()
        for _ in range(12):
            before = [w.detach()[0].item() for w in weights]
            for w in weights:
                w.grad = torch.ones(2)
            optimizer.step(lambda: 1.0)
            moved = [b - w.detach()[0].item() for b, w in zip(before, weights, strict=True)]
            # the same draw for both
            assert moved[0] == 2 * moved[1]
            seen.add(moved[0] / 0.5)
        assert seen == set(rates)


def test_schedulers_of_torch_move_the_rate():
    made = Parabola(rates=(1.0,), lr=0.1, accept=False)
    base = Parabola(torch.optim.SGD, lr=0.1)
    schedulers = [torch.optim.lr_scheduler.StepLR(p.optimizer, 2, 0.5) for p in (made, base)]
    for _ in range(6):
        made.optimizer.step(made.closure)
        base.optimizer.step(base.closure)
        for scheduler in schedulers:
            scheduler.step()
        assert made.w.item() == base.w.item()


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_go_on_alone_to_the_same_weights(twin):
    made = Parabola(rates=(0.1, 3.0), temperature=1.0)
    for _ in range(5):
        made.step()
    made.optimizer.cool(0.8)
    other = twin(made)
    before = made.w.item()
    path = [(other.step(), other.w.item()) for _ in range(9)]
    assert made.w.item() == before
    assert path == [(made.step(), made.w.item()) for _ in range(9)]
    other.optimizer.cool(0.5)
    assert other.optimizer.method.temperature == made.optimizer.method.temperature * 0.5


def test_what_cooled_step_by_step_stays_so_when_layers_are_frozen():
    weights = [nn.Parameter(torch.ones(2)) for _ in range(2)]
    optimizer = SGDSA(weights, cooling=0.5)

    def closure():
        for w in weights:
            w.grad = torch.ones(2)
        return 0.0

    for _ in range(3):
        optimizer.step(closure, lambda: 0.0)
    weights[0].requires_grad_(False)
    optimizer.step(closure, lambda: 0.0)
    assert optimizer.state_dict()["method"]["state"]["cooled"].item() == 0.5**4


def test_an_epoch_shortens_the_steps_of_ssa_and_means_nothing_to_others():
    made = Parabola(lambda p: MethodOptimizer(p, "ssa", deviation=0.5, drop_below=1.0))
    made.optimizer.step(evaluate=iter([0.0, 1.0, 2.0, 0.0, 1.0, 2.0]).__next__)
    made.optimizer.end_epoch()
    state = made.optimizer.state_dict()["method"]["state"]
    assert state["epsilon"].item() == pytest.approx(0.05)
    assert state["steps"].item() == 0.0
    other = Parabola()
    before = str(other.optimizer.state_dict())
    other.optimizer.end_epoch()
    assert str(other.optimizer.state_dict()) == before


def test_wrong_settings_are_named():
    for settings, words in (
        ({"temperature": 0.0}, "temperature is 0"),
        ({"rates": ()}, "rates is"),
        ({"losses": "test"}, "losses is 'test'"),
    ):
        with pytest.raises(UserError, match=words):
            Parabola(**settings)
