"""Every method, batched, against an independent loop over one start at a time."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.draws.noise import draw_ball_page
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems.plane import BLOCK
from escaping_minima.problems.points import draw_starts

STEPS = 650
#: Once SAM reaches a minimum, g / |g| turns by a finite angle in every step and the last digit is
#: amplified until it fills an orbit of size eta * rho * curvature, so it is compared before that.
STEPS_SAM = 45
FUNCTIONS = ("himmelblau", "three_hump_camel", "six_hump_camel")
# (method, settings): small patience and large tolerance make every decision happen often
CASES = [
    ("gd", {}),
    ("nig", {"radius": 25.0}),
    ("nim", {"radius": 0.1, "gradient_tolerance": 0.3, "patience": 40}),
    (
        "nim",
        {"radius": 0.3, "gradient_tolerance": 0.3, "patience": 40, "since_last_perturbation": True},
    ),
    ("sam", {"radius": 0.33}),
    ("sam", {"radius": 0.05, "restore": False}),
    ("nig_bh", {"radius": 40.0, "gradient_tolerance": 0.5, "patience": 30}),
    ("nim_bh", {"radius": 0.3, "gradient_tolerance": 0.5, "patience": 30}),
    ("nig_mbh", {"radius": 400.0, "gradient_tolerance": 0.5, "patience": 30}),
    ("nim_mbh", {"radius": 0.5, "gradient_tolerance": 0.5, "patience": 30}),
    (
        "nig_mbh",
        {"radius": 400.0, "gradient_tolerance": 0.5, "patience": 30, "compare": "perturbed_point"},
    ),
    (
        "nim_mbh",
        {"radius": 0.5, "gradient_tolerance": 0.5, "patience": 30, "compare": "perturbed_point"},
    ),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-8}),
    ("adagrad", {"learning_rate": 0.3, "epsilon": 0.1, "initial_sum": 2.0}),
]


def steps_of(method):
    return STEPS_SAM if method == "sam" else STEPS


def run_slowly(slow_methods, slow_problems, function, method, settings, replicate):
    streams = Streams(function, 3)
    start = draw_starts(make_problem(function, {}), streams)[replicate]
    pages: dict[int, np.ndarray] = {}

    def noise(t):
        page, within = divmod(t, PAGE)
        if page not in pages:
            pages[page] = draw_ball_page(streams.generator("ball", page), BLOCK, 2)
        return tuple(float(v) for v in pages[page][within, :, replicate])

    full = {"learning_rate": 1e-3, "gradient_tolerance": 1e-2, "patience": 100}
    full |= {"since_last_perturbation": False} | settings
    return slow_methods.run(
        method,
        full,
        slow_problems.GRADIENTS[function],
        slow_problems.VALUES[function],
        (float(start[0]), float(start[1])),
        steps_of(method),
        noise,
    )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("method", "settings"), CASES)
def test_end_points_and_counts_agree(runs, slow_methods, slow_problems, function, method, settings):
    problem = make_problem(function, {})
    steps = steps_of(method)
    made = make_method(method, settings)
    (block,) = runs.run_function(function, problem, [made], steps, 200, [3])
    for replicate in (0, 1, 2, 77, 249, 250, 498, 499):
        slow = run_slowly(slow_methods, slow_problems, function, method, settings, replicate)
        fast = (block["end_x"][replicate], block["end_y"][replicate])
        assert fast == pytest.approx(slow.end, abs=1e-9)
        assert block["gradient_evaluations"][replicate] == slow.gradient_evaluations
        assert block["loss_evaluations"][replicate] == slow.loss_evaluations


def test_cases_make_every_decision_happen(runs):
    """The cases above would prove little if searches never ended or were never rejected."""
    problem = make_problem("six_hump_camel", {})

    def run(method, settings):
        made = make_method(method, settings)
        return runs.run_function("six_hump_camel", problem, [made], STEPS, 200, [3])[0]

    searched = run("nim_mbh", CASES[9][1])
    assert searched["loss_evaluations"].mean() > 10
    plain = run("nim_bh", CASES[9][1])
    assert np.abs(searched["end_x"] - plain["end_x"]).max() > 0.1
    assert run("nim", CASES[2][1])["gradient_evaluations"].max() > STEPS + 3


def test_sam_without_its_shift_is_not_sam(runs):
    """Flipping the sign of the ascent moves end points off the saddles that ascent attracts to."""
    problem = make_problem("six_hump_camel", {})
    up = make_method("sam", {"radius": 0.33})
    down = make_method("sam", {"radius": 0.33})
    object.__setattr__(down, "radius", -0.33)
    ends = [
        runs.run_function("six_hump_camel", problem, [m], 4000, 200, [0])[0] for m in (up, down)
    ]
    # at a saddle the ascent of length 0.33 points back, so |g| stays away from convergence
    stuck = [(end["gradient_norm"] > 0.05).mean() for end in ends]
    assert stuck[0] > 0.2
    assert abs(stuck[1] - stuck[0]) > 0.1
