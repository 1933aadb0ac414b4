"""The table of docs/optimizers.md: every method is in it, and costs what it says."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.vouching.cases import registered

STEPS = 5
#: With which every search ends after a step, and a method that waits for that perturbs.
ENDING = {"patience": 1, "gradient_tolerance": 1e9}
PERTURBED = ENDING | {"compare": "perturbed_point"}
#: Method, settings, calls of closure and evaluate in a step after the first, and in `finish`.
COSTS = [
    ("gd", {}, 1, 0, 0),
    ("adagrad", {}, 1, 0, 0),
    ("nig", {}, 1, 0, 0),
    ("nim", {"patience": 100}, 1, 0, 0),
    # which waits for one step more
    ("nim", ENDING | {"patience": 0}, 2, 0, 0),
    ("sam", {}, 2, 0, 0),
    *((m, {"patience": 100}, 1, 0, 1 if "mbh" in m else 0) for m in ("nig_bh", "nim_mbh")),
    *((m, ENDING, 2, 0, 0) for m in ("nig_bh", "nim_bh")),
    *((m, ENDING, 3, 0, 1) for m in ("nig_mbh", "nim_mbh")),
    *((m, PERTURBED, 4, 0, 1) for m in ("nig_mbh", "nim_mbh")),
    ("sgd_sa", {}, 1, 2, 0),
    ("sgd_sa", {"losses": "training"}, 2, 0, 0),
    ("sgd_sa", {"accept": False}, 1, 0, 0),
    ("gradient_walk", {}, 1, 0, 0),
    ("random_walk", {}, 0, 0, 0),
    ("ssa", {}, 0, 3, 0),
    ("ssa", {"refresh": True}, 1, 3, 0),
    ("simulated_annealing", {}, 0, 2, 0),
    ("simulated_annealing", {"fresh": False}, 0, 1, 0),
    ("warm_restarts", {}, 1, 0, 0),
    ("langevin", {}, 1, 0, 0),
    ("two_point", {}, 2, 0, 0),
    ("perturbed_gradient", {}, 1, 0, 0),
    # it goes back once, with two evaluations more, and stays
    ("perturbed_gradient", ENDING | {"least_decrease": 1e9}, 1 + 2 / STEPS, 0, 0),
    # in one step a look at what became of a perturbation, in the next two evaluations more for one
    ("perturbed_gradient", ENDING | {"radius": 0.0}, 1 + (1 + 2 + 1 + 2 + 1) / STEPS, 0, 0),
    ("minibatch_metropolis", {}, 2, 0, 0),
    ("minibatch_metropolis", {"proposal": "gaussian"}, 2, 0, 0),
    ("minibatch_metropolis", {"test": "full", "fresh": False}, 1, 0, 0),
    ("minibatch_metropolis", {"test": "none"}, 1, 0, 0),
    ("random_restarts", {}, 1, 0, 0),
    ("random_restarts", {"steps_each": 1}, 2, 0, 1),
    ("restart_each_step", {}, 0, 1, 0),
    ("restart_each_step", {"fresh": True}, 0, 2, 0),
]


@pytest.mark.parametrize(("method", "settings", "closures", "evaluations", "end"), COSTS, ids=str)
def test_a_step_costs_what_is_said(method, settings, closures, evaluations, end):
    weight = nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = MethodOptimizer([weight], method, **settings)
    seen = []

    def closure():
        seen.append("closure")
        weight.grad = weight.detach().clone()
        return weight.detach().square().sum() / 2

    def evaluate():
        seen.append("evaluate")
        return weight.square().sum() / 2

    optimizer.step(closure, evaluate)
    seen.clear()
    for _ in range(STEPS):
        optimizer.step(closure, evaluate)
    assert seen.count("closure") == closures * STEPS
    assert seen.count("evaluate") == evaluations * STEPS
    seen.clear()
    optimizer.finish(closure, evaluate)
    assert seen == ["closure"] * end


def test_every_method_is_in_the_table(root):
    text = (root / "docs" / "optimizers.md").read_text(encoding="utf-8")
    table = text.split("## Which, and what it costs")[1].split("\n\nAn evaluation")[0]
    firsts = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    named = [name for first in firsts for name in re.findall(r"`([a-z_]+)`", first)]
    assert sorted(named) == sorted(registered("methods")) == sorted({c[0] for c in COSTS})
