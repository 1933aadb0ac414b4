"""How much faster the engine trains the MNIST network than a plain loop, measured in one run.

    python benchmarks/mnist_training.py [--gpu] [--rounds N] [--write FILE]

Both train the network of Takase et al. with AdaGrad on 2,000 images of MNIST. They take turns, a
few updates each, and the median of the rounds counts, so that other load on the machine touches
both alike. On a machine with a GPU the same is measured there on 10,000 images: runs of the engine
alone and side by side, and how far they are from what bounds them.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from card_peak import peak_flops
from gpu_bounds import (
    bytes_a_second,
    kernels_of,
    seconds_a_start,
    update_bytes,
    update_flops,
)
from plain_mnist import PlainTraining

from escaping_minima.data.load import load_images
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.pack import make_streams
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.parts.registry import make_method
from escaping_minima.plan.cores import count_cores
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.schedules.batch_sizes import BatchSizes

IMAGES = 2_000
PROBLEM = TakaseMnist(data="sample", train_images=IMAGES, test_images=2_000)
#: Updates in one turn, for about a second at each batch size.
TURN = {10: 100, 55: 20, 100: 12, 255: 4, 500: 2}
#: Updates of one run when runs an hour are counted.
RUN = 600
#: On a GPU: images, runs side by side, and launches of each run that warm up and capture.
GPU_IMAGES, WIDTHS, WARM = 10_000, (1, 8, 16), 80
#: Seconds of one turn there, and launches of each run that the host is ahead of the card at most.
GPU_TURN, AHEAD = 0.25, 25


class EngineTraining:
    """Runs of the engine, a few updates at a time, each in turn on a stream of its own."""

    def __init__(self, batch_size: int, device: str, images: int = IMAGES, width: int = 1) -> None:
        place = torch.device(device)
        problem = dataclasses.replace(PROBLEM, train_images=images)
        placed = problem.place(problem.select(load_images("mnist", "sample")), place)
        sizes = BatchSizes(batch_size, batch_size)
        plan = TrainingPlan("takase_mnist", problem, make_method("adagrad", {}), sizes, 10**6)
        # a graph cannot be captured on the default stream
        self.streams = make_streams(place, width) if device == "cuda" else [None] * width
        self.runs, self._turns = [], []
        for block, stream in enumerate(self.streams):
            with torch.no_grad(), torch.cuda.stream(stream):
                self.runs.append(Run(plan, placed, block, place))
            self._turns.append(self._steps(self.runs[-1], batch_size))

    @staticmethod
    def _steps(run: Run, size: int) -> Iterator[int]:
        while True:
            run.begin_epoch(size)
            for begin, end, count in run.turns(size):
                run.update(begin, end, count)
                yield count
            run.at.epoch, run.at.item = run.at.epoch + 1, 0

    def update(self) -> int:
        """Give each run its turn; return how many updates were done, all together."""
        done = 0
        for stream, turns in zip(self.streams, self._turns, strict=True):
            with torch.no_grad(), torch.cuda.stream(stream):
                done += next(turns)
        return done


def make_plain(batch_size: int, device: str, images: int = IMAGES) -> PlainTraining:
    """Return the plain loop on the same images."""
    problem = dataclasses.replace(PROBLEM, train_images=images)
    data = problem.select(load_images("mnist", "sample"))
    inputs = torch.tensor(data.train_images).float().div(255)
    return PlainTraining(inputs, torch.tensor(data.train_labels).long(), batch_size, device)


def seconds(update: Callable[[], object], count: int) -> float:
    """Return the seconds that one of ``count`` updates took."""
    began = time.perf_counter()
    for _ in range(count):
        update()
    return (time.perf_counter() - began) / count


def compare(batch_size: int, rounds: int) -> dict[str, float]:
    """Time both, taking turns; return medians in milliseconds an update, and their ratio."""
    engine, plain = EngineTraining(batch_size, "cpu"), make_plain(batch_size, "cpu")
    count = TURN[batch_size]
    for update in (engine.update, plain.update):
        seconds(update, min(count, 30))
    pairs = [(seconds(engine.update, count), seconds(plain.update, count)) for _ in range(rounds)]
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
    seconds(training.update, 20)
    print(RUN * seconds(training.update, RUN))


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    rows = [compare(size, rounds) for size in TURN]
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
        *_table(rows),
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
    if not torch.cuda.is_available():
        lines += ["", "No GPU was there: nothing was measured on one."]
    return "\n".join(lines) + "\n"


def gpu_report(rounds: int) -> str:
    """Measure on a GPU and return it as Markdown."""
    settle()
    start = seconds_a_start(WIDTHS[-1])
    flops, moved = peak_flops(torch.float32), bytes_a_second()
    network = PROBLEM.network()
    lines = [
        f"On one {torch.cuda.get_device_name()}, torch {torch.__version__}, {GPU_IMAGES} images, "
        f"{rounds} turns each: microseconds an update, all runs together, medians; what many a run "
        "gains over the plain loop is the median of the turns' ratios (least to most).",
        "",
        "| batch size | plain loop | "
        + " | ".join(f"{w} run{'s' if w > 1 else ''}" for w in WIDTHS)
        + " | ratio, 1 run | ratio, most runs | kernels an update | starts | operations | bytes |",
        "|---|" + "---|" * (len(WIDTHS) + 7),
    ]
    for size in TURN:
        times, kernels = _on_gpu(size, rounds), _count_kernels(size)
        medians = {width: 1e6 * statistics.median(t) for width, t in times.items()}
        bounds = (
            1e6 * start * kernels,
            1e6 * size * update_flops(network, (1, 28, 28)) / flops,
            1e6 * update_bytes(network, (1, 28, 28), size) / moved,
        )
        cells = [f"{medians[0]:.0f}", *(f"{medians[width]:.0f}" for width in WIDTHS)]
        cells += [_ratio(times[0], times[width]) for width in (WIDTHS[0], WIDTHS[-1])]
        cells += [f"{kernels:.0f}", *(f"{bound:.0f}" for bound in bounds)]
        lines.append(f"| {size} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"The last three columns are what an update would take at least, in microseconds, if it "
        f"were bound by starting its kernels ({1e9 * start:.0f} ns from one to the next, of graphs "
        f"on {WIDTHS[-1]} streams), by its operations ({flops / 1e12:.0f} TFLOP/s of float32 "
        f"without TF32), or by its bytes ({moved / 1e12:.2f} TB/s, as if no cache held any).",
    ]
    return "\n".join(lines) + "\n"


def _on_gpu(size: int, rounds: int) -> dict[int, list[float]]:
    """Return seconds an update in each turn by runs side by side; 0 is the plain loop."""
    works: dict[int, Callable[[], object]] = {0: make_plain(size, "cuda", GPU_IMAGES).update}
    for width in WIDTHS:
        works[width] = EngineTraining(size, "cuda", GPU_IMAGES, width).update
    times: dict[int, list[float]] = {key: [] for key in works}
    for work in works.values():
        for _ in range(WARM):
            work()
        torch.cuda.synchronize()
    for _ in range(rounds):
        for key, work in works.items():
            times[key].append(_turn(work))
    return times


def _turn(work: Callable[[], object]) -> float:
    """Return seconds an update: the host is never more than some launches ahead of the card."""
    began, updates, calls = time.perf_counter(), 0, 0
    while time.perf_counter() - began < GPU_TURN:
        done = work()
        updates += done if isinstance(done, int) else 1
        calls += 1
        if calls % AHEAD == 0:
            torch.cuda.synchronize()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / updates


def _count_kernels(size: int) -> float:
    training = EngineTraining(size, "cuda", GPU_IMAGES)
    for _ in range(WARM):
        training.update()
    (run,) = training.runs
    count = run._step.at_once(size)  # type: ignore[attr-defined]
    bits = run._bits.parts(0, count * size)
    with torch.no_grad(), torch.cuda.stream(training.streams[0]):
        rows, looked_up = run.order[: count * size], [part.int() for part in bits]
        counts = kernels_of(lambda: run._updates(rows, looked_up, count))
    return counts.total() / count


def _ratio(plain: Sequence[float], ours: Sequence[float]) -> str:
    ratios = [p / o for p, o in zip(plain, ours, strict=True)]
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def _table(rows: list[dict[str, float]]) -> list[str]:
    head = "| batch size | engine (ms) | plain loop (ms) | ratio |"
    body = [
        f"| {r['batch_size']} | {r['engine']:.1f} | {r['plain']:.1f} "
        f"| {r['ratio']:.2f} ({r['least']:.2f} to {r['most']:.2f}) |"
        for r in rows
    ]
    return [head, "|---|---|---|---|", *body]


def _bf16(rounds: int) -> str:
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "bf16: this CPU has no native bf16, so it was not measured."
    engine = EngineTraining(10, "cpu")
    with torch.autocast("cpu", torch.bfloat16):
        times = [seconds(engine.update, TURN[10]) for _ in range(rounds)]
    return f"bf16 (autocast) at batch size 10: {1e3 * statistics.median(times):.1f} ms an update."


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--gpu", action="store_true", help="measure on the GPU alone")
    parser.add_argument("--worker", choices=["engine", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker, args.threads)
        return
    text = gpu_report(args.rounds) if args.gpu else report(args.rounds)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
