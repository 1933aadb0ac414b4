"""Images a second of SGD and SGD-SA: the engine against a plain loop, measured in one run.

    python benchmarks/cifar_training.py [--rounds N] [--write docs/benchmarks/cifar_training.md]

VGG16 and ResNet34 on images of CIFAR-10. Those that are compared take turns, a few updates each, so
that other load on the machine touches all alike; what is compared are the medians of the rounds'
ratios. On a CPU the networks are narrow and the minibatch is 50. On a machine with a GPU they are
measured there as well, at their full width, in minibatches of 512 and bfloat16: the engine's runs
alone and side by side, and what share of the card's peak they reach.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from card_peak import SIZE, forward_flops, peak_flops
from cifar_contenders import METHODS, Setup, Turns, contenders, plain_loop

from escaping_minima.engine.numerics import settle
from escaping_minima.plan.cores import count_cores
from escaping_minima.provenance.circumstances import machine, versions

NETWORKS = {"vgg16": "VGG16", "resnet34": "ResNet34"}
TITLES = {"gd": "SGD", "sgd_sa": "SGD-SA"}
#: Forward passes of an update, a backward pass counted as two: SGD-SA makes two more than SGD.
PASSES = {"gd": 3, "sgd_sa": 5}
DIVISORS, CPU_BATCH, CPU_TURN = (8, 16), 50, 1.0
#: On a GPU the images of the sample are repeated: an epoch of the sample would be four updates.
GPU_BATCH, GPU_COPIES, GPU_TURN = 512, 10, 0.6
#: Minibatches of the plain loop's DataLoader that are timed alone.
LOADED = 20
#: Runs side by side on a GPU.
WIDTHS = {"vgg16": (1, 2, 4), "resnet34": (1, 3)}
#: Seconds that a GPU is used for in all.
GPU_SECONDS = 55.0


def middle(values: Iterable[float]) -> str:
    """Say the median, the least and the most."""
    found = list(values)
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def ratios(speeds: Mapping[Any, Sequence[float]], one: Any, other: Any) -> list[float]:
    """Return how many times as fast one was as another, round by round."""
    return [a / b for a, b in zip(speeds[one], speeds[other], strict=True)]


def cpu_lines(rounds: int) -> list[str]:
    """Measure narrow networks on one core."""
    speeds, costs = [], []
    for network, title in NETWORKS.items():
        for divisor in DIVISORS:
            setup = Setup(network, divisor, CPU_BATCH, 1, "cpu")
            turns = Turns(contenders(setup, dict.fromkeys(METHODS, (1,))), "cpu", CPU_TURN)
            for _ in range(rounds):
                turns.round()
            what = f"| {title} / {divisor} "
            speeds += [what + _cpu_cells(turns.speeds, method) for method in METHODS]
            both = [middle(_costs(turns.speeds, how)) for how in ("engine", "plain loop")]
            costs.append(f"{what}| {both[0]} | {both[1]} |")
    return [
        "| network / divisor | method | engine (images/s) | plain loop (images/s) | ratio |",
        "|---|---|---|---|---|",
        *speeds,
        "",
        f"What an update of SGD-SA costs, in updates of SGD; {_bound():.2f} by forward passes:",
        "",
        "| network / divisor | engine | plain loop |",
        "|---|---|---|",
        *costs,
    ]


def _cpu_cells(speeds: Mapping[tuple[str, str], Sequence[float]], method: str) -> str:
    ours, theirs = (method, "engine"), (method, "plain loop")
    medians = [f"{statistics.median(speeds[name]):.0f}" for name in (ours, theirs)]
    return f"| {TITLES[method]} | {' | '.join(medians)} | {middle(ratios(speeds, ours, theirs))} |"


def _costs(speeds: Mapping[tuple[str, str], Sequence[float]], how: str) -> list[float]:
    return ratios(speeds, ("gd", how), ("sgd_sa", how))


def _bound() -> float:
    return PASSES["sgd_sa"] / PASSES["gd"]


def gpu_lines() -> list[str]:
    """Measure the whole networks on the GPU, in GPU_SECONDS at most."""
    torch.cuda.set_device(0)
    began = time.perf_counter()
    peak = peak_flops()
    lines = [
        f"The peak is {peak / 1e12:.0f} TFLOP/s, that of products of two matrices of bfloat16, "
        f"{SIZE} x {SIZE}, on this card in this run. The share counts two operations for each "
        "multiplication in convolutions and dense layers, and a backward pass as two forward ones. "
        f"The plain loop's DataLoader alone takes {1e3 * _loader_seconds():.1f} ms a minibatch.",
        "",
        "| network | method | how | images/s | times the plain loop | share of the peak | cost in "
        "updates of SGD |",
        "|---|---|---|---|---|---|---|",
    ]
    for index, network in enumerate(NETWORKS, start=1):
        until = began + GPU_SECONDS * index / len(NETWORKS)
        lines += _gpu_rows(_whole(network), until, peak)
        gc.collect()
        torch.cuda.empty_cache()
    return lines


def _loader_seconds() -> float:
    setup = _whole("vgg16")
    plain = plain_loop(setup, "gd")
    plain.minibatch()
    began = time.perf_counter()
    for _ in range(LOADED):
        plain.minibatch()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / LOADED


def _whole(network: str) -> Setup:
    return Setup(network, 1, GPU_BATCH, GPU_COPIES, "cuda")


def _gpu_rows(setup: Setup, until: float, peak: float) -> list[str]:
    turns = Turns(
        contenders(setup, dict.fromkeys(METHODS, WIDTHS[setup.network])), "cuda", GPU_TURN
    )
    turns.rounds_until(until)
    flops = forward_flops(setup.problem().network(), (3, 32, 32))
    rows = []
    for (method, how), speeds in turns.speeds.items():
        speed = statistics.median(speeds)
        share = speed * flops * PASSES[method] / peak
        times = middle(ratios(turns.speeds, (method, how), (method, "plain loop")))
        cost = statistics.median(ratios(turns.speeds, ("gd", how), (method, how)))
        rows.append(
            f"| {NETWORKS[setup.network]} | {TITLES[method]} | {how} | {speed:.0f} | {times} "
            f"| {share:.0%} | {cost:.2f} |"
        )
    return rows


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    before = os.getloadavg()[0]
    how = (
        f"One thread, float32, minibatches of {CPU_BATCH}, narrow networks; medians of {rounds} "
        "rounds in turn, and the medians of the rounds' ratios (least to most):"
    )
    lines = [how, "", *cpu_lines(rounds)] if rounds else ["Nothing was measured on the CPU."]
    after = os.getloadavg()[0]
    head = [
        "# Training on CIFAR-10: engine against a plain loop",
        "",
        f"Made by `python benchmarks/cifar_training.py --rounds {rounds}` on {machine()}, "
        f"{count_cores()} cores, torch {versions()['torch']}, load {before:.1f} at the start of "
        f"the CPU's part and {after:.1f} at its end (1.0 is this benchmark's own: where it is "
        "more, other jobs shared the cores). The plain loop is `benchmarks/plain_cifar.py`: "
        "a DataLoader over a TensorDataset of images that are normalised already, eager modules, "
        "`torch.optim.SGD`; SGD-SA as the code released with it does it.",
        "",
        *lines,
        "",
    ]
    if not torch.cuda.is_available():
        return "\n".join([*head, "No GPU was there: nothing was measured on one."]) + "\n"
    where = (
        f"On {torch.cuda.get_device_name()}, bfloat16, minibatches of {GPU_BATCH}, whole networks, "
        "the engine's updates captured; the last column is what an update costs in updates of SGD "
        f"(SGD-SA: {_bound():.2f} by forward passes):"
    )
    return "\n".join([*head, where, "", *gpu_lines()]) + "\n"


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
