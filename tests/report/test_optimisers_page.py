"""The page of both studies says of each optimiser what their tables say, and what was not run."""

from __future__ import annotations

import pandas as pd
import pytest

from escaping_minima.report.optimisers_page import (
    LANDSCAPES,
    NOT_RUN,
    TASKS,
    landscape_lines,
    optimisers_page,
    optimisers_table,
    task_lines,
)


def ends(method, starts, **counts):
    names = {"function": "six_hump_camel", "method": method, "k": 0, "starts": starts}
    return [names | {"outcome": outcome, "count": n} for outcome, n in counts.items()]


SWEEP = pd.DataFrame(
    [
        *ends("gd", 1000, GM=400, LM=600, Else=0),
        *ends("nig", 1000, GM=400, LM=100, Else=500),
        *ends("nim", 1000, GM=405, LM=595, Else=0),
        *({**row, "k": 2} for row in ends("sam", 1000, GM=0, LM=0, Else=1000)),
        {
            "function": "himmelblau",
            "method": "gd",
            "k": 0,
            "starts": 9,
            "outcome": "GM",
            "count": 9,
        },
        {
            "function": "himmelblau",
            "method": "gd",
            "k": 0,
            "starts": 9,
            "outcome": "Else",
            "count": 0,
        },
    ]
)
AGAINST = {"role": "tuned", "task": "cifar-10", "network": "ResNet-50", "trajectories": 10}


def against(method, difference, low, high, margin=0.5):
    numbers = {"difference": difference, "low": low, "high": high, "margin": margin}
    return {**AGAINST, "method": method} | numbers


TABLES = {
    "against_sgd.csv": pd.DataFrame(
        [
            against("sam", 1.0, 0.4, 1.6),
            against("nig", -0.2, -0.3, -0.1),
            against("nim", 0.1, -0.2, 0.4),
            against("nim_bh", 0.1, -0.7, 0.9),
            against("nig_bh", 0.1, float("nan"), float("nan")),
        ]
    ),
    "levels.csv": pd.DataFrame(
        [
            {**AGAINST, "method": "gd", "set": kind, "measure": "score", "n": 10, "mean": mean}
            for kind, mean in (("A", 93.5), ("B", 94.0))
        ]
    ),
    "activity.csv": pd.DataFrame([{**AGAINST, "method": "nim", "same_as_sgd": 100.0}]),
}


def test_landscapes_compare_ends_that_arrived():
    sweep = {"sweep.csv": SWEEP}
    (camel, himmelblau) = landscape_lines("gd", sweep)
    assert camel == (
        "Six-Hump Camel: 0.0 percent in no minimum; 40.0 percent of the others in global minima"
    )
    # all minima are global, so that nothing is predicted
    assert himmelblau == "Himmelblau: 0.0 percent in no minimum"
    (nig,) = landscape_lines("nig", sweep)
    assert "50.0 percent in no minimum; 80.0 percent of the others in global minima, +40.0 [" in nig
    assert nig.endswith("more than GD")
    assert landscape_lines("nim", sweep)[0].endswith("not told apart from GD")
    # only another radius was run
    assert landscape_lines("sam", sweep) == [NOT_RUN]
    assert landscape_lines("gd", {}) == [NOT_RUN]


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("sam", "+1.00 [0.40, 1.60]: higher"),
        ("nig", "−0.20 [−0.30, −0.10]: lower, within the margin"),
        ("nim", "+0.10 [−0.20, 0.40]: not told apart, within the margin; does what SGD does"),
        ("nim_bh", "+0.10 [−0.70, 0.90]: not told apart"),
        ("nig_bh", "+0.10, of which one trajectory says no more"),
        ("gd", "93.50 percent"),
    ],
)
def test_tasks_are_read_off_intervals(method, end):
    (line,) = task_lines(method, TABLES)
    assert line == f"CIFAR-10, ResNet-50, tuned settings (10 trajectories): {end}"


def test_what_was_not_run_says_so():
    assert task_lines("nig_mbh", TABLES) == [NOT_RUN]
    table = optimisers_table({LANDSCAPES: {"sweep.csv": SWEEP}})
    # eight methods without tasks, five without landscapes
    assert table.count(NOT_RUN) == 8 + 5
    page = optimisers_page({"claims": []}, {TASKS: TABLES})
    assert "Stationary distributions: not part of this run." in page
    assert page.startswith("# Optimisers: landscapes and real tasks\n")
