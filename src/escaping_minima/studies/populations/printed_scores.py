"""Errors of Table 4: within it, and against the p-values of Tables 2a, 3a and 6."""

from __future__ import annotations

import math
from collections.abc import Iterator

from escaping_minima.claims.source import ALPHA
from escaping_minima.studies.populations.implied import (
    Implied,
    Sample,
    implied_t,
    largest_spread_change,
    largest_u_p,
)
from escaping_minima.studies.populations.names import METHOD_NAMES, TASK_NAMES
from escaping_minima.studies.populations.printed import (
    MODELS,
    TRAJECTORIES,
    load_p_values,
    load_table4,
    printed_error,
)

#: Models of a set.
_ALL = TRAJECTORIES * MODELS
_OTHER_DATA = "not the same data, if Table 4 has means and standard deviations as the text says"
Samples = dict[tuple[str, str, str], Sample]


def score_errors() -> list[dict[str, str]]:
    """Return what Table 4 cannot be, with keys "where", "check", "arithmetic" and "finding"."""
    samples = table4_samples()
    return [
        *_set_b_below(samples),
        *_spreads_too_far(samples),
        *_against_tests_of_sets(samples),
        *_against_table_6(samples),
        _average_or_median(),
        _no_ties(samples),
    ]


def table4_samples() -> Samples:
    """Return Table 4 as printed, by task, method and set."""
    table = load_table4()
    return {
        (row.task, row.method, row.set): Sample(row.centre_as_printed, row.spread_as_printed)
        for row in table.itertuples()
    }


def _pairs(samples: Samples) -> Iterator[tuple[str, Sample, Sample]]:
    """Yield what a cell of Table 4 is called, its SetA and its SetB."""
    for (task, method, name), sample in samples.items():
        if name == "A":
            yield (
                f"{TASK_NAMES[task]}, {METHOD_NAMES[method]}",
                sample,
                samples[task, method, "B"],
            )


def _set_b_below(samples: Samples) -> Iterator[dict[str, str]]:
    for where, a, b in _pairs(samples):
        if float(b.mean) < float(a.mean):
            yield printed_error(
                f"Table 4, {where}",
                "SetB has the highest scores of the same trajectories, so none below SetA's",
                f"SetB {b.mean} - SetA {a.mean} = {float(b.mean) - float(a.mean):.3f}",
                "impossible for means and for medians alike",
            )


def _spreads_too_far(samples: Samples) -> Iterator[dict[str, str]]:
    for where, a, b in _pairs(samples):
        most = largest_spread_change(a, b, _ALL)
        change = abs(float(b.sd) - float(a.sd))
        if change <= most:
            continue
        slip = float(b.sd) / 10
        yield printed_error(
            f"Table 4, {where}",
            "of the sorted scores none of SetB is below that of SetA, so near means have near "
            "spreads",
            f"means {a.mean} and {b.mean}, spreads {a.sd} and {b.sd}; rounding included, "
            f"spreads of {_ALL} models differ by at most {most:.3f}, not by {change:.3f}",
            f"impossible for standard deviations; {slip:.4f} would fit, a slip of the decimal point"
            if abs(slip - float(a.sd)) <= most
            else "impossible for standard deviations",
        )


def _against_tests_of_sets(samples: Samples) -> Iterator[dict[str, str]]:
    """Compare the t-tests of Table 3a with those that Table 4 implies."""
    printed = load_p_values()
    outside = []
    rows = printed[printed["table"] == "3a"]
    for row in rows.itertuples():
        a, b = (samples[row.task, row.method, name] for name in ("A", "B"))
        all_models = implied_t(a, b, _ALL)
        if not all_models.low <= row.p <= all_models.high:
            outside.append(row.p)
        if _other_side(row.p, all_models):
            yield printed_error(
                f"Tables 4 and 3a, {TASK_NAMES[row.task]}, {METHOD_NAMES[row.method]}",
                "the t-test of two samples follows from their means and standard deviations",
                _arithmetic(a, b, row.as_printed),
                _OTHER_DATA,
            )
    yield printed_error(
        "Tables 4 and 3a",
        "each printed p-value can come from means and spreads that are printed as in Table 4",
        f"{len(outside)} of {len(rows)} p-values lie outside what rounding of four numbers allows",
        "most of the p-values are of other data than Table 4"
        if 2 * len(outside) > len(rows)
        else "some of the p-values are of other data than Table 4",
    )


def _against_table_6(samples: Samples) -> Iterator[dict[str, str]]:
    printed = load_p_values()
    for row in printed[printed["table"] == "6"].itertuples():
        one, other = (samples[row.task, m, "A"] for m in (row.method, row.other_method))
        bound = largest_u_p(one, other, _ALL)
        always = bound < ALPHA <= row.p
        if not always and not _other_side(row.p, implied_t(one, other, _ALL)):
            continue
        reach = f"; a U test gives at most {bound:.1g}, whatever the distributions"
        yield printed_error(
            f"Tables 4 and 6, {TASK_NAMES[row.task]}, {METHOD_NAMES[row.method]} and "
            f"{METHOD_NAMES[row.other_method]}",
            "means and standard deviations of two samples agree with the test of the two",
            _arithmetic(one, other, row.as_printed) + (reach if always else ""),
            f"{_OTHER_DATA}, whatever the distributions"
            if always
            else f"{_OTHER_DATA}, or scores that are far from normal",
        )


def _other_side(printed: float, implied: Implied) -> bool:
    """Return whether no rounding brings both p-values to the same side of the level."""
    return implied.high < ALPHA <= printed or printed < ALPHA <= implied.low


def _arithmetic(one: Sample, other: Sample, printed: str) -> str:
    models, runs = (implied_t(one, other, n) for n in (_ALL, TRAJECTORIES))
    return (
        f"{one} and {other}: t-test p = {models.p:.2g} with {_ALL} values a sample "
        f"({models.low:.1g} to {models.high:.1g} by rounding), {runs.p:.2g} with {TRAJECTORIES}; "
        f"printed {printed}"
    )


def _average_or_median() -> dict[str, str]:
    return printed_error(
        "Table 4, its caption and the text",
        "what the numbers of Table 4 are",
        "text: average and standard deviation; caption: median and median standard deviation",
        "these are different numbers of a set; all of them are shown here",
    )


def _no_ties(samples: Samples) -> dict[str, str]:
    """Show that accuracies on the test images of CIFAR cannot but be equal among the models."""
    (task, method, _), sample = min(
        ((key, s) for key, s in samples.items() if key[0] == "cifar-10"),
        key=lambda item: float(item[1].sd),
    )
    images = 10_000
    steps = float(sample.sd) * images
    # two normal values, whole numbers, are equal with a chance of 1 / (2 sd sqrt(pi))
    pairs = _ALL * (_ALL - 1) / 2
    equal = pairs / (2 * steps * math.sqrt(math.pi))
    return printed_error(
        "section on generalization versus optimization",
        "the data of the U test have no ties",
        f"an accuracy is a whole number of {images:,} test images; {_ALL} normal values with the "
        f"spread of {METHOD_NAMES[method]} on {TASK_NAMES[task]}, {sample.sd} or {steps:.0f} "
        f"images, have about {equal:.0f} equal pairs of {pairs:,.0f}",
        "there are ties; and Wilcoxon's test, which is said to need normal data, needs none",
    )
