"""What a step of a trial costs alone, and beside the other trials of its search.

    python benchmarks/arena_side_by_side.py [--write docs/benchmarks/arena_side_by_side.md]

Sixteen trials of each method run from 500 starts on the six-hump camel function, one after another
and in one tensor, as a search of the arena runs them: their settings differ, and nothing but the
ends is looked at. Then ten blocks of one of them, as fresh blocks are run: every step is looked at.
The whole is gone through three times in turn; the least time of each case counts. Times are those
of the processor, on one thread, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.arena import ArenaPlan, Lane, run_arena
from escaping_minima.engine.arena_places import InRegions
from escaping_minima.engine.session import NoSession
from escaping_minima.landscape.regions import regions
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.provenance.circumstances import machine, versions

FUNCTION = "six_hump_camel"
STARTS = 500
TRIALS = 16
BLOCKS = 10
BUDGET = 900
TURNS = 3
CASES = ("alone", "beside", "watched")
#: By method: sample evaluations of a step, at least; a setting that differs; the others.
METHODS = {
    "gd": (3, "learning_rate", {}),
    "nim": (3, "radius", {"learning_rate": 0.01, "gradient_tolerance": 0.1, "patience": 20}),
    "nim_mbh": (3, "radius", {"learning_rate": 0.01, "gradient_tolerance": 0.1, "patience": 20}),
    "langevin": (3, "temperature", {"learning_rate": 0.01}),
    "simulated_annealing": (1, "temperature", {"fresh": False, "cooling": 0.999}),
    "two_point": (2, "distance", {"learning_rate": 0.01}),
}


def lanes_of(method: str) -> list[Lane]:
    """Return the trials of a search, all of one block."""
    _, setting, others = METHODS[method]
    values = [0.01 * 1.2**trial for trial in range(TRIALS)]
    streams = Streams(f"{FUNCTION} search", 0)
    return [Lane(make_method(method, {**others, setting: v}), streams) for v in values]


def seconds(plan: ArenaPlan, groups: list[list[Lane]]) -> float:
    """Return what the groups take, one after another."""
    began = time.process_time()
    for lanes in groups:
        run_arena(plan, lanes, "", torch.device("cpu"), NoSession())
    return time.process_time() - began


def cases(method: str, plan: ArenaPlan) -> dict[str, Callable[[], float]]:
    """Return what is timed of a method, by the names of `CASES`: seconds a lane."""
    lanes = lanes_of(method)
    blocks = [Lane(lanes[0].method, Streams(FUNCTION, block)) for block in range(BLOCKS)]
    unwatched = replace(plan, is_watched=False)
    return {
        "alone": lambda: seconds(unwatched, [[lane] for lane in lanes]) / TRIALS,
        "beside": lambda: seconds(unwatched, [lanes]) / TRIALS,
        "watched": lambda: seconds(plan, [blocks]) / BLOCKS,
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    problem = make_problem(FUNCTION, {})
    places = InRegions(regions(problem))
    targets = tuple(places.minimum + 20.0 * 0.8**power for power in range(51))
    plan = ArenaPlan(problem, STARTS, BUDGET, 3.0, places=places, targets=targets)
    least: dict[tuple[str, str], float] = {}
    for _ in range(TURNS):
        for method in METHODS:
            for case, timed in cases(method, plan).items():
                found = timed()
                least[method, case] = min(found, least.get((method, case), found))
    libraries = ", ".join(f"{k} {v}" for k, v in versions(("torch", "numpy")).items())
    text = "\n".join(
        [
            "# Trials of a search side by side",
            "",
            f"{FUNCTION}, {STARTS} starts, a budget of {BUDGET:,} sample evaluations, one thread. "
            f"{machine()}; {libraries}.",
            f"Microseconds a step of one trial, alone and as one of {TRIALS} in one tensor, and "
            f"how many times less; nanoseconds a step and start of these; and microseconds a step "
            f"of one of {BLOCKS} blocks that are looked at in every step. The least of {TURNS} "
            "turns, time of the processor.",
            "",
            "| method | alone | side by side | times less | ns a start | looked at |",
            "|---|---|---|---|---|---|",
            *(
                _row(method, {c: least[method, c] for c in cases(method, plan)})
                for method in METHODS
            ),
            "",
        ]
    )
    print(text)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text)


def _row(method: str, took: dict[str, float]) -> str:
    steps = BUDGET / METHODS[method][0]
    alone, beside, watched = (1e6 * took[case] / steps for case in CASES)
    numbers = f"{alone:.0f} | {beside:.1f} | {alone / beside:.1f} | {1e3 * beside / STARTS:.0f}"
    return f"| {method} | {numbers} | {watched:.0f} |"


if __name__ == "__main__":
    main()
