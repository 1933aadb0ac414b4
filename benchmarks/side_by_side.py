"""What a block of a sweep costs alone, and beside the other radii and blocks, in one run.

    python benchmarks/side_by_side.py [--write docs/benchmarks/side_by_side.md]

Each method with a radius runs 1,000 steps on the six-hump camel function with one thread, at a
growing number of radii and blocks side by side. The whole is gone through five times in turn;
the least time of each case counts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.observers.basins import Basins
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems.plane import BLOCK
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.studies.stationary_distributions.plan import RADII, radius

FUNCTION = "six_hump_camel"
STEPS = 1000
TURNS = 5
#: (radii, blocks) side by side; the second is a quick run, the last a published one.
CASES = ((1, 1), (5, 1), (1, 10), (9, 1), (9, 2))


def seconds(method: str, radii: int, blocks: int) -> float:
    """Time the steps of one case and return its cost a block."""
    points = range(-(radii // 2), radii // 2 + 1)
    made = [make_method(method, {"radius": radius(method, k)}) for k in points]
    plan = PointsPlan(FUNCTION, make_problem(FUNCTION, {}), STEPS, STEPS, (Basins(),))
    methods = made * blocks
    indices = [block for block in range(blocks) for _ in made]
    began = time.perf_counter()
    keys = [f"{FUNCTION}/{number}" for number in range(len(methods))]
    run_points(plan, methods, indices, keys, torch.device("cpu"), NoSession())
    return (time.perf_counter() - began) / len(methods)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    methods = [name for name, main in RADII.items() if main is not None]
    least: dict[tuple[str, tuple[int, int]], float] = {}
    for _ in range(TURNS):
        for method in methods:
            for case in CASES:
                found = seconds(method, *case)
                least[method, case] = min(found, least.get((method, case), found))
    found = ", ".join(f"{k} {v}" for k, v in versions(("torch", "numpy")).items())
    cases = [f"{radii} x {blocks}" for radii, blocks in CASES]
    text = "\n".join(
        [
            "# Blocks and radii side by side",
            "",
            f"{FUNCTION}, {STEPS:,} steps of a block of {BLOCK} starts, one thread. "
            f"{machine()}; {found}.",
            "Microseconds a step and block, and how many times less than alone, at so many radii x "
            f"blocks side by side; the least of {TURNS} turns.",
            "",
            "| method | " + " | ".join(cases) + " |",
            "|---|" + "---|" * len(CASES),
            *(_row(method, [least[method, case] for case in CASES]) for method in methods),
            "",
        ]
    )
    print(text)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text)


def _row(method: str, times: list[float]) -> str:
    cells = [f"{1e6 * t / STEPS:.0f} ({times[0] / t:.1f})" for t in times]
    return f"| {method} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
