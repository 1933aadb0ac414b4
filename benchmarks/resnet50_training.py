"""Images a second of ResNet-50 with crops and flips, and what SAM and NiM-BH cost beside SGD.

    python benchmarks/resnet50_training.py [--rounds N] [--write FILE]

The engine against a plain loop with transforms of torchvision, in one run, by turns as in
`cifar_training.py`. On a CPU the network is narrow; ``--rounds 0`` leaves that out. On a machine
with a GPU the whole network is measured as well, in bfloat16 and minibatches of 128: alone and
three runs side by side, captured or not, in GPU_SECONDS.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from card_peak import forward_flops, peak_flops
from cifar_contenders import Contender, EngineTraining, Recipe, Setup, Turns, contenders
from cifar_training import middle, ratios
from plain_augmented import augmented_loop
from time_shares import time_shares

from escaping_minima.engine.capture import EAGER_FIRST
from escaping_minima.engine.numerics import settle
from escaping_minima.modifiers.momentum import Momentum
from escaping_minima.modifiers.weight_decay import WeightDecay
from escaping_minima.plan.cores import count_cores
from escaping_minima.provenance.circumstances import machine, versions

DIVISORS, CPU_BATCH, CPU_TURN = (8, 16), 50, 0.5
#: On a GPU the images of the sample are repeated: an epoch of the sample would be 15 updates.
GPU_BATCH, GPU_COPIES, GPU_TURN = 128, 20, 0.5
#: Runs side by side on a GPU.
WIDTH = 3
#: Seconds that a GPU is used for in all.
GPU_SECONDS = 55.0
#: Steps of a local search of NiM-BH.
PATIENCE = 20
PROFILED = 5

TITLES = {"gd": "SGD", "sam": "SAM", "nim_bh": "NiM-BH"}
METHOD_SETTINGS: dict[str, dict[str, Any]] = {
    "gd": {},
    "sam": {"radius": 0.05},
    # searches end by their length alone
    "nim_bh": {"radius": 0.01, "patience": PATIENCE, "gradient_tolerance": 1e-9},
}
#: Gradients that a GPU computes in an update: NiM-BH's second one is masked there, not left out.
GRADIENTS = {"gd": 1, "sam": 2, "nim_bh": 2}
Speeds = Mapping[tuple[str, str], Sequence[float]]


@dataclass(frozen=True)
class Capture:
    """Has updates captured or not, whatever a method says of itself."""

    captured: bool

    def around(self, method: Any) -> Any:
        """Return the method with it."""
        return _Marked(self.captured, method)


class _Marked:
    def __init__(self, captured: bool, method: Any) -> None:
        self.capturable = captured
        self.start, self.step, self.finish = method.start, method.step, method.finish


def _recipe(method: str, *more: Any) -> Recipe:
    settings = {"learning_rate": 0.1} | METHOD_SETTINGS[method]
    return Recipe(method, settings, modifiers=(WeightDecay(), Momentum(), *more))


def _setup(divisor: int, batch: int, copies: int, device: str) -> Setup:
    return Setup("resnet50", divisor, batch, copies, device)


def cpu_lines(rounds: int) -> list[str]:
    """Measure narrow networks on one core."""
    speeds, costs = [], []
    recipes = {method: _recipe(method) for method in TITLES}
    for divisor in DIVISORS:
        setup = _setup(divisor, CPU_BATCH, 1, "cpu")
        rivals = contenders(setup, dict.fromkeys(TITLES, (1,)), recipes, {"gd": augmented_loop})
        turns = Turns(rivals, "cpu", CPU_TURN)
        for _ in range(rounds):
            turns.round()
        ours, theirs = ("gd", "engine"), ("gd", "plain loop")
        both = [f"{statistics.median(turns.speeds[name]):.0f}" for name in (ours, theirs)]
        times = middle(ratios(turns.speeds, ours, theirs))
        speeds.append(f"| {divisor} | {' | '.join(both)} | {times} |")
        costs += [f"| {divisor} {_cost_cells(turns.speeds, m)} |" for m in ("sam", "nim_bh")]
    return [
        "| divisor | engine, SGD (images/s) | plain loop, SGD (images/s) | ratio |",
        "|---|---|---|---|",
        *speeds,
        "",
        "What an update costs, in updates of SGD, and how many gradients it takes, which is the "
        f"bound (NiM-BH: searches of {PATIENCE} steps):",
        "",
        "| divisor | method | cost | gradients |",
        "|---|---|---|---|",
        *costs,
        "",
        f"Shares of the time of SGD's updates at divisor {DIVISORS[0]}:",
        "",
        *_share_lines(_setup(DIVISORS[0], CPU_BATCH, 1, "cpu")),
    ]


def _cost_cells(speeds: Speeds, method: str) -> str:
    cost = middle(ratios(speeds, ("gd", "engine"), (method, "engine")))
    gradients = 1 + 1 / PATIENCE if method == "nim_bh" else GRADIENTS[method]
    return f"| {TITLES[method]} | {cost} | {gradients:.2f}"


def _share_lines(setup: Setup) -> list[str]:
    problem = setup.problem()
    placed = problem.place(setup.data(problem), setup.place)
    run = EngineTraining(setup, problem, placed, _recipe("gd"), 0)
    # the first updates load libraries; those that follow are not captured yet
    for _ in range(EAGER_FIRST - PROFILED):
        run.update()
    shares = time_shares(run.update, PROFILED, setup.device)
    lines = [f"| {kind} | {share:.0%} |" for kind, share in shares.items()]
    return ["| operations | share |", "|---|---|", *lines]


def gpu_lines() -> list[str]:
    """Measure the whole network on the GPU, in GPU_SECONDS at most."""
    torch.cuda.set_device(0)
    began = time.perf_counter()
    setup = _setup(1, GPU_BATCH, GPU_COPIES, "cuda")
    peak = peak_flops()
    flops = forward_flops(setup.problem().network(), (3, 32, 32))
    lines = [
        f"The peak is {peak / 1e12:.0f} TFLOP/s, measured on this card in this run as in "
        "`cifar_training.py`. Captured or not is set here for all three methods alike; the engine "
        "itself captures what a method allows. The cost is that of an update in updates of SGD, "
        "captured and as many side by side; the bound is the number of gradients.",
        "",
        "| method | how | images/s | times the plain loop | share of the peak | cost | gradients |",
        "|---|---|---|---|---|---|---|",
    ]
    for index, method in enumerate(TITLES, start=1):
        turns = Turns(_gpu_rivals(setup, method), "cuda", GPU_TURN)
        turns.rounds_until(began + GPU_SECONDS * index / (len(TITLES) + 0.2))
        lines += _gpu_rows(turns.speeds, method, 3 * flops / peak)
        del turns
        gc.collect()
        torch.cuda.empty_cache()
    where = "Shares of the time of the kernels of SGD's updates, not captured:"
    return [*lines, "", where, "", *_share_lines(setup)]


def _gpu_rivals(setup: Setup, method: str) -> list[Contender]:
    """Return SGD captured and the plain loop, beside a method captured and not."""
    captured, eager = (Capture(True), Capture(False))
    recipes = {"gd": _recipe("gd", captured)}
    widths = {"gd": (1, WIDTH), f"{method}, not captured": (1,)}
    if method != "gd":
        recipes[method] = _recipe(method, captured)
        widths[method] = (1, WIDTH)
    recipes[f"{method}, not captured"] = _recipe(method, eager)
    return contenders(setup, widths, recipes, {"gd": augmented_loop})


def _gpu_rows(speeds: Speeds, method: str, an_image: float) -> list[str]:
    """Return the rows of a method; ``an_image``: of a second, at the peak, for one gradient."""
    rows = []
    for (name, how), found in speeds.items():
        if name.partition(",")[0] != method:
            continue
        speed = statistics.median(found)
        # the plain loop and what is not captured stand beside one captured run
        beside = how if ("gd", how) in speeds and how != "plain loop" else "engine"
        cells = [
            TITLES[method],
            how.replace("engine", name.replace(method, "engine", 1)),
            f"{speed:.0f}",
            middle(ratios(speeds, (name, how), ("gd", "plain loop"))),
            f"{speed * GRADIENTS[method] * an_image:.0%}",
            middle(ratios(speeds, ("gd", beside), (name, how))),
            str(GRADIENTS[method]),
        ]
        rows.append(f"| {' | '.join(cells)} |")
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
        "# Training ResNet-50 with crops and flips",
        "",
        f"Made by `python benchmarks/resnet50_training.py --rounds {rounds}` on {machine()}, "
        f"{count_cores()} cores, torch {versions()['torch']}, load {before:.1f} at the start of "
        f"the CPU's part and {after:.1f} at its end (1.0 is this benchmark's own: where it is "
        "more, it ran beside other work). Seconds on the CPU are those that the process had of a "
        "core. The plain loop is `benchmarks/plain_augmented.py`: "
        "images of Pillow, cropped, mirrored and normalised one by one by transforms of "
        "torchvision in a DataLoader; an eager network, `torch.optim.SGD`. All have momentum and "
        "weight decay.",
        "",
        *lines,
        "",
    ]
    if not torch.cuda.is_available():
        return "\n".join([*head, "No GPU was there: nothing was measured on one."]) + "\n"
    where = (
        f"On {torch.cuda.get_device_name()}, bfloat16, minibatches of {GPU_BATCH}, the whole "
        "network:"
    )
    return "\n".join([*head, where, "", *gpu_lines()]) + "\n"


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    text = report(args.rounds)
    print(text, end="")
    if args.write:
        args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
