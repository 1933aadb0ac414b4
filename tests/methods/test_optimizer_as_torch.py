"""The optimizer does what users of torch expect: groups, states, schedules, frozen layers."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from escaping_minima.errors import UserError
from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.vouching.cases import registered

METHODS = registered("methods")
#: What the moves of those are made smaller or larger by that do not go down a gradient at a rate.
SCALES = {
    "ssa": "deviation",
    "simulated_annealing": "deviation",
    "gradient_walk": "largest_step",
    "random_walk": "largest_step",
    "restart_each_step": "upper",
}
RATED = sorted(set(METHODS) - set(SCALES))
#: Those that ask for no gradient, and for nothing at all.
BLIND = {"ssa", "simulated_annealing", "two_point", "restart_each_step", "random_walk"}
DEAF = {"random_walk"}
#: Of what moves at every step or every second.
EAGER = {"gradient_tolerance": 1e9, "patience": 1, "radius": 0.05, "temperature": 0.01}


def eager(method):
    """Return settings with which the noise of a method is seen within a few steps."""
    fields = vars(MethodOptimizer([nn.Parameter(torch.zeros(1))], method).method)
    found = {name: v for name, v in EAGER.items() if name in fields}
    return found | {"lr": 0.05} if method in RATED else found


class Training:
    """A small network on made-up data, with the optimizer around it."""

    def __init__(self, method="nim_mbh", seed=3, groups=None, **settings):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.x = torch.randn(16, 3)
        params = groups(self.model) if groups else self.model.parameters()
        self.optimizer = MethodOptimizer(params, method, seed, **(eager(method) | settings))

    def closure(self):
        self.optimizer.zero_grad()
        loss = self.evaluate()
        loss.backward()
        return loss

    def evaluate(self):
        return (self.model(self.x) - self.x.sum(1, keepdim=True)).square().mean()

    def go(self, steps):
        for _ in range(steps):
            if isinstance(self.optimizer, MethodOptimizer):
                self.optimizer.step(self.closure, self.evaluate)
            else:
                self.optimizer.step(self.closure)
        return self

    def weights(self):
        return torch.cat([p.detach().reshape(-1).double() for p in self.model.parameters()])


def two_groups(model, **own):
    return [{"params": model[0].parameters(), **own}, {"params": model[2].parameters()}]


@pytest.mark.parametrize("method", METHODS)
def test_frozen_layers_and_those_without_a_gradient_stay(method):
    made = Training(method)
    for parameter in made.model[0].parameters():
        parameter.requires_grad_(False)
    unused = nn.Parameter(torch.ones(5))
    made.optimizer.add_param_group({"params": [unused]})
    before = made.weights()
    made.go(20)
    assert torch.equal(made.weights()[:16], before[:16])
    # what asks for no gradient cannot know
    assert torch.equal(unused, torch.ones(5)) == (method not in BLIND)
    assert (made.weights()[16:] != before[16:]).all()


def test_a_layer_that_is_set_free_begins_to_move():
    made = Training("adagrad")
    made.model[0].requires_grad_(False)
    made.go(3)
    kept = made.optimizer.state_dict()["method"]["state"]["sum"]
    made.model[0].requires_grad_(True)
    before = made.weights()
    made.go(1)
    assert (made.weights() != before).all()
    # what is known of the weights that moved before is kept
    assert (made.optimizer.state_dict()["method"]["state"]["sum"][:, 16:] > kept).all()


@pytest.mark.parametrize("method", RATED)
def test_a_group_has_its_own_rate(method):
    """With a rate of 0 it stays; with the same as the others all is as without groups."""
    quiet = {"radius": 0.0} if "radius" in eager(method) else {}
    still = Training(method, groups=lambda m: two_groups(m, lr=0.0), **quiet)
    before = still.weights()
    still.go(5)
    assert torch.equal(still.weights()[:16], before[:16])
    assert (still.weights()[16:] != before[16:]).any()
    alike = Training(method, groups=two_groups).go(10)
    assert torch.equal(alike.weights(), Training(method).go(10).weights())


@pytest.mark.parametrize(("method", "base"), [("gd", "SGD"), ("adagrad", "Adagrad")])
def test_rates_of_groups_are_those_of_torch(method, base):
    made = Training(method, groups=lambda m: two_groups(m, lr=0.2)).go(20)
    other = Training()
    slow = getattr(torch.optim, base)(two_groups(other.model, lr=0.2), lr=0.05)
    other.optimizer = slow
    other.go(20)
    if method == "adagrad":
        # torch's default epsilon is smaller
        assert torch.allclose(made.weights(), other.weights(), atol=1e-5)
    else:
        assert torch.allclose(made.weights(), other.weights(), rtol=1e-6, atol=1e-7)


def test_a_group_has_its_own_radius():
    """SAM looks from w + radius g / |g|, with the norm of the whole gradient."""
    weights = [nn.Parameter(torch.tensor([3.0])), nn.Parameter(torch.tensor([4.0]))]
    seen = []

    def closure():
        for p in weights:
            p.grad = p.detach().clone()
        seen.append([p.item() for p in weights])
        return 0.0

    groups = [{"params": weights[:1], "radius": 0.5}, {"params": weights[1:]}]
    MethodOptimizer(groups, "sam", lr=0.1, radius=1.0).step(closure)
    assert seen[1] == pytest.approx([3.0 + 0.5 * 3 / 5, 4.0 + 4 / 5])
    assert [p.item() for p in weights] == pytest.approx([3.0 - 0.33, 4.0 - 0.48])


def test_the_noise_of_a_group_is_its_own():
    made = Training("nig", groups=lambda m: two_groups(m, radius=0.0))
    quiet = Training("nig", radius=0.0)
    made.go(1)
    quiet.go(1)
    assert torch.allclose(made.weights()[:16], quiet.weights()[:16])
    assert (made.weights()[16:] - quiet.weights()[16:]).abs().min() > 1e-6


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"patience": 9}, "patience is 9 in a group and 1 in another.*lr, radius"),
        ({"raduis": 1.0}, "unknown setting 'raduis'"),
        ({"radius": -1.0}, "radius is -1"),
        ({"lr": 0.1, "learning_rate": 0.1}, "one of them"),
    ],
)
def test_what_a_group_may_not_have_is_said(group, words):
    made = Training()
    extra = nn.Parameter(torch.ones(2))
    with pytest.raises((UserError, ValueError), match=words):
        made.optimizer.add_param_group({"params": [extra], **group})
    assert len(made.optimizer.param_groups) == 1
    made.go(2)


def test_a_setting_that_is_changed_counts_from_the_next_step():
    one, other = Training("sam"), Training("sam", lr=0.3, radius=0.2)
    one.optimizer.param_groups[0].update(lr=0.3, radius=0.2)
    assert torch.equal(one.go(3).weights(), other.go(3).weights())
    one.optimizer.param_groups[0]["lr"] = -0.1
    with pytest.raises(UserError, match=r"learning_rate is -0\.1"):
        one.go(1)


@pytest.mark.parametrize(
    "make",
    [
        lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8),
        lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.1, 1.0, 4),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.3, 12, cycle_momentum=False),
    ],
)
def test_schedulers_give_the_iterates_of_sgd(make):
    made, other = Training("gd"), Training("gd")
    other.optimizer = torch.optim.SGD(other.model.parameters(), lr=0.05)
    for training in (made, other):
        scheduler = make(training.optimizer)
        for _ in range(10):
            training.go(1)
            scheduler.step()
    assert torch.equal(made.weights(), other.weights())


@pytest.mark.parametrize("method", METHODS)
def test_a_state_carries_all_whatever_the_constructor_said(method):
    own = {"lr": 0.02} if method in RATED else {}
    other = {SCALES.get(method, "lr"): 0.7}
    if method == "ssa":
        other["temperature"] = 0.7
    whole = Training(method, groups=lambda m: two_groups(m, **own)).go(9)
    first = Training(method, groups=lambda m: two_groups(m, **own)).go(4)
    second = Training(method, seed=99, groups=two_groups, **other)
    second.model.load_state_dict(first.model.state_dict())
    file = io.BytesIO()
    torch.save(first.optimizer.state_dict(), file)
    file.seek(0)
    second.optimizer.load_state_dict(torch.load(file, weights_only=True))
    if method in RATED:
        assert [g["lr"] for g in second.optimizer.param_groups] == [0.02, 0.05]
    assert torch.equal(second.go(5).weights(), whole.weights())


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_go_on_alone_to_the_same_weights(twin):
    made = Training().go(4)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(made.optimizer, 0.9)
    made.go(1)
    scheduler.step()
    other = twin(made)
    before = made.weights()
    other.go(5)
    assert torch.equal(made.weights(), before)
    assert torch.equal(other.weights(), made.go(5).weights())
    assert other.optimizer.param_groups[0]["lr"] == pytest.approx(0.045)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: Training("sam").optimizer, "one of 'sam', this optimizer runs 'nim_mbh'"),
        (lambda: torch.optim.SGD([nn.Parameter(torch.ones(2))]), "not a state of MethodOptimizer"),
        (
            lambda: MethodOptimizer([nn.Parameter(torch.ones(n)) for n in (1, 2, 3, 4)], "nim_mbh"),
            r"'g' has the shape \(1, 10\), allowed: \(1, 21\)",
        ),
        (lambda: Training(groups=two_groups).optimizer, "parameter groups"),
    ],
)
def test_states_that_do_not_fit_are_refused_and_change_nothing(other, words):
    made = Training().go(2)
    with pytest.raises(ValueError, match=words):
        made.optimizer.load_state_dict(other().state_dict())
    assert torch.equal(made.go(3).weights(), Training().go(5).weights())


@pytest.mark.parametrize("method", METHODS)
def test_a_step_that_is_broken_off_never_happened(method):
    made, whole = Training(method).go(3), Training(method).go(6)
    left = 0

    def interrupted(function):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return function()

    # at every evaluation that the step makes: the last try comes to its end
    before = made.weights()
    for tried in range(9):
        left = tried
        try:
            made.optimizer.step(
                lambda: interrupted(made.closure), lambda: interrupted(made.evaluate)
            )
        except KeyboardInterrupt:
            assert torch.equal(made.weights(), before)
        else:
            break
    assert (tried == 0) == (method in DEAF)
    assert tried < 8
    assert torch.equal(made.go(2).weights(), whole.weights())


def test_closures_may_return_floats():
    one, other = Training(), Training()
    for _ in range(6):
        loss = one.optimizer.step(lambda: one.closure().item())
        other.optimizer.step(other.closure)
    assert isinstance(loss, float)
    assert torch.equal(one.weights(), other.weights())


@pytest.mark.parametrize(
    ("closure", "words"),
    [
        (None, "needs a closure"),
        (lambda: None, "returned NoneType; allowed: the loss"),
        (lambda: torch.ones(3), "returned 3 numbers"),
    ],
)
def test_closures_that_cannot_work_are_refused(closure, words):
    with pytest.raises((TypeError, ValueError), match=words):
        Training("gd").optimizer.step(closure)


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_is_cast_to_double_goes_on_in_double(method):
    # which have no rate to be set to 0
    still = {SCALES[method]: 1e-30} if method in SCALES else {}
    made = Training(method, **still).go(2)
    made.model.double()
    made.x = made.x.double()
    tiny = 1.0 + 2.0**-40
    with torch.no_grad():
        made.model[0].bias.copy_(torch.full((4,), tiny, dtype=torch.float64))
    if method in RATED:
        made.optimizer.param_groups[0]["lr"] = 0.0
    if "radius" in made.optimizer.param_groups[0]:
        made.optimizer.param_groups[0]["radius"] = 0.0
    if method.endswith("mbh"):
        # a rejected search would go back to where float32 was
        made.optimizer.param_groups[0]["patience"] = 1000
        made.optimizer.param_groups[0]["gradient_tolerance"] = 1e-30
    made.go(1)
    assert (made.model[0].bias == tiny).all()


def test_sparse_gradients_are_refused():
    layer = nn.Embedding(5, 2, sparse=True)
    optimizer = MethodOptimizer(layer.parameters(), "gd")

    def closure():
        optimizer.zero_grad()
        loss = layer(torch.tensor([1, 2])).sum()
        loss.backward()
        return loss

    with pytest.raises(ValueError, match="without sparse=True"):
        optimizer.step(closure)


def test_all_frozen_is_said_at_the_step():
    made = Training("sam")
    made.model.requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to move"):
        made.optimizer.step(made.closure)


class Operations(TorchDispatchMode):
    """Counts the operations of torch, views included."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("method", METHODS)
def test_many_parameters_cost_as_many_operations_as_few(method):
    def operations(count):
        params = [nn.Parameter(torch.ones(2)) for _ in range(count)]
        optimizer = MethodOptimizer(params, method, **eager(method))
        for p in params:
            p.grad = torch.ones(2)
        # what vectors are of each parameter is found out once, in as many steps as there are kinds
        for _ in range(3):
            optimizer.step(lambda: 1.0, lambda: 1.0)
        with Operations() as seen:
            optimizer.step(lambda: 1.0, lambda: 1.0)
        return seen.count

    assert 5 < operations(2) == operations(300)
