"""How often verdicts err, whether named sample sizes keep their word, and what intervals cover.

    python benchmarks/calibration.py [--write docs/benchmarks/calibration.md]

Data are drawn for this alone. Families are judged by arrays (`family_arrays.py`), which
tests/statistics/test_calibration.py holds against the engine, from its own p and q for shares and
from closed forms for means; sample sizes are those that the engine names.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from family_arrays import (
    Floats,
    Levels,
    any_false,
    judge_arrays,
    mean_families,
    pair_families,
    share_families,
)
from interval_errors import constant_table, mean_table, pool_table

from escaping_minima.provenance.circumstances import machine, versions
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import is_reproduced
from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.families import Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.judgements import Judgement
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.t_power import t_power
from escaping_minima.statistics.verdicts import judge_family

ALPHA = 0.05
FAMILIES = 20_000
SWEEPS = 4000
PAIRED_FAMILIES = 10_000
DIRECTIONS: tuple[Direction, Direction] = ("greater", "equal")
SIGNS = {"greater": "A > B", "equal": "A = B"}
WORDS = ("reproduced", "not reproduced", "partly", "any")


def shaped(claims: int, settings: int = 1, parts: int = 1, value: float = 1.0) -> Floats:
    """Effects in margins, of one value."""
    return np.full((claims, settings, parts), value)


def family_lines(rng: np.random.Generator) -> Iterator[str]:
    """Yield rows on families of single claims, all alike or half and half."""
    for claims in (9, 13):
        one, none = shaped(claims), shaped(claims, value=0.0)
        for direction in DIRECTIONS:
            # an equality at its margin is both: false "reproduced" and false "not reproduced" count
            false = one if direction == "equal" else none
            cases = [("false", false, "at the margin" if direction == "equal" else "no effect")]
            cases += [("true", one, "at the margin")]
            for truth, effects, words in cases:
                what = f"{claims} claims {SIGNS[direction]}, all {truth} ({words})"
                for sd in (1.0, 2.0):
                    levels = mean_families(rng, direction, effects, FAMILIES, sd)
                    yield line(f"{what}, means of 5, sd {sd:g}", levels, truth == "true")
                for trials in (500, 5000):
                    levels = share_families(rng, direction, effects, FAMILIES, trials)
                    yield line(f"{what}, share of {trials:,}", levels, truth == "true")
                levels = pair_families(rng, direction, effects, PAIRED_FAMILIES, 500, 0.1)
                yield line(f"{what}, paired shares of 500", levels, truth == "true")
    for claims in (2, 9, 13):
        effects = shaped(claims)
        effects[::2] = 0.0
        for sd in (0.2, 0.5, 1.0, 2.0):
            levels = mean_families(rng, "greater", effects, FAMILIES, sd)
            what = f"{claims} claims A > B, every other one false, means of 5, sd {sd:g}"
            yield line(what, levels, effects > 0)


def sweep_lines(rng: np.random.Generator) -> Iterator[str]:
    """Yield rows on claims of parts and settings."""
    for claims, settings, parts in ((9, 1, 4), (1, 9, 1), (9, 9, 1), (9, 9, 3)):
        for value, truth in ((1.0, True), (0.0, False)):
            for sd in (0.35, 0.6, 1.0):
                for rho in (0.0, 0.9):
                    effects = shaped(claims, settings, parts, value)
                    levels = mean_families(rng, "greater", effects, SWEEPS, sd, rho=rho)
                    what = (
                        f"{claims} x {settings} settings x {parts} parts A > B, all "
                        f"{'true' if truth else 'false'}, sd {sd:g}, correlation {rho:g}"
                    )
                    yield line(what, levels, truth)
    for direction, false, sure in (("greater", 0.0, 4.0), ("equal", 1.0, 0.0)):
        for settings, parts in ((9, 1), (1, 4)):
            effects = shaped(9, settings, parts, sure)
            effects[:, 0, 0] = false
            truth = np.ones(effects.shape, dtype=bool)
            truth[:, 0, 0] = False
            levels = mean_families(rng, direction, effects, SWEEPS, 0.3)  # type: ignore[arg-type]
            what = (
                f"9 x {settings} settings x {parts} parts {SIGNS[direction]}, one false in each "
                "claim, the others surely true"
            )
            yield line(what, levels, truth)


def line(what: str, levels: Levels, truth: bool | np.ndarray) -> str:
    """Judge families and return a row of the table."""
    verdicts, _ = judge_arrays(levels, ALPHA)
    found = any_false(verdicts, np.broadcast_to(truth, levels.p.shape[1:]))
    return f"| {what} | " + " | ".join(f"{100 * found[word]:.2f}" for word in WORDS) + " |"


def judged(settings: Sequence[Sequence[Comparison | MeanComparison]]) -> Judgement:
    """Judge a claim that is alone in its family; replicates come singly."""
    made = tuple(Setting(str(i), tuple(parts)) for i, parts in enumerate(settings))
    return judge_family([Member("x", made)], ALPHA, block=1)[0]


def shapes(parts: int) -> Iterator[tuple[str, list[int]]]:
    """Yield how a number of parts may stand: in one setting, or in a setting each."""
    yield (f"{parts} parts" if parts > 1 else "1 part"), [parts]
    if parts > 1:
        yield f"{parts} settings", [1] * parts


def size_lines(rng: np.random.Generator, claims: int = 4000) -> Iterator[str]:
    """Yield rows on named sizes: shares against a constant, where nothing must be estimated."""
    constant, margin = 0.25, 0.05
    for direction in DIRECTIONS:
        true = constant + (margin if direction == "greater" else 0.0)
        for parts in (1, 4, 9):
            for words, settings in shapes(parts):
                pilot = Comparison(Share(54, 200), constant, direction, margin)
                number = judged([[pilot] * count for count in settings]).needed
                if number is None:
                    raise RuntimeError("a pilot that names no number")
                counts = rng.binomial(number, true, (claims, parts))
                found = {
                    x: is_reproduced(
                        Comparison(Share(int(x), number), constant, direction, margin), ALPHA
                    )
                    for x in np.unique(counts)
                }
                power = np.mean([all(found[x] for x in row) for row in counts])
                yield (
                    f"| share against a constant, {SIGNS[direction]}, {words} | {number} | "
                    f"{power:.2f} | |"
                )


def pilot_lines(rng: np.random.Generator, pilots: int = 60) -> Iterator[str]:
    """Yield rows on named sizes from pilots of two shares whose spread must be estimated."""
    cases: tuple[tuple[str, list[float], bool], ...] = (
        ("unpaired, 10 percent", [0.125, 0.075], False),
        ("unpaired, 30 percent", [0.325, 0.275], False),
        ("paired, 20 percent discordant", [0.125, 0.075, 0.8], True),
    )
    for words, chances, paired in cases:

        def draw(n: int, chances: list[float] = chances, paired: bool = paired) -> Comparison:
            counts = rng.multinomial(n, chances)[:2] if paired else rng.binomial(n, chances)
            left, right = (Share(int(x), n) for x in counts)
            return Comparison(left, right, "greater", 0.05, paired=paired)

        numbers, powers = [], []
        for _ in range(pilots):
            number = judged([[draw(500)]]).needed
            if number is not None:
                numbers.append(number)
                powers.append(np.mean([is_reproduced(draw(number), ALPHA) for _ in range(200)]))
        yield (
            f"| {words}, from 500, A > B | {np.median(numbers):.0f} | {np.mean(powers):.2f} | "
            f"{np.quantile(powers, 0.1):.2f} to {np.quantile(powers, 0.9):.2f} |"
        )


def run_lines(rng: np.random.Generator, pilots: int = 2000) -> Iterator[str]:
    """Yield rows on named sizes from pilots of few runs; margin half a standard deviation."""
    for n in (3, 4, 5, 10):
        right = next(k for k in range(2, 200) if t_power("greater", 0.5, 1.0, k, ALPHA) >= 0.8)
        powers, ranges = [], []
        for row in rng.normal(0.25, 1.0, (pilots, n)):
            found = judged([[MeanComparison(tuple(row), "greater", 0.5)]])
            if found.needed_range is not None:
                ranges.append(found.needed_range)
            elif found.needed is not None:
                powers.append(t_power("greater", 0.5, 1.0, found.needed, ALPHA))
        start = f"| means, from {n} runs, A > B (right: {right})"
        if powers:
            yield (
                f"{start} | | {np.mean(powers):.2f} | "
                f"{np.quantile(powers, 0.1):.2f} to {np.quantile(powers, 0.9):.2f} |"
            )
        else:
            inside = np.mean([low <= right <= high for low, high in ranges])
            low, high = np.median(np.array(ranges), axis=0)
            yield f"{start} | {low:.0f} to {high:.0f} | | right number inside: {inside:.2f} |"


def report() -> str:
    """Run everything and return the report."""
    began, rng = time.monotonic(), np.random.default_rng(2024)
    errors = ("lower 2.5", "upper 2.5", "lower 0.25", "upper 0.25")
    found = ", ".join(f"{k} {v}" for k, v in versions(("numpy", "scipy")).items())
    head = "| family | " + " | ".join(WORDS) + " |"
    bar = "|---" * (1 + len(WORDS)) + "|"
    text = [
        "# How often verdicts err",
        "",
        f"Made by `benchmarks/calibration.py`, which says what is drawn. {machine()}; {found}.",
        "",
        "## False words",
        "",
        f"Percent of families with a false word, level {ALPHA:g} a family and word. Effects are in "
        'margins, and so is sd. "At the margin" an equality is true and false at once and counted '
        "as either. Standard error at 5 and at 2.5 percent: "
        f"{_error(0.05, FAMILIES)} and {_error(0.025, FAMILIES)} ({FAMILIES:,} families), of pairs "
        f"{_error(0.05, PAIRED_FAMILIES)} and {_error(0.025, PAIRED_FAMILIES)}.",
        "",
        head,
        bar,
        *family_lines(rng),
        "",
        f"Claims of several settings and parts, means of 5 runs ({SWEEPS:,} families: standard "
        f"error {_error(0.05, SWEEPS)} at 5 percent, {_error(0.02, SWEEPS)} at 2).",
        "",
        head,
        bar,
        *sweep_lines(rng),
        "",
        "## Named sample sizes",
        "",
        "Chance that the whole claim is reproduced at the named number, with every effect at its "
        "margin (equality: none); 80 percent is promised. Standard error 0.01; over pilots from a "
        "tenth to nine tenths of them.",
        "",
        "| claim | named | power | over pilots |",
        "|---|---|---|---|",
        *size_lines(rng),
        *pilot_lines(rng),
        *run_lines(rng),
        "",
        "## Bounds of means of pairs",
        "",
        "Percent of draws whose bound fails, nominal 2.5 and 0.25 (200,000 draws: standard error "
        "0.03 and 0.01; of the bootstrap 4,000: 0.25 and 0.08).",
        "",
        "| differences | runs | interval | " + " | ".join(errors) + " |",
        "|---" * 7 + "|",
        *mean_table(rng, 200_000, 4000),
        "",
        "## Bounds against a constant",
        "",
        "The same, of means by t and of medians by order statistics (20,000 draws: standard error "
        "0.11 and 0.04).",
        "",
        "| values | runs | interval | " + " | ".join(errors) + " |",
        "|---" * 7 + "|",
        *constant_table(rng, 200_000, 20_000),
        "",
        "## Bounds of conditional shares",
        "",
        "Percent of 4,000 draws whose bound fails (nominal 2.5), and mean widths in points: of the "
        "interval, of that of two unpaired shares, and of the approximate one by linear expansion.",
        "",
        "| pools | starts | lower | upper | width | unpaired | approximate |",
        "|---" * 7 + "|",
        *pool_table(rng, 4000),
        "",
        f"The whole took {(time.monotonic() - began) / 60:.1f} minutes.",
        "",
    ]
    return "\n".join(text)


def _error(share: float, draws: int) -> str:
    return f"{100 * (share * (1 - share) / draws) ** 0.5:.2f}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="also write the report to this file")
    arguments = parser.parse_args()
    text = report()
    print(text)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
