"""How many steps of gradient walks a core does: the engine's, side by side, and a plain loop's.

    python benchmarks/walks.py [--rounds N] [--write docs/benchmarks/walks.md]

The engine runs whole blocks as a study does, with their tables and the coordinates of sampled
points. The plain loop is `benchmarks/plain_walks.py`: one network of torch modules at a time, its
gradient by autograd, loss and gradient norm recorded. They take turns on one thread each, and the
median of the turns' ratios counts: a machine that is busy for a while slows both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from plain_walks import Recorded, images_walk, xor_walk

from escaping_minima.data.load import load_images
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.session import NoSession
from escaping_minima.engine.walk_points import Sampling
from escaping_minima.engine.walks import WalkPlan, run_walks
from escaping_minima.kinds.walks.run import SIDE_BY_SIDE
from escaping_minima.methods.gradient_walk import GradientWalk
from escaping_minima.parts.registry import make_problem
from escaping_minima.provenance.circumstances import machine, versions

#: Largest step, of starts within 1.
SIZE = 0.02
#: Blocks that a study has of a problem at most: ten samples of ten.
BLOCKS = 100
#: Images of the part of MNIST that lies in the repository.
IMAGES = {"data": "sample", "train_images": 10_000, "test_images": 2_000}
CPU = torch.device("cpu")


class Case(NamedTuple):
    """What is timed: a problem, how long a turn of the engine is, and of the plain loop."""

    problem: str
    width: int
    depth: int
    steps: int
    plain_steps: int


CASES = (
    Case("xor", 2, 1, 1000, 2000),
    Case("xor", 4, 3, 300, 2000),
    Case("xor", 20, 1, 300, 2000),
    Case("xor", 20, 3, 60, 2000),
    Case("mnist_walk", 10, 1, 20, 300),
    Case("mnist_walk", 100, 1, 8, 200),
)


class Engine:
    """Blocks of the engine, as many side by side as a job has."""

    def __init__(self, case: Case) -> None:
        self.problem = _problem(case)
        block, weights = int(self.problem.BLOCK), int(self.problem.weights)
        blocks = min(BLOCKS, max(1, SIDE_BY_SIDE // (block * weights)))
        self.blocks = range(blocks)
        self.walks = blocks * block
        data = load_images("mnist", "sample") if self.problem.DATA_SET else None
        placed = self.problem.place(self.problem.select(data), CPU)
        sampling = Sampling(drawn=20) if self.problem.DATA_SET else Sampling(every=10, blocks=10)
        method = GradientWalk(SIZE)
        self.plan = WalkPlan(case.problem, self.problem, placed, method, case.steps, sampling)

    def rate(self) -> float:
        """Return the steps of walks that it does in a second."""
        began = time.perf_counter()
        run_walks(self.plan, self.blocks, [str(b) for b in self.blocks], CPU, NoSession())
        return self.walks * self.plan.steps / (time.perf_counter() - began)


def plain(case: Case) -> Iterator[Recorded]:
    """Return the plain walk of a case."""
    if case.problem == "xor":
        return xor_walk(case.width, case.depth, 1.0, SIZE)
    data = _problem(case).select(load_images("mnist", "sample"))
    images = (torch.tensor(v).float().div(255).flatten(1) for v in _images(data))
    labels = (torch.tensor(v).long() for v in (data.train_labels, data.test_labels))
    splits = list(zip(images, labels, strict=True))
    return images_walk(case.width, case.depth, 1.0, SIZE, splits)


def plain_rate(walk: Iterator[Recorded], steps: int) -> float:
    """Return the steps that a plain walk does in a second."""
    began = time.perf_counter()
    list(islice(walk, steps))
    return steps / (time.perf_counter() - began)


def _problem(case: Case) -> Any:
    settings: dict[str, Any] = {"width": case.width, "depth": case.depth}
    return make_problem(case.problem, settings | (IMAGES if case.problem != "xor" else {}))


def _images(data: Any) -> tuple[Any, Any]:
    return data.train_images, data.test_images


def compare(case: Case, rounds: int) -> str:
    """Time both in turns; return a row of the table."""
    engine, walk = Engine(case), plain(case)
    plain_rate(walk, 50)
    engine.rate()
    pairs = [(engine.rate(), plain_rate(walk, case.plain_steps)) for _ in range(rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [mine / its for mine, its in pairs]
    name = "MNIST" if engine.problem.DATA_SET else "XOR"
    return (
        f"| {name} | {case.width} x {case.depth} | {engine.problem.weights:,} | {engine.walks:,} "
        f"| {ours:,.0f} | {theirs:,.0f} | {statistics.median(ratios):,.1f} "
        f"({min(ratios):,.1f} to {max(ratios):,.1f}) |"
    )


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    torch.set_num_threads(1)
    rows = [compare(case, rounds) for case in CASES]
    lines = [
        "# Steps of gradient walks: engine against a plain loop",
        "",
        f"Made by `python benchmarks/walks.py --rounds {rounds}` on one core of {machine()}, "
        f"torch {versions()['torch']}, load {os.getloadavg()[0]:.1f} at the end. Steps of a walk "
        "in a second, each with its gradient and all that is recorded. The engine runs whole "
        "blocks, tables included, so many walks side by side as a job has; the plain loop "
        "(`benchmarks/plain_walks.py`) walks with one network of torch modules at a time. On MNIST "
        "a step looks at 100 images for training and 100 for testing. Medians of "
        f"{rounds} turns; the ratio is the median of the turns' ratios (least to most).",
        "",
        "| problem | width x depth | weights | walks side by side | engine | plain loop | ratio |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    text = report(args.rounds)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
