"""How much faster the engine trains the MNIST network than a plain loop, measured in one run.

    python benchmarks/mnist_training.py [--rounds N] [--write docs/benchmarks/mnist_training.md]

Both train the network of Takase et al. with AdaGrad on 2,000 images of MNIST. They take turns, a
few updates each, and the median of the rounds counts, so that other load on the machine touches
both alike. On a machine with a GPU the same is measured there, for three batch sizes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from plain_mnist import PlainTraining

from escaping_minima.data.load import load_images
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.parts.registry import make_method
from escaping_minima.plan.cores import count_cores
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

IMAGES = 2_000
PROBLEM = TakaseMnist(data="sample", train_images=IMAGES, test_images=2_000)
#: Updates in one turn, for about a second at each batch size.
TURN = {10: 100, 55: 20, 100: 12, 255: 4, 500: 2}
#: Updates of one run when runs an hour are counted.
RUN = 600


class EngineTraining:
    """The engine's run, a few updates at a time."""

    def __init__(self, batch_size: int, device: str) -> None:
        place = torch.device(device)
        placed = PROBLEM.place(PROBLEM.select(load_images("mnist", "sample")), place)
        sizes = BatchSizes(batch_size, batch_size)
        plan = TrainingPlan("takase_mnist", PROBLEM, make_method("adagrad", {}), sizes, 10**6)
        # a graph cannot be captured on the default stream
        self.stream = torch.cuda.Stream(place) if device == "cuda" else None
        with torch.no_grad(), torch.cuda.stream(self.stream):
            self.run = Run(plan, placed, 0, place)
        self.size = batch_size
        self.bounds = batch_bounds(IMAGES, batch_size)
        self.next = 0

    def update(self) -> None:
        """Do one update."""
        if self.next % len(self.bounds) == 0:
            self.run.at.epoch += 1
            self.run.begin_epoch(self.size)
        with torch.no_grad(), torch.cuda.stream(self.stream):
            self.run.update(*self.bounds[self.next % len(self.bounds)])
        self.next += 1


def make_plain(batch_size: int, device: str) -> PlainTraining:
    """Return the plain loop on the same images."""
    data = PROBLEM.select(load_images("mnist", "sample"))
    images = torch.tensor(data.train_images).float().div(255)
    return PlainTraining(images, torch.tensor(data.train_labels).long(), batch_size, device)


def seconds(update: Callable[[], object], count: int, device: str) -> float:
    """Return the seconds that one of ``count`` updates took."""
    began = time.perf_counter()
    for _ in range(count):
        update()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / count


def compare(batch_size: int, device: str, rounds: int) -> dict[str, float]:
    """Time both, taking turns; return medians in milliseconds an update, and their ratio."""
    engine, plain = EngineTraining(batch_size, device), make_plain(batch_size, device)
    count = TURN[batch_size] * (20 if device == "cuda" else 1)
    for update in (engine.update, plain.update):
        seconds(update, min(count, 30), device)
    pairs = [
        (seconds(engine.update, count, device), seconds(plain.update, count, device))
        for _ in range(rounds)
    ]
    ours, theirs = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [p / e for e, p in pairs]
    return {
        "batch_size": batch_size,
        "engine": ours,
        "plain": theirs,
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def runs_an_hour() -> tuple[float, float]:
    """Return runs an hour at batch size 10: two one-thread workers, one plain two-thread loop."""
    workers = [_start("engine", 1), _start("engine", 1)]
    engine = max(_seconds_of(worker) for worker in workers)
    plain = _seconds_of(_start("plain", 2))
    return 2 * 3600 / engine, 3600 / plain


def _start(kind: str, threads: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--worker", kind, "--threads", str(threads)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _seconds_of(worker: subprocess.Popen[str]) -> float:
    out, _ = worker.communicate()
    return float(out.splitlines()[-1])


def work(kind: str, threads: int) -> None:
    """Train one run of RUN updates at batch size 10 and print its seconds, without the start."""
    torch.set_num_threads(threads)
    training = EngineTraining(10, "cpu") if kind == "engine" else make_plain(10, "cpu")
    seconds(training.update, 20, "cpu")
    print(RUN * seconds(training.update, RUN, "cpu"))


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    rows = [compare(size, "cpu", rounds) for size in TURN]
    lines = [
        "# Training the MNIST network: engine against a plain loop",
        "",
        f"Made by `python benchmarks/mnist_training.py --rounds {rounds}` on {machine()}, "
        f"{count_cores()} cores, torch {versions()['torch']}, "
        f"load {os.getloadavg()[0]:.1f} at the end. The plain loop is `benchmarks/plain_mnist.py`: "
        "a DataLoader over a TensorDataset, eager modules, `torch.optim.Adagrad`. Milliseconds an "
        f"update, medians of {rounds} turns; the ratio is the median of the turns' ratios (least "
        "to most).",
        "",
        "One thread, float32:",
        "",
        *_table(rows, "ms", 1),
        "",
    ]
    engine, plain = runs_an_hour()
    lines += [
        f"Two cores, batch size 10, runs of {RUN} updates: two one-thread workers of the engine "
        f"make {engine:.0f} runs an hour, the plain loop with two threads {plain:.0f}: "
        f"{engine / plain:.2f} times as many.",
        "",
        _bf16(rounds),
    ]
    if torch.cuda.is_available():
        sizes = (10, 100, 500)
        lines += ["", f"On {torch.cuda.get_device_name()}:", ""]
        lines += _table([compare(size, "cuda", rounds) for size in sizes], "us", 1000)
    else:
        lines += ["", "No GPU was there: nothing was measured on one."]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, float]], unit: str, scale: float) -> list[str]:
    head = f"| batch size | engine ({unit}) | plain loop ({unit}) | ratio |"
    body = [
        f"| {r['batch_size']} | {scale * r['engine']:.1f} | {scale * r['plain']:.1f} "
        f"| {r['ratio']:.2f} ({r['least']:.2f} to {r['most']:.2f}) |"
        for r in rows
    ]
    return [head, "|---|---|---|---|", *body]


def _bf16(rounds: int) -> str:
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "bf16: this CPU has no native bf16, so it was not measured."
    engine = EngineTraining(10, "cpu")
    with torch.autocast("cpu", torch.bfloat16):
        times = [seconds(engine.update, TURN[10], "cpu") for _ in range(rounds)]
    return f"bf16 (autocast) at batch size 10: {1e3 * statistics.median(times):.1f} ms an update."


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--worker", choices=["engine", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker, args.threads)
        return
    text = report(args.rounds)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
