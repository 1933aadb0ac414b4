"""Descents from the levels of XOR: networks of which it is known what lies below."""

from __future__ import annotations

from math import log
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from escaping_minima.landscape.descents import descend
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.measures.descent import LEVELS, Descent

XOR = SimpleNamespace(width=2, depth=1)
NETWORK = SmallNetwork(2, 1)


def solving(scale):
    """Return weights that solve XOR, the output's as large as is asked for."""
    # units: x1 - x2 and x2 - x1, each -0.63 or 1 or 0; a sum of 0 or 0.37
    return torch.tensor([1.0, -1, -1, 1, 0, 0, scale, scale, -0.18 * scale]).double()


def test_right_answers_lie_down_a_valley():
    w = torch.stack([solving(s) for s in (30.0, 60.0, 80.0, 90.0, 1.0)])
    found = Descent(points=2, iterations=500).at_points(XOR, w)
    # the two of lowest gradient are descended from
    assert found["level"].tolist()[2:4] == [0, 0]
    assert np.isnan(found["level"][[0, 1, 4]]).all()
    assert found["kind"].tolist() == ["", "", "valley", "valley", ""]
    assert (found["end_gradient"][2:4] < 1e-3 * found["start_gradient"][2:4]).all()
    assert (np.abs(found["drift"][2:4] - 1) < 0.5).all()
    assert found["negative"].tolist()[:2] == [-1, -1]


def test_a_network_that_says_nothing_stands_at_a_saddle():
    """Zero weights but for a little: the loss is log 2, and falls at last."""
    generator = torch.Generator().manual_seed(2)
    w = 0.1 * torch.randn(3, 9, generator=generator, dtype=torch.float64)
    found = Descent(points=1, iterations=3000).at_points(XOR, w)
    (row,) = np.flatnonzero(~np.isnan(found["level"]))
    assert found["level"][row] == log(2)
    assert found["end_loss"][row] < 0.6
    assert found["kind"][row] == "saddle"


def test_dead_units_make_a_minimum_of_log_2():
    """Neither unit moves with its weights; the output's bias, which could, has no slope."""
    w = torch.zeros(1, 9, dtype=torch.float64)
    w[0, 4:6] = -60
    # where the two constant units cancel; a little aside, so that there is a way down
    w[0, 6], w[0, 7], w[0, 8] = 0.3, -0.3, 0.01
    found = Descent().at_points(XOR, w)
    assert found["kind"][0] == "minimum"
    assert found["level"][0] == LEVELS[3]
    assert found["end_loss"][0] == pytest.approx(log(2), abs=1e-12)
    counts = [found[name][0] for name in ("negative", "zero", "positive")]
    assert counts == [0, 8, 1]
    assert found["start_loss"][0] > found["end_loss"][0]


def test_no_step_goes_up_and_a_vanished_gradient_moves_nothing():
    w = torch.stack([solving(2.0), torch.zeros(9).double()])
    few, many = (descend(NETWORK, w, n) for n in (5, 50))
    start = descend(NETWORK, w, 0)
    assert start.losses[0] > few.losses[0] > many.losses[0]
    assert torch.equal(many.w[1], w[1])
    assert torch.equal(descend(NETWORK, w, 50).w, many.w)


def test_far_from_every_level_nothing_is_descended():
    found = Descent().at_points(XOR, solving(3.0).unsqueeze(0))
    assert np.isnan(found["level"]).all()
    assert found["kind"].tolist() == [""]
    assert {len(values) for values in found.values()} == {1}


@pytest.mark.parametrize("settings", [{"points": 0}, {"iterations": 0}, {"tolerance": 1.0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Descent(**settings)
