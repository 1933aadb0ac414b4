"""How often the intervals of spreads and of the best of a few runs fail, by simulation.

    python benchmarks/spreads.py [--write docs/benchmarks/spreads.md]

Both sides have one law and one spread, so every interval that leaves out 0 has failed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.statistics.jackknife import BEST_OF, best_values, spread_values

Floats = NDArray[np.float64]
Law = Callable[[np.random.Generator, tuple[int, ...]], Floats]

DRAWS = 10_000
RUNS = (5, 10, 20)
LAWS: dict[str, Law] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.random(shape),
    "t, 5 degrees": lambda rng, shape: rng.standard_t(5, shape),
    "t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape),
}
#: Errors of both sides together at which the intervals are asked.
LEVELS = (0.05, 0.005)


def failures(pseudo: Floats, level: float) -> float:
    """Percent of Student's intervals on pseudo-values, one set a row, that leave out 0."""
    runs = pseudo.shape[1]
    half = stats.t.ppf(1 - level / 2, runs - 1) * stats.sem(pseudo, axis=1)
    return float(100 * (np.abs(pseudo.mean(axis=1)) > half).mean())


def exact_failures(pairs: Floats, level: float) -> float:
    """Percent of F intervals of the ratio of variances that leave out 1."""
    variances = pairs.var(axis=2, ddof=1)
    below = stats.f.cdf(variances[:, 0] / variances[:, 1], *(pairs.shape[2] - 1,) * 2)
    return float(100 * ((below < level / 2) | (below > 1 - level / 2)).mean())


def rows() -> Iterator[str]:
    """Yield a line a law and number of runs."""
    for law, draw in LAWS.items():
        for runs in RUNS:
            pairs = draw(np.random.default_rng(runs), (DRAWS, 2, runs))
            spread, best = (
                np.array([values(*pair) for pair in pairs])
                for values in (spread_values, best_values)
            )
            asked = ((failures, spread), (failures, best), (exact_failures, pairs))
            found = [count(of, level) for count, of in asked for level in LEVELS]
            yield f"| {law} | {runs} | " + " | ".join(f"{v:.2g}" for v in found) + " |"


def report() -> str:
    """Return the table as Markdown."""
    error = 100 * (0.05 * 0.95 / DRAWS) ** 0.5
    head = (
        "# How often the intervals of spreads and of the best of a few fail\n\n"
        f"From `benchmarks/spreads.py`: percent of {DRAWS:,} pairs of one law and one spread whose "
        "interval leaves out the truth (both sides together); 5 and 0.5 percent are nominal. "
        f"Standard error at 5 percent: {error:.2g}. The best is of {BEST_OF}. The interval of "
        "a ratio of variances that is exact for normal runs (F), which is not used, stands beside "
        "them.\n\n"
        f"Made on {machine()} with numpy {versions()['numpy']}.\n\n"
    )
    columns = ["law", "runs"]
    columns += [
        f"{what}, {100 * a:g}" for what in ("spread", "best", "F, not used") for a in LEVELS
    ]
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *rows()]
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    args = parser.parse_args()
    text = report()
    if args.write:
        args.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
