"""Each purpose of a draw has a stream, and may have a seed, of its own."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.draws.streams import Streams

PURPOSES = ("weights", "order", "dropout", "crop", "flip")
MOVED = {"crop": 2, "flip": True}


@pytest.fixture
def cell(house):
    def make(**more):
        return house.cell(problem_settings=MOVED, epochs=2, **more)

    return make


def start_of(run):
    return run.network.w.clone()


def order_of(run, epoch=1):
    run.at.epoch = epoch
    run.begin_epoch(10)
    return run.order.tolist()


def test_initial_weights_of_seed_3_with_the_data_order_of_seed_5(house, cell):
    mixed = cell(seeds={"weights": 3, "order": 5})
    made = house.run(mixed, block=9)
    assert torch.equal(start_of(made), start_of(house.run(cell(), 3)))
    assert not torch.equal(start_of(made), start_of(house.run(cell(), 9)))
    for epoch in (1, 2):
        assert order_of(made, epoch) == order_of(house.run(cell(), 5), epoch)
        assert order_of(made, epoch) != order_of(house.run(cell(), 9), epoch)
    # what is not named stays the run's own
    moves = [
        house.run(c, b).task._pixels.draw_moves(s, 1, 40, torch.device("cpu"))
        for c, b, s in ((mixed, 9, made.streams), (cell(), 9, Streams("toy_fashion", 9)))
    ]
    assert torch.equal(*moves)


def test_the_run_of_mixed_seeds_begins_as_one_and_goes_on_as_none_of_them(house, cell):
    mixed = house.train(cell(seeds={"weights": 3, "order": 5}), 9).curves
    third, fifth = (house.train(cell(), block).curves for block in (3, 5))
    assert mixed["test_loss"][0] == third["test_loss"][0]
    assert len({tuple(c["test_loss"][1:]) for c in (mixed, third, fifth)}) == 3


def test_all_purposes_of_another_seed_are_the_run_of_that_seed(house, cell, runs):
    named = house.train(cell(seeds=dict.fromkeys(PURPOSES, 3)), 9)
    runs.assert_equal(named, house.train(cell(), 3))
    # each of them counts
    for purpose in PURPOSES:
        others = {p: 3 for p in PURPOSES if p != purpose}
        found = house.train(cell(seeds=others), 9)
        assert found.curves["test_loss"] != named.curves["test_loss"], purpose


def test_seeds_are_part_of_what_a_cell_is_called(cell):
    names = {cell().id, cell(seeds={"order": 1}).id, cell(seeds={"order": 2}).id}
    assert len(names) == 3
    assert cell(seeds={}).id == cell().id


@pytest.mark.parametrize("purpose", ["a", "b", "c", "d", "ball"])
def test_draws_of_a_method_are_by_purpose_each_with_a_seed(house, purpose):
    state = "e" if purpose == "ball" else purpose
    own = house.train(house.cell("toy_recorder"), 2).run.state
    seeded = house.train(house.cell("toy_recorder", seeds={purpose: 7}), 2).run.state
    seventh = house.train(house.cell("toy_recorder"), 7).run.state
    for name in "abcde":
        assert torch.equal(seeded[name], (seventh if name == state else own)[name]), name
        assert not torch.equal(own[name], seventh[name]), name


def test_the_order_of_draws_does_not_count_and_nobody_shares_a_stream(house):
    some = house.train(house.cell("toy_recorder")).run.state
    swapped = house.cell("toy_recorder", method_settings={"order": ("e", "d", "c", "b", "a")})
    assert all(torch.equal(some[n], house.train(swapped).run.state[n]) for n in "abcde")
    fewer = house.cell("toy_recorder", method_settings={"order": ("b",)})
    assert torch.equal(house.train(fewer).run.state["b"], some["b"])
    assert 0 <= some["b"].item() < 1
    assert 0 <= some["d"].item() < 1000
    assert some["d"].item() == int(some["d"].item())
