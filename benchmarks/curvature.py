"""Signs of Hessian spectra of many small networks, beside one network at a time.

    python benchmarks/curvature.py [--write docs/benchmarks/curvature.md]

Both count the eigenvalues below zero, zero (at most 1e-6 of the largest magnitude) and above of the
full Hessian in float64, of the same XOR networks, on one thread. The straightforward way is a
network at a time: autograd's Hessian row by row, and numpy's eigenvalues. They take turns, and the
median ratio of the turns counts: a machine that is busy for a while slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from escaping_minima.engine.numerics import settle
from escaping_minima.landscape.reduction import inertia
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.provenance.circumstances import machine, versions

#: Width and depth, and how many networks: side by side, and one at a time.
CASES = ((2, 1, 20_000, 40), (2, 3, 4_000, 20), (4, 3, 1_000, 10), (20, 1, 500, 8), (20, 2, 40, 2))
TOLERANCE = 1e-6


def plain(network: SmallNetwork, w: Tensor) -> list[tuple[int, int, int]]:
    """Return the counts of each network, one at a time."""
    return [plain_counts(network, point) for point in w]


def plain_counts(network: SmallNetwork, point: Tensor) -> tuple[int, int, int]:
    """Return how many eigenvalues of one network's Hessian are below zero, zero, and above."""
    v = point.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(plain_loss(network, v), v, create_graph=True)
    units = torch.eye(len(v), dtype=v.dtype)
    rows = [torch.autograd.grad(gradient, v, unit, retain_graph=True)[0] for unit in units]
    spectrum = np.linalg.eigvalsh(torch.stack(rows).numpy())
    border = TOLERANCE * np.abs(spectrum).max()
    negative, positive = int((spectrum < -border).sum()), int((spectrum > border).sum())
    return negative, len(spectrum) - negative - positive, positive


def plain_loss(network: SmallNetwork, v: Tensor) -> Tensor:
    """Return the loss of one network, layer by layer."""
    h = torch.tensor(network.inputs, dtype=v.dtype)
    for layer in network.layers:
        matrix = v[layer.matrix].view(layer.outputs, layer.inputs)
        h = nn.functional.linear(h, matrix, v[layer.bias])
        if layer != network.layers[-1]:
            h = nn.functional.elu(h)
    targets = torch.tensor(network.targets, dtype=v.dtype)
    return nn.functional.binary_cross_entropy_with_logits(h[:, 0], targets)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(width: int, depth: int, many: int, few: int, rounds: int) -> str:
    """Return the line of one architecture, after a check that both ways count the same."""
    network = SmallNetwork(width, depth)
    generator = torch.Generator().manual_seed(0)
    w = 2 * torch.rand(many, network.parameters, generator=generator, dtype=torch.float64) - 1
    counts = [part[:few].tolist() for part in inertia(network, w, TOLERANCE)]
    if list(zip(*counts, strict=True)) != plain(network, w[:few]):
        raise ArithmeticError(f"{network}: the two ways count differently")
    times = [
        (
            seconds(lambda: plain(network, w[:few])) / few,
            seconds(lambda: inertia(network, w, TOLERANCE)) / many,
        )
        for _ in range(rounds)
    ]
    alone, beside = (statistics.median(part) for part in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    m = network.parameters
    rates = " | ".join(
        f"{float(f'{rate:.3g}'):,g}" for rate in (1 / alone, 1 / beside, m / beside, ratio)
    )
    return f"| {width} x {depth} | {m} | {rates} |"


def report(rounds: int) -> str:
    """Measure everything and return it as Markdown."""
    settle()
    lines = [
        "# Signs of Hessian spectra",
        "",
        f"Made by `python benchmarks/curvature.py --rounds {rounds}` on one core of {machine()}, "
        f"torch {versions()['torch']}. Eigenvalues below zero, zero and above of the full Hessian "
        "of XOR networks, in float64 by the relative rule: one network at a time (autograd row by "
        "row, numpy's eigenvalues), and `escaping_minima.landscape.reduction.inertia`. Both count "
        "the same at every point compared; medians of the rounds in turn.",
        "",
        "| units x layers | weights | points a second, one at a time | points a second | "
        "eigenvalues a second | times as fast |",
        "|---|---|---|---|---|---|",
        *(compare(*case, rounds) for case in CASES),
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
