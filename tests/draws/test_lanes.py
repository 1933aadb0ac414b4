"""Draws of lanes belong to their block; batches are without replacement, each as likely."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from escaping_minima.draws.item_batches import ItemBatches, shuffled
from escaping_minima.draws.lane_noise import LaneNoise
from escaping_minima.draws.streams import PAGE, Streams

CPU = torch.device("cpu")
ONE, OTHER = Streams("toy", 0), Streams("toy", 1)
FORMS = {
    "ball": lambda noise: noise(),
    "normal": lambda noise: noise.normal("n"),
    "uniform": lambda noise: noise.uniform("u"),
    "uniform each": lambda noise: noise.uniform_each("e"),
    "choice": lambda noise: noise.choice("c", 3).double(),
}


def noise_at(step, streams, in_rows=False, d=2, k=6):
    noise = LaneNoise(streams, k, d, CPU, in_rows)
    noise.begin(step)
    return noise


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("in_rows", [False, True])
def test_lanes_of_a_block_share_its_draws_whatever_runs_beside_them(form, in_rows):
    draw = FORMS[form]
    for step in (0, 1, PAGE - 1, PAGE, 7 * PAGE + 3):
        alone = {s: draw(noise_at(step, [s], in_rows)) for s in (ONE, OTHER)}
        streams = [OTHER, ONE, OTHER]
        found = draw(noise_at(step, streams, in_rows))
        assert torch.equal(found, torch.cat([alone[s] for s in streams]))
        assert not torch.equal(alone[ONE], alone[OTHER])
        # as each problem reads them: rows, or columns of the plane
        assert (found.stride(0) == 1) == (not in_rows or found.shape[1] == 1)


def test_steps_differ_and_pages_follow_one_another():
    noise = LaneNoise([ONE], 3, 2, CPU, False)
    seen = []
    for step in range(2 * PAGE + 1):
        noise.begin(step)
        seen.append(noise.normal("n").clone())
        assert torch.equal(seen[-1], noise_at(step, [ONE], k=3).normal("n"))
    assert len({tuple(drawn.ravel().tolist()) for drawn in seen}) == len(seen)


def test_draws_have_their_laws():
    d, k = 3, 4000
    ball = noise_at(0, [ONE], d=d, k=k)()
    radius = ball.square().sum(1).sqrt()
    assert stats.kstest(radius.numpy() ** d, "uniform").pvalue > 1e-3
    assert ball.mean(0).abs().max() < 0.05
    normal = noise_at(0, [ONE], d=d, k=k).normal("n").ravel().numpy()
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    uniform = noise_at(0, [ONE], d=d, k=k).uniform_each("e").ravel().numpy()
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert noise_at(0, [ONE]).uniform("u").shape == (6, 1)


def test_a_mask_leaves_other_rows_alone_and_a_purpose_is_drawn_once():
    mask = torch.tensor([[True], [False]] * 3)
    whole, noise = noise_at(4, [ONE])(), noise_at(4, [ONE])
    drawn = noise(mask)
    assert torch.equal(drawn, whole * mask)
    with pytest.raises(ValueError, match="ball is drawn twice"):
        noise()


def test_batches_have_different_items_and_each_is_as_likely():
    shares = np.random.default_rng(0).random((3, 60_000))
    found = shuffled(shares, 5)
    assert found.shape == (3, 60_000)
    ordered = (found * np.array([[25], [5], [1]])).sum(0)
    counts = np.bincount(ordered, minlength=125)
    assert (counts > 0).sum() == 5 * 4 * 3
    assert stats.chisquare(counts[counts > 0]).pvalue > 1e-3


def test_batches_are_named_and_smaller_ones_begin_larger_ones():
    large = ItemBatches([ONE, OTHER, ONE], 4, 9, 6, CPU)
    small = ItemBatches([OTHER], 4, 9, 2, CPU)
    for step in (0, 5, 3 * PAGE):
        whole = large.of_step(step, 6)
        assert whole.dtype == torch.int64
        assert whole.shape == (12, 6)
        assert all(len(set(row)) == 6 and set(row) <= set(range(9)) for row in whole.tolist())
        assert torch.equal(whole[:4], whole[8:])
        assert torch.equal(large.of_step(step, 3), whole[:, :3])
        assert torch.equal(small.of_step(step, 2), whole[4:8, :2])
    assert not torch.equal(large.of_step(0, 6), large.of_step(1, 6))
