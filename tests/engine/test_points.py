"""A block's numbers depend on its cell and its index alone; stopping changes nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession, Stopped
from escaping_minima.parts.registry import make_method, make_problem

METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
# searches end often, so that a checkpoint falls between decisions
SETTINGS = {"gradient_tolerance": 0.5, "patience": 30}


def make(name):
    return make_method(name, SETTINGS if name.startswith(("nim", "nig_")) else {})


@pytest.fixture(scope="module")
def run(runs):
    """Run a block of a method."""

    def run_one(name, block=0, session=None, problem="six_hump_camel", steps=450):
        function = make_problem(problem, {})
        (one,) = runs.run_function(problem, function, [make(name)], steps, 150, [block], session)
        return one

    return run_one


@pytest.fixture(scope="module")
def whole(run):
    """Run a block of a method without a stop, once for all that compare with it."""
    return cache(run)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("pages", [[0], [1], [2, 1]])
def test_resumed_runs_give_the_same_bits(runs, run, whole, name, pages):
    session = runs.MemorySession()
    for page in pages:
        session.should_stop = runs.StopAt(page)
        with pytest.raises(Stopped):
            run(name, session=session)
        assert session.saved
    session.should_stop = bool
    runs.assert_equal(run(name, session=session), whole(name))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        *((name, "six_hump_camel") for name in METHODS),
        *(("nim_mbh", problem) for problem in ("himmelblau", "three_hump_camel")),
    ],
)
def test_a_block_is_the_same_alone_and_beside_others(runs, run, name, problem):
    alone = run(name, block=2, problem=problem)
    function = make_problem(problem, {})
    for blocks in ([2, 0], [0, 1, 2], [5, 7, 2, 1, 0, 3, 4, 6, 8, 9]):
        made = [make(name)] * len(blocks)
        together = runs.run_function(problem, function, made, 450, 150, blocks)
        runs.assert_equal(together[blocks.index(2)], alone)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "gd"])
def test_a_block_is_the_same_alone_and_beside_other_radii(runs, name):
    function = make_problem("six_hump_camel", {})
    radii, blocks = (0.4, 0.03, 0.4, 2.0, 0.1), (0, 2, 1, 2, 2)
    methods = [replace(make(name), radius=radius) for radius in radii]

    def ends(methods, blocks):
        return runs.run_function("six_hump_camel", function, methods, 450, 150, blocks)

    together = ends(methods, blocks)
    for method, block, one in zip(methods, blocks, together, strict=True):
        runs.assert_equal(one, ends([method], [block])[0])
    assert np.nanmax(np.abs(together[1]["end_x"] - together[3]["end_x"])) > 1e-3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (make("nig"), make("sam")),
        (make("gd"), make_method("gd", {"learning_rate": 0.5})),
        (make("nim"), make_method("nim", SETTINGS | {"patience": 31})),
    ],
)
def test_only_radii_may_differ_side_by_side(runs, one, other):
    function = make_problem("six_hump_camel", {})
    with pytest.raises(ValueError, match="differ in more than radius"):
        runs.run_function("six_hump_camel", function, [one, other], 10, 10, [0, 1])


def test_blocks_side_by_side_resume_together(runs):
    function = make_problem("six_hump_camel", {})
    made = [make("nim_mbh"), replace(make("nim_mbh"), radius=0.3)]

    def together(session):
        return runs.run_function("six_hump_camel", function, made, 450, 150, [0, 2], session)

    session = runs.MemorySession(runs.StopAt(2))
    with pytest.raises(Stopped):
        together(session)
    session.should_stop = bool
    for resumed, whole in zip(together(session), together(None), strict=True):
        runs.assert_equal(resumed, whole)


class Bowl:
    """A quartic bowl in nine dimensions whose sums run over the coordinates."""

    BLOCK = 120
    lower, upper = (-1.0,) * 9, (1.0,) * 9
    scale = torch.linspace(0.3, 3.0, 9, dtype=torch.float64)

    def values(self, w):
        return ((w * self.scale).square().sum(1, keepdim=True) - 1).square()

    def gradients(self, w):
        squared = (w * self.scale).square().sum(1, keepdim=True)
        return 4 * (squared - 1) * self.scale.square() * w


@pytest.mark.parametrize("name", ["sam", "nim", "nig_mbh"])
def test_company_changes_no_bit_in_many_dimensions(name):
    """A sum over coordinates must not be grouped by where a replicate stands."""
    plan = PointsPlan("bowl", Bowl(), 150, 50)

    def ends(blocks):
        made, keys = [make(name)] * len(blocks), [f"bowl/{b}" for b in blocks]
        return run_points(plan, made, blocks, keys, torch.device("cpu"), NoSession())

    (alone,) = ends([1])
    for blocks in ([0, 1], [3, 0, 1, 2], [1, 4]):
        beside = ends(blocks)[blocks.index(1)]
        for column, values in alone.items():
            np.testing.assert_array_equal(beside[column], values, err_msg=column)


def test_a_block_does_not_depend_on_what_ran_before(runs, run):
    alone = run("nim_bh", block=2)
    for other in ("nig", "sam"):
        run(other, block=1)
    runs.assert_equal(run("nim_bh", block=2), alone)


def test_blocks_and_methods_share_what_their_names_say(run):
    first, second, other = run("nig"), run("nig", block=1), run("sam")
    assert not np.isin(first["start_x"], second["start_x"]).any()
    np.testing.assert_array_equal(first["start_x"], other["start_x"])


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_single_flipped_bit_is_noticed(tmp_path, place):
    path = tmp_path / "state.pt"
    Checkpoint(path).save({"w": torch.arange(1000.0)})
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    assert Checkpoint(path).load() is None


def test_checkpoints_are_read_without_pickle(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    checkpoint = Checkpoint(tmp_path / "state.pt")
    checkpoint.save({"step": Evil()})
    with pytest.raises(Exception, match="Weights only"):
        checkpoint.load()


def test_a_diverging_run_is_a_result(runs):
    """At step size 0.01 a fifth of three-hump starts leave for good (basin_shares_computed)."""
    function = make_problem("three_hump_camel", {})
    made = make_method("gd", {"learning_rate": 1e-2})
    (block,) = runs.run_function("three_hump_camel", function, [made], 300, 100, [0])
    lost = ~np.isfinite(block["end_x"])
    assert 0.15 < lost.mean() < 0.25
    assert np.isfinite(block["end_x"][~lost]).all()
    assert (block["gradient_evaluations"] == 300).all()


def test_counts_are_those_of_the_methods(run):
    assert (run("gd")["gradient_evaluations"] == 450).all()
    assert (run("sam")["gradient_evaluations"] == 900).all()
    assert (run("gd")["loss_evaluations"] == 0).all()
