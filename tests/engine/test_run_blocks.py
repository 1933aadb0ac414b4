"""A block's numbers depend on its cell and its index alone; stopping changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from escaping_minima.engine.run_blocks import BlockSettings, Interrupted, run_blocks

from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.parts.registry import make_method, make_problem

METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
# searches end often, so that a checkpoint falls between decisions
SETTINGS = {"gradient_tolerance": 0.5, "patience": 30}


def make(name):
    return make_method(name, SETTINGS if name.startswith(("nim", "nig_")) else {})


def run(name, block=0, settings=None, problem="six_hump_camel", steps=450):
    function = make_problem(problem, {})
    made = make(name)
    (one,) = run_blocks(problem, function, [made], steps, 150, [block], settings or BlockSettings())
    return one


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], other[key], err_msg=key)


class StopAt:
    """Asks to stop at the n-th page of steps."""

    def __init__(self, page):
        self.left = page

    def __call__(self):
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("pages", [[0], [1], [2, 1]])
def test_resumed_runs_give_the_same_bits(tmp_path, name, pages):
    whole = run(name)
    path = tmp_path / "state.pt"
    for page in pages:
        with pytest.raises(Interrupted):
            run(name, settings=BlockSettings(checkpoint=path, should_stop=StopAt(page)))
        assert path.exists()
    assert_equal(run(name, settings=BlockSettings(checkpoint=path)), whole)


@pytest.mark.parametrize("problem", ["himmelblau", "three_hump_camel", "six_hump_camel"])
@pytest.mark.parametrize("name", METHODS)
def test_a_block_is_the_same_alone_and_beside_others(name, problem):
    alone = run(name, block=2, problem=problem)
    function = make_problem(problem, {})
    for blocks in ([2, 0], [0, 1, 2], [5, 7, 2, 1, 0, 3, 4, 6, 8, 9]):
        made = [make(name)] * len(blocks)
        together = run_blocks(problem, function, made, 450, 150, blocks, BlockSettings())
        assert_equal(together[blocks.index(2)], alone)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "gd"])
def test_a_block_is_the_same_alone_and_beside_other_radii(name):
    function = make_problem("six_hump_camel", {})
    radii, blocks = (0.4, 0.03, 0.4, 2.0, 0.1), (0, 2, 1, 2, 2)
    methods = [replace(make(name), radius=radius) for radius in radii]

    def ends(methods, blocks):
        return run_blocks("six_hump_camel", function, methods, 450, 150, blocks, BlockSettings())

    together = ends(methods, blocks)
    for method, block, one in zip(methods, blocks, together, strict=True):
        assert_equal(one, ends([method], [block])[0])
    assert np.nanmax(np.abs(together[1]["end_x"] - together[3]["end_x"])) > 1e-3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (make("nig"), make("sam")),
        (make("gd"), make_method("gd", {"learning_rate": 0.5})),
        (make("nim"), make_method("nim", SETTINGS | {"patience": 31})),
    ],
)
def test_only_radii_may_differ_side_by_side(one, other):
    function = make_problem("six_hump_camel", {})
    with pytest.raises(ValueError, match="differ in more than radius"):
        run_blocks("six_hump_camel", function, [one, other], 10, 10, [0, 1], BlockSettings())


def test_blocks_side_by_side_resume_together(tmp_path):
    path = tmp_path / "state.pt"
    function = make_problem("six_hump_camel", {})

    def together(settings):
        made = [make("nim_mbh"), replace(make("nim_mbh"), radius=0.3)]
        return run_blocks("six_hump_camel", function, made, 450, 150, [0, 2], settings)

    with pytest.raises(Interrupted):
        together(BlockSettings(checkpoint=path, should_stop=StopAt(2)))
    for resumed, whole in zip(
        together(BlockSettings(checkpoint=path)), together(BlockSettings()), strict=True
    ):
        assert_equal(resumed, whole)


def test_a_block_does_not_depend_on_what_ran_before():
    alone = run("nim_bh", block=2)
    for other in ("nig", "sam"):
        run(other, block=1)
    assert_equal(run("nim_bh", block=2), alone)


def test_blocks_and_methods_share_what_their_names_say():
    first, second, other = run("nig"), run("nig", block=1), run("sam")
    assert not np.isin(first["start_x"], second["start_x"]).any()
    np.testing.assert_array_equal(first["start_x"], other["start_x"])


def test_a_damaged_checkpoint_starts_the_block_anew(tmp_path):
    path = tmp_path / "state.pt"
    with pytest.raises(Interrupted):
        run("sam", settings=BlockSettings(checkpoint=path, should_stop=StopAt(2)))
    path.write_bytes(path.read_bytes()[:100])
    assert Checkpoint(path).load() is None
    assert_equal(run("sam", settings=BlockSettings(checkpoint=path)), run("sam"))


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_single_flipped_bit_is_noticed(tmp_path, place):
    path = tmp_path / "state.pt"
    with pytest.raises(Interrupted):
        run("nim_mbh", settings=BlockSettings(checkpoint=path, should_stop=StopAt(2)))
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


def test_a_diverging_run_is_a_result():
    """At step size 0.01 a fifth of three-hump starts leave for good (basin_shares_computed)."""
    function = make_problem("three_hump_camel", {})
    made = make_method("gd", {"learning_rate": 1e-2})
    (block,) = run_blocks("three_hump_camel", function, [made], 300, 100, [0], BlockSettings())
    lost = ~np.isfinite(block["end_x"])
    assert 0.15 < lost.mean() < 0.25
    assert np.isfinite(block["end_x"][~lost]).all()
    assert (block["gradient_evaluations"] == 300).all()


def test_counts_are_those_of_the_methods():
    assert (run("gd")["gradient_evaluations"] == 450).all()
    assert (run("sam")["gradient_evaluations"] == 900).all()
    assert (run("gd")["loss_evaluations"] == 0).all()
