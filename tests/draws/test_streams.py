"""Named randomness: keyed by names, uniform where it says so."""

from __future__ import annotations

import numpy as np
from scipy import stats

from escaping_minima.draws.noise import draw_ball_page
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.plane import BLOCK
from escaping_minima.problems.points import draw_starts


def test_a_stream_is_named_by_problem_block_purpose_and_index():
    def first(problem="himmelblau", block=0, purpose="ball", index=0):
        return Streams(problem, block).generator(purpose, index).random()

    base = first()
    assert first() == base
    others = [first("six_hump_camel"), first(block=1), first(purpose="start"), first(index=1)]
    assert len({base, *others}) == 5


def test_streams_do_not_change_between_versions():
    """Published results rest on these draws; a change here makes them another experiment."""
    draws = Streams("himmelblau", 3).generator("start", 0).random(2)
    assert draws.tolist() == EXPECTED


EXPECTED = [float.fromhex(h) for h in ("0x1.f4cc2da7a5adfp-1", "0x1.c7f68cfc068d5p-1")]


def test_ball_noise_is_uniform_in_the_disc():
    draws = draw_ball_page(Streams("himmelblau", 0).generator("ball", 5), BLOCK, 2)
    assert draws.shape == (PAGE, 2, BLOCK)
    x, y = draws.transpose(1, 0, 2).reshape(2, -1)
    squared_radius, angle = x**2 + y**2, np.arctan2(y, x)
    assert squared_radius.max() <= 1
    # uniform in the disc: r^2 and the angle are uniform
    assert stats.kstest(squared_radius, "uniform").pvalue > 1e-3
    assert stats.kstest((angle + np.pi) / (2 * np.pi), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(draws[0].ravel(), draws[1].ravel())[0, 1]) < 0.1


def test_ball_noise_fills_the_ball_in_three_dimensions():
    draws = draw_ball_page(Streams("himmelblau", 0).generator("ball", 0), BLOCK, 3)
    radius = np.sqrt((draws**2).sum(axis=1)).ravel()
    assert stats.kstest(radius**3, "uniform").pvalue > 1e-3


def test_starts_are_uniform_in_the_box_and_differ_between_blocks():
    function = make_problem("six_hump_camel", {})
    starts = draw_starts(function, Streams("six_hump_camel", 0))
    assert starts.shape == (BLOCK, 2)
    for axis, (low, high) in enumerate(zip(function.lower, function.upper, strict=True)):
        unit = (starts[:, axis] - low) / (high - low)
        assert stats.kstest(unit, "uniform").pvalue > 1e-3
    other = draw_starts(function, Streams("six_hump_camel", 1))
    assert not np.isin(starts, other).any()
