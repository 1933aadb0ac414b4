"""What an update costs when several runs share a GPU in one process, against one run alone.

    python benchmarks/packs.py [--write docs/benchmarks/packs.md]

The MNIST network of Takase et al. under AdaGrad on 2,000 images of the sample, at batch sizes 10,
100 and 500; packs of 1, 4, 8 and 16 runs take turns in one call, and the median of the rounds
counts. On a machine without a GPU the same is measured on one core, where a pack should cost what
its runs cost alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.pack import Start, make_streams, run_pack
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.engine.session import NoSession
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.schedules.batch_sizes import BatchSizes

WIDTHS = (1, 4, 8, 16)
#: By batch size, images and epochs of a run: long enough that capturing is a small part.
SIZES = {10: (2_000, 6), 100: (2_000, 20), 500: (2_000, 30)}
CPU_SIZES = {10: (200, 1), 100: (400, 1)}


def microseconds(size: int, images: int, epochs: int, width: int, device: str) -> float:
    """Return the wall time of one update, all runs of a pack together."""
    problem = TakaseMnist(data="sample", train_images=images, test_images=100)
    place = torch.device(device)
    placed = problem.place(problem.select(load_images("mnist", "sample")), place)
    sizes = BatchSizes(size, size)
    plan = TrainingPlan("takase_mnist", problem, make_method("adagrad", {}), sizes, epochs)
    starts = [
        Start(str(block), lambda block=block: Run(plan, placed, block, place))
        for block in range(width)
    ]
    streams = make_streams(place, width) if device == "cuda" else [None] * width
    began = time.perf_counter()
    runs = [run for _, run in run_pack(starts, streams, NoSession())]
    if device == "cuda":
        torch.cuda.synchronize()
    return 1e6 * (time.perf_counter() - began) / sum(run.at.updates for run in runs)


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sizes = SIZES if device == "cuda" else CPU_SIZES
    where = torch.cuda.get_device_name() if device == "cuda" else f"one core of {machine()}"
    lines = [
        "# Runs side by side in one process",
        "",
        f"Made by `python benchmarks/packs.py --rounds {rounds}` on {where}, torch "
        f"{versions()['torch']}. Microseconds an update, all runs of a pack together (medians of "
        f"{rounds} rounds in turn), and how many times the updates of one run alone.",
        "",
        "| batch size | " + " | ".join(f"{width} runs" for width in WIDTHS) + " |",
        "|---|" + "---|" * len(WIDTHS),
    ]
    for size, (images, epochs) in sizes.items():
        microseconds(size, images, 1, 1, device)
        times = [
            [microseconds(size, images, epochs, width, device) for width in WIDTHS]
            for _ in range(rounds)
        ]
        medians = [statistics.median(column) for column in zip(*times, strict=True)]
        cells = [f"{value:.0f} ({medians[0] / value:.2f})" for value in medians]
        lines.append(f"| {size} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    text = report(args.rounds)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
