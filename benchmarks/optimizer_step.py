"""What a step of `MethodOptimizer` costs beside one of torch's own SGD.

    python benchmarks/optimizer_step.py [--write docs/benchmarks/optimizer_step.md]

The closure does nothing and gradients stay as they are, so that what is left is the step itself:
copies between the parameters and the one vector that a method moves, and the method. Many small
parameters, as of a deep network with normalisation, and few large ones. Each method takes turns
with SGD (all parameters in one call, foreach) in one process, and the median ratio of the turns
counts: a machine that is busy for a while slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from escaping_minima.engine.numerics import settle
from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.provenance.circumstances import machine, versions

METHODS = ("gd", "adagrad", "nim", "sam", "nig_bh", "nim_mbh")
#: How many parameters, and of how many weights each.
SHAPES = ((1_000, 32), (1_000, 1_000), (10, 100_000))
#: So small that the weights stay what they are, in size.
RATE = 1e-6


def ready(count: int, size: int) -> list[torch.nn.Parameter]:
    """Return parameters that have a gradient."""
    parameters = [torch.nn.Parameter(torch.randn(size)) for _ in range(count)]
    for parameter in parameters:
        parameter.grad = torch.randn(size)
    return parameters


def microseconds(step: Callable[[], object], steps: int) -> float:
    """Return the time of one step, as the mean of several."""
    began = time.perf_counter()
    for _ in range(steps):
        step()
    return 1e6 * (time.perf_counter() - began) / steps


def compare(method: str, count: int, size: int, rounds: int, steps: int) -> tuple[float, float]:
    """Return the time of SGD's step, and how many of it the method's takes."""
    sgd = torch.optim.SGD(ready(count, size), lr=RATE, foreach=True)
    other = MethodOptimizer(ready(count, size), method, lr=RATE)
    turns = (sgd.step, lambda: other.step(lambda: 1.0))
    for step in turns:
        microseconds(step, 3)
    times = [[microseconds(step, steps) for step in turns] for _ in range(rounds)]
    return (
        statistics.median(base for base, _ in times),
        statistics.median(own / base for base, own in times),
    )


def report(rounds: int, steps: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    lines = [
        "# A step of MethodOptimizer",
        "",
        f"Made by `python benchmarks/optimizer_step.py --rounds {rounds} --steps {steps}` on one "
        f"core of {machine()}, torch {versions()['torch']}. The step alone, without the closure: "
        "how many times that of `torch.optim.SGD` (foreach) it takes (medians of the rounds in "
        "turn). SAM and the methods that perturb copy the weights and gradients more than once.",
        "",
        "| parameters x weights | SGD, microseconds | " + " | ".join(METHODS) + " |",
        "|---|---|" + "---|" * len(METHODS),
    ]
    for count, size in SHAPES:
        found = [compare(method, count, size, rounds, steps) for method in METHODS]
        base = statistics.median(time for time, _ in found)
        ratios = " | ".join(f"{ratio:.1f}" for _, ratio in found)
        lines.append(f"| {count:,} x {size:,} | {base:.0f} | {ratios} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    text = report(args.rounds, args.steps)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
