"""Measures on small problems: what they say where it is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.measures.attractor_tree import AttractorTree
from escaping_minima.measures.batch_gradients import BatchGradients
from escaping_minima.measures.critical_points import CriticalPoints
from escaping_minima.measures.saddle_escape import SaddleEscape
from escaping_minima.parts.registry import make_method, make_problem

STREAMS = Streams("examined", 0)


def examine(measure, problem, method=None, streams=STREAMS):
    with torch.inference_mode():
        tables = measure.examine(problem, streams, method)
    return {name: pd.DataFrame(dict(columns)) for name, columns in tables.items()}


# -------------------------------------------------------------------------- critical points


def test_critical_points_of_the_plane_are_counted_by_their_index():
    problem = make_problem("himmelblau", {})
    table = examine(CriticalPoints(starts=150), problem)[""]
    assert (table["converged"] == 1).all()
    assert (table["gradient_norm"] <= 1e-9).all()
    each = table[table["point"] == table["replicate"]]
    known = stationary_points(problem)
    kinds = [["minimum", "saddle", "maximum"].index(p.kind) for p in known]
    assert sorted(each["negative"]) == sorted(kinds)
    for index in range(3):
        found = each[each["negative"] == index].sort_values("loss")
        same = [p for p, kind in zip(known, kinds, strict=True) if kind == index]
        same.sort(key=lambda p: p.value)
        for column, name in (("loss", "value"), ("lowest", "eigenvalue_min")):
            exact = [getattr(p, name) for p in same]
            # four minima have one value
            assert sorted(found[column]) == pytest.approx(sorted(exact), rel=1e-6, abs=1e-9)
    assert (table["negative"] + table["zero"] + table["positive"] == 2).all()
    assert table["farthest"].max() < 1.0


def test_what_is_no_critical_point_is_told():
    table = examine(CriticalPoints(starts=40), make_problem("random_waves", {"dimension": 6}))[""]
    stuck = table[table["converged"] == 0]
    assert 0 < len(stuck) < 40
    assert (stuck["gradient_norm"] > 1e-9).all()
    assert (stuck["iterations"] == 200).all()
    assert (table.loc[table["converged"] == 1, "iterations"] < 200).all()
    # a minimum of the norm that is no root has a flat direction
    ended = stuck[stuck["gradient_norm"] > 1e-3]
    assert (ended["zero"] > 0).mean() > 0.8


def test_starts_are_drawn_by_name_and_the_first_ones_stay():
    problem = make_problem("random_waves", {"dimension": 3})
    few, more = (examine(CriticalPoints(starts=n), problem)[""] for n in (5, 9))
    pd.testing.assert_frame_equal(few, more[:5], rtol=1e-9, atol=1e-9)
    other = examine(CriticalPoints(starts=5), problem, streams=Streams("examined", 1))[""]
    assert not np.allclose(few["loss"], other["loss"])


# -------------------------------------------------------------------------- saddles and minima

PERTURBED = ("nim", {"learning_rate": 0.05, "radius": 0.05, "patience": 20})


def leave(problem, **settings):
    method = make_method(PERTURBED[0], {**PERTURBED[1], "gradient_tolerance": 1e-3})
    return examine(SaddleEscape(**settings), problem, method)[""]


def test_saddles_are_left_and_minima_are_not():
    table = leave(make_problem("random_waves", {"dimension": 4}), starts=60, steps=500)
    saddles, minima = (table[table["saddle"] == kind].set_index("pair") for kind in (1, 0))
    assert len(saddles) == len(minima) > 3
    assert (saddles["index"] > 0).all()
    assert (minima["index"] == 0).all()
    assert (saddles["lowest"] < -0.1 * saddles["scale"]).all()
    assert np.abs(np.log(saddles["scale"] / minima["scale"])).max() <= np.log(1.5)
    left = saddles["escape_step"]
    # the first perturbation comes after as many steps as the method waits
    assert left[left >= 0].min() > 20
    assert (left >= 0).mean() > 0.8
    assert (minima["escape_step"] == -1).all()
    assert (minima["end_distance"] < 0.3 * 2).all()
    assert (saddles.loc[left >= 0, "end_loss"] < saddles.loc[left >= 0, "loss"]).all()


def test_an_escape_is_told_when_it_is_seen():
    """Without noise nothing leaves a point; with too much of it everything does, at once."""
    problem = make_problem("random_waves", {"dimension": 3})
    settings = {"starts": 40, "steps": 30}
    still = examine(SaddleEscape(**settings), problem, make_method("gd", {"learning_rate": 0.05}))
    assert len(still[""]) > 0
    assert (still[""]["escape_step"] == -1).all()
    wild = make_method("nig", {"learning_rate": 100.0, "radius": 100.0})
    assert (examine(SaddleEscape(**settings), problem, wild)[""]["escape_step"] == 1).all()


def test_where_every_minimum_is_flat_there_are_no_pairs():
    method = make_method(PERTURBED[0], PERTURBED[1])
    table = examine(SaddleEscape(starts=10, steps=5), make_problem("xor_sum", {}), method)[""]
    assert len(table) == 0
    assert "escape_step" in table


def test_an_escape_needs_a_method():
    problem = make_problem("random_waves", {"dimension": 3})
    with pytest.raises(ValueError, match="method is None; allowed: one that can leave a point"):
        examine(SaddleEscape(), problem)


# -------------------------------------------------------------------------- minibatches


def test_gradients_of_minibatches_fall_as_sampling_theory_says():
    measure = BatchGradients(draws=400, replicates=5)
    table = examine(measure, make_problem("scattered_sum", {"scatter": 0.5}))[""]
    points = table.drop_duplicates("point")
    assert points["loss"].tolist() == pytest.approx([0.0, 0.1953125, 0.2953125], abs=1e-9)
    assert points["negative"].tolist() == [0, 0, 1]
    assert points["item_norm"].tolist() == pytest.approx([0.5] * 3, rel=1e-9)
    assert table["full_norm"].max() < 1e-9
    assert len(table) == 3 * 7 * 2 * 5
    seen = table[(table["replacement"] == 1) | (table["batch"] < 64)]
    by = seen.groupby(["point", "batch", "replacement"])[["rms_norm", "expected"]].mean()
    # 2,000 minibatches: a root mean square errs by 1.6 percent
    np.testing.assert_allclose(by["rms_norm"], by["expected"], rtol=0.06)
    slope = np.polyfit(np.log([1, 2, 4, 8, 16, 32, 64]), np.log(by["rms_norm"][0, :, 1]), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.02)
    without = by["rms_norm"].loc[0, 32, 0]
    assert without == pytest.approx(0.5 * np.sqrt(32 / (32 * 63)), rel=0.06)
    assert without < 0.8 * by["rms_norm"].loc[0, 32, 1]
    all_items = table[(table["replacement"] == 0) & (table["batch"] == 64)]
    assert all_items["rms_norm"].max() < 1e-9
    assert (table["mean_norm"] <= table["rms_norm"] + 1e-15).all()


def test_gradients_of_minibatches_vanish_where_a_minimum_interpolates():
    problem = make_problem("scattered_sum", {"interpolates": "local"})
    table = examine(BatchGradients(draws=50, replicates=2), problem)[""]
    at_local = table["loss"].between(0.195, 0.196)
    assert table.loc[at_local, "rms_norm"].max() < 1e-9
    assert table.loc[~at_local & (table["batch"] == 1), "rms_norm"].min() > 0.5


def test_batch_sizes_above_the_number_of_items_are_left_out():
    table = examine(BatchGradients(draws=10, replicates=2), make_problem("xor_sum", {}))[""]
    assert sorted(set(table["batch"])) == [1, 2, 4]
    assert len(table) > 0


def test_a_problem_without_stationary_points_has_no_rows():
    found = examine(BatchGradients(starts=1, iterations=1), make_problem("scattered_sum", {}))
    assert len(found[""]) == 0
    assert "expected" in found[""]


# -------------------------------------------------------------------------- attractors


def test_the_tree_of_himmelblau_has_its_minima_and_its_passes():
    problem = make_problem("himmelblau", {})
    measure = AttractorTree(starts=12, images=41, steps=300, rate=1e-3)
    tables = examine(measure, problem, streams=Streams("examined", 1))
    own, ways, tree = tables[""], tables["ways"], tables["tree"]
    assert own["attractor"].nunique() == 4
    assert (own["level"] == -1).all()
    assert len(ways) == 12 * 11 // 2
    assert (ways["bent"] <= ways["straight"]).all()
    saddles = sorted(p.value for p in stationary_points(problem) if p.kind == "saddle")
    bent = tree[tree["bent"] == 1]
    assert len(bent) == len(tree) - len(bent) == 11
    assert bent["height"].iloc[:-3].max() < 1e-9
    assert bent["height"].iloc[-3:].tolist() == pytest.approx(saddles[:3], rel=2e-3)
    same = own["attractor"].to_numpy()
    joined = ways["bent"].to_numpy() < 1e-9
    assert (joined == (same[ways["first"]] == same[ways["second"]])).all()


def test_attractors_of_xor_lie_at_its_levels():
    problem = make_problem("xor_sum", {})
    own = examine(AttractorTree(starts=10, iterations=700, steps=20, images=5), problem)[""]
    levels = np.array(problem.levels)
    at_level = own["level"] >= 0
    assert at_level.mean() > 0.8
    named = own[at_level]
    assert np.abs(named["loss"] - levels[named["level"]]).max() <= 0.01
    assert (named["level"] == 0).sum() > 2
    lowest = own.set_index("replicate")["loss"]
    assert (lowest[own["attractor"]].to_numpy() <= own["loss"].to_numpy()).all()
