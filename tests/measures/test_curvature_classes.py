"""Every reading of the Hessian at points, against numpy on Hessians of autograd."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.engine.probing import probe_points
from escaping_minima.landscape.curvature import CLASSES, hessians, portion_size
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.measures.curvature_classes import CurvatureClasses

READINGS = [
    f"{hessian}_{precision}_{rule}"
    for hessian in ("block", "full")
    for precision in ("float32", "float64")
    for rule in ("exact", "relative")
]


def problem(width=2, depth=1):
    m = SmallNetwork(width, depth).parameters
    return SimpleNamespace(width=width, depth=depth, lower=(-1.0,) * m)


def points(network, count, bound):
    generator = torch.Generator().manual_seed(3)
    # as points are kept: in float32
    return (bound * (2 * torch.rand(count, network.parameters, generator=generator) - 1)).double()


def class_of(eigenvalues, border):
    if (np.abs(eigenvalues) <= border).any():
        return CLASSES.index("singular")
    signs = set(np.sign(eigenvalues))
    return CLASSES.index(
        {1.0: "convex", -1.0: "concave"}[signs.pop()] if len(signs) == 1 else "saddle"
    )


@pytest.mark.parametrize(("width", "depth", "bound"), [(2, 1, 10), (2, 1, 1), (2, 2, 1)])
def test_classes_and_ranks_are_those_of_numpy_one_by_one(width, depth, bound):
    network = SmallNetwork(width, depth)
    w = points(network, 150, bound)
    found = CurvatureClasses(float32_every=1).at_points(problem(width, depth), w)
    whole = hessians(network, w).numpy()
    for row, hessian in enumerate(whole):
        full = np.linalg.eigvalsh(hessian)
        block = np.concatenate([np.linalg.eigvalsh(hessian[s, s]) for s in network.tensors])
        for name, values in (("full", full), ("block", block)):
            border = 1e-6 * np.abs(values).max()
            if np.abs(np.abs(values) - border).min() < 1e-9 * border:
                continue
            assert found[f"{name}_float64_relative"][row] == class_of(values, border)
        above = np.abs(full) > 1e-6 * np.abs(full).max()
        assert found["rank"][row] == above.sum()
        assert found["negative"][row] == (above & (full < 0)).sum()
        assert found["rank"][row] <= found["structural_rank"][row]
    for name in READINGS:
        assert found[name].dtype == np.int8
        assert set(found[name]) <= {0, 1, 2, 3}
    # what is zero exactly is zero by the tolerance
    for name in READINGS[::2]:
        exact, relative = found[name], found[name.replace("exact", "relative")]
        assert (relative[exact == 3] == 3).all()
    assert len({tuple(found[name]) for name in READINGS}) > 4, "readings do not differ here"


def test_float32_is_measured_at_every_tenth_row_and_is_that_of_float32():
    network = SmallNetwork(2, 1)
    w = points(network, 95, 10)
    found = CurvatureClasses().at_points(problem(), w)
    every = CurvatureClasses(float32_every=1).at_points(problem(), w)
    chosen = np.arange(95) % 10 == 0
    for name in READINGS:
        if "float32" in name:
            assert (found[name][~chosen] == -1).all()
            assert found[name][chosen].tolist() == every[name][chosen].tolist()
        else:
            assert found[name].tolist() == every[name].tolist()
    assert np.isnan(found["idle_weights"]).tolist() == (~chosen).tolist()
    # an output that is saturated in float32 alone
    single, double = (every[f"block_{p}_exact"] == 3 for p in ("float32", "float64"))
    assert (single & ~double).any()


def test_saturation_is_counted_unit_by_unit_and_pattern_by_pattern():
    w = torch.zeros(3, 9, dtype=torch.float64)
    # first unit dead but for the last pattern, second unit linear; nothing reaches the output
    w[0] = torch.tensor([20.0, 20, 0, 0, -30, 1, 0, 0, 0])
    # the output saturated
    w[1, 8] = 30
    # in float64 neither a unit nor the output is saturated yet
    w[2, 4], w[2, 8] = -16, 15
    found = CurvatureClasses(float32_every=1).at_points(problem(), w)
    assert found["output_saturated"].tolist() == [0, 1, 0]
    assert found["hidden_saturated_1"].tolist() == [1 / 8, 0, 0]
    assert np.isnan(found["hidden_saturated_2"]).all()
    deep = CurvatureClasses().at_points(problem(2, 3), points(SmallNetwork(2, 3), 4, 1))
    assert not np.isnan(deep["hidden_saturated_3"]).any()


def test_weights_of_a_dead_unit_are_idle_but_not_what_reads_it():
    w = torch.full((2, 9), 0.3, dtype=torch.float64)
    w[1, 0:2], w[1, 4] = 0, -60
    found = CurvatureClasses(float32_every=1).at_points(problem(), w)
    assert found["idle_weights"].tolist() == [0, 3 / 9]
    # one row of the matrix and one bias
    assert found["block_float32_exact"][1] == CLASSES.index("singular")


def test_a_probe_keeps_what_the_points_came_with_and_order_decides_no_bit():
    network = SmallNetwork(2, 1)
    w = points(network, portion_size(network.parameters) + 7, 1)
    table = pd.DataFrame({f"w{i}": w[:, i].numpy() for i in range(9)})
    table.insert(0, "step", np.arange(len(w)))
    table.insert(1, "low", 0)
    found = pd.DataFrame(probe_points(problem(), table, CurvatureClasses()))
    assert len(found) == len(w)
    assert list(found.columns[:2]) == ["step", "low"]
    few = pd.DataFrame(probe_points(problem(), table.iloc[:20], CurvatureClasses()))
    pd.testing.assert_frame_equal(few, found.iloc[:20])


@pytest.mark.parametrize("settings", [{"tolerance": 0.0}, {"tolerance": 1.0}, {"float32_every": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CurvatureClasses(**settings)
