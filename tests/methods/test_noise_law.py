"""The law of docs/optimizers.md: how long a perturbation is, by rate, radius and dimension."""

from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import nn

from escaping_minima.methods.optimizer import MethodOptimizer

RATE, RADIUS, STEPS = 0.2, 0.7, 400
#: Longest perturbation of each method.
LONGEST = {"nig": RATE * RADIUS, "nim": RADIUS, "nim_bh": RADIUS, "nig_bh": RATE * RADIUS}


@pytest.mark.parametrize("d", [1, 3, 60])
@pytest.mark.parametrize("method", LONGEST)
def test_lengths_are_those_of_the_ball_of_moving_weights(method, d):
    """Without a slope all that moves is the noise; a frozen layer and an idle one do not count."""
    moving = nn.Parameter(torch.zeros(d, dtype=torch.float64))
    frozen = nn.Parameter(torch.zeros(7, dtype=torch.float64), requires_grad=False)
    idle = nn.Parameter(torch.zeros(5, dtype=torch.float64))
    settings = {"lr": RATE, "radius": RADIUS}
    if method != "nig":
        settings |= {"patience": 0 if method == "nim" else 1, "gradient_tolerance": 1.0}
    optimizer = MethodOptimizer([moving, frozen, idle], method, seed=5, **settings)

    def closure():
        moving.grad = torch.zeros_like(moving)
        return 0.0

    moves = []
    # methods that perturb need a step to begin with
    for _ in range(STEPS + 1):
        before = moving.detach().clone()
        optimizer.step(closure)
        moves.append(moving.detach() - before)
    moves = torch.stack(moves[1:])
    shares = moves.norm(dim=1) / LONGEST[method]
    assert stats.kstest(shares.pow(d).numpy(), "uniform").pvalue > 1e-3
    assert shares.square().mean().item() == pytest.approx(d / (d + 2), rel=0.15)
    each = moves.square().mean().sqrt().item()
    assert each == pytest.approx(LONGEST[method] / (d + 2) ** 0.5, rel=0.1)
    assert (idle == 0).all()
    assert (frozen == 0).all()
