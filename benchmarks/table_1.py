"""How much faster the engine is than plain loops on Table 1, measured in one run.

    python benchmarks/table_1.py [--starts N] [--write docs/benchmarks/table_1.md]

Each of the 24 cells (8 methods x 3 functions, 10,000 steps) is run by the engine with all 500
starts and by a plain loop over the first N of the same starts with the same noise, one after the
other in one process with one thread. The plain loop's time for 500 starts is that of N, scaled.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch
from plain import FUNCTIONS, METHODS

from escaping_minima.draws.noise import draw_ball_page
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.landscape.classify import classify_ends
from escaping_minima.observers.basins import Basins
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems.plane import BLOCK
from escaping_minima.problems.points import draw_starts
from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.studies.stationary_distributions.plan import RADII

STEPS = 10_000


def measure(function: str, method: str, starts: int) -> dict[str, object]:
    """Time one cell both ways and compare end points."""
    problem = make_problem(function, {})
    settings = {} if RADII[method] is None else {"radius": RADII[method]}
    made = make_method(method, settings)
    began = time.perf_counter()
    plan = PointsPlan(function, problem, STEPS, 200, (Basins(),))
    (block,) = run_points(plan, [made], [0], [function], torch.device("cpu"), NoSession())
    engine = time.perf_counter() - began
    streams = Streams(function, 0)
    pages = [draw_ball_page(streams.generator("ball", p), BLOCK, 2) for p in range(STEPS // PAGE)]
    noise = torch.from_numpy(np.concatenate(pages))
    first = torch.from_numpy(draw_starts(problem, streams))
    ends = np.empty((starts, 2))
    began = time.perf_counter()
    for i in range(starts):
        draws = noise[:, :, i]
        end = METHODS[method](
            FUNCTIONS[function], first[i], STEPS, draws.__getitem__, RADII[method]
        )
        ends[i] = end.detach().numpy()
    plain = (time.perf_counter() - began) * BLOCK / starts
    ours = np.stack([block["end_x"][:starts], block["end_y"][:starts]], axis=1)
    same = classify_ends(problem, *ours.T) == classify_ends(problem, *ends.T)
    return {
        "function": function,
        "method": method,
        "engine": engine,
        "plain": plain,
        "apart": float(np.abs(ours - ends).max()),
        "same": bool(same.all()),
    }


def report(rows: list[dict[str, object]], starts: int) -> str:
    """Return the measurements as Markdown."""
    engine = sum(r["engine"] for r in rows)
    plain = sum(r["plain"] for r in rows)
    lines = [
        "# Table 1: the engine against plain loops",
        "",
        f"8 methods x 3 functions x {BLOCK} starts x {STEPS:,} steps, one core. {machine()}; "
        f"{platform.system()}; "
        + ", ".join(f"{k} {v}" for k, v in versions(("torch", "numpy")).items())
        + ".",
        "The plain loop (`benchmarks/plain.py`: one start at a time, autograd) ran "
        f"{starts} of the {BLOCK} starts of each cell; its time is scaled to {BLOCK}.",
        "",
        f"**Whole table: engine {engine:.1f} s, plain {plain / 3600:.2f} h: "
        f"{plain / engine:.0f} times faster on one core.**",
        "",
        "| function | method | engine, s | plain, s (scaled) | ratio "
        "| largest distance of end points | same outcomes |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        same = "yes" if r["same"] else "no"
        lines.append(
            f"| {r['function']} | {r['method']} | {r['engine']:.2f} | {r['plain']:.0f} "
            f"| {r['plain'] / r['engine']:.0f} | {r['apart']:.1e} | {same} |"
        )
    lines += [
        "",
        "Near a minimum, the shift g / |g| of SAM turns by a finite angle each step, so two "
        "correct programs that round differently end apart, on the same small orbit.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=2, help="starts of the plain loop (2)")
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for function in FUNCTIONS:
        for method in METHODS:
            rows.append(measure(function, method, arguments.starts))
            print(
                {
                    k: v if isinstance(v, str | bool) else float(f"{v:.3g}")
                    for k, v in rows[-1].items()
                },
                flush=True,
            )
    text = report(rows, arguments.starts)
    print(text)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
