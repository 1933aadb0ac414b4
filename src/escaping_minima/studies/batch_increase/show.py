"""The study's tables as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.wide import wide_table
from escaping_minima.report.tables.words import (
    decimal_text,
    p_or_dash,
    ratio_with_ends,
    span_words,
    with_ends,
)
from escaping_minima.studies.batch_increase.convergence import SHARED
from escaping_minima.studies.batch_increase.names import (
    MEASURE_NAMES,
    METHOD_NAMES,
    ROLE_NAMES,
    STRATEGY_NAMES,
    condition_words,
)
from escaping_minima.studies.batch_increase.paired_images import ALL_SEEDS
from escaping_minima.studies.batch_increase.strategies import N1
from escaping_minima.studies.batch_increase.summaries import EXTREMA

_NAMES: dict[str, Any] = {
    "strategy": lambda name: STRATEGY_NAMES[name],
    "condition": condition_words,
    "measure": lambda name: MEASURE_NAMES.get(name, name.replace("_", " ")),
    "method": lambda name: METHOD_NAMES[name],
    "role": lambda name: ROLE_NAMES[name],
}
#: Measures of the summary, in two tables: a wide one cannot be read.
_LEVELS = (
    "final_test_loss",
    "min_test_loss",
    "final_test_error",
    "min_test_error",
    "final_train_loss",
    "final_running_loss",
)
_SHAPE = (
    "test_loss_climb",
    "min_test_loss_epoch",
    "smooth_min_epoch",
    "test_loss_trend",
    "train_loss_trend",
)
_SHORT_BATCHES = {
    "smallest_batch": "smallest batch (images)",
    "small_ends": f"epochs that end in a batch below {N1}",
}
_MEAN = "mean [95 percent interval; of two seeds, or where all agree, their range]"
#: Seeds below which no p-value is shown: of so few it hangs on their being normal.
_FEWEST_P = 5
#: Decimals of differences in points, of ratios, of losses and errors side by side, of weights.
_DIFFERENCE, _RATIO, _LEVEL, _WEIGHT = 2, 3, 4, 4


def describe_runs(cells: pd.DataFrame) -> str:
    """Say what runs there are: of each role the seeds, epochs and data of a strategy.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    """
    sentences = []
    for role, rows in _trained(cells).groupby("role", sort=False):
        seeds, epochs = (span_words(rows[c]) for c in ("seeds", "epochs"))
        data = "; ".join(dict.fromkeys(rows["data_words"]))
        words = f"{ROLE_NAMES[str(role)]}: {len(rows)} cells, {seeds} seeds each, {epochs} epochs"
        sentences.append(f"{words} ({data})")
    return "; ".join(sentences)


def _trained(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of runs: probes and searches on functions count no weights."""
    return cells[cells["parameters"] > 0]


def show_network(cells: pd.DataFrame) -> Html:
    """Return Table 1 as printed, with derived shapes and counts, and the count of the runs.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    """
    source = load_records("batch_increase").source
    table = pd.read_csv(
        REFERENCE / source / "table1_model_structure.csv", dtype=str, keep_default_na=False
    )
    layers = table[table["row"] != "total"]
    counted = " and ".join(f"{count:,}" for count in _trained(cells)["parameters"].unique())
    columns = {
        "layer_type_as_printed": "layer, as printed",
        "channels_or_units_as_printed": "channels or units, as printed",
        "output_shape_derived": "output",
        "weights_derived": "weights",
        "biases_derived": "biases",
        "bn_params_derived_not_in_D": "batch normalisation, not counted",
    }
    caption = f"The network; the one that was trained has {counted} weights and biases"
    return frame_table(layers[list(columns)], caption, columns)


def show_levels(summary: pd.DataFrame) -> Html:
    """Return the losses and errors of ``summary.csv``, a row a strategy."""
    return _wide(summary, _LEVELS, f"Losses and errors: {_MEAN}")


def show_shapes(summary: pd.DataFrame) -> Html:
    """Return what ``summary.csv`` says of the course of the curves, a row a strategy."""
    return _wide(summary, _SHAPE, f"The course of the curves: {_MEAN}")


def show_convergence(convergence: pd.DataFrame) -> Html:
    """Return ``convergence.csv``, a row a strategy and condition."""
    caption = f"The way to the highest final training loss of the condition's strategies: {_MEAN}"
    return _wide(convergence, SHARED, caption, ("condition",))


def show_extrema(extrema: pd.DataFrame) -> Html:
    """Return ``extrema.csv``, a row a strategy."""
    columns = ["role", "strategy", "epochs", "n", *EXTREMA]
    headings = {"role": "runs", "n": "seeds"} | {m: _NAMES["measure"](m) for m in EXTREMA}
    formats = _NAMES | {m: lambda value: decimal_text(value, _WEIGHT) for m in EXTREMA}
    caption = "Least and largest weight over all epochs and seeds"
    return frame_table(extrema[columns], caption, headings, formats)


def show_paired(paired: pd.DataFrame, roles: Sequence[str]) -> Html:
    """Return the linear increase against every fixed size, of ``paired.csv``.

    Parameters
    ----------
    paired : DataFrame
    roles : sequence of str
        Which runs.
    """
    chosen = paired[paired["role"].isin(list(roles))]
    table = chosen.assign(
        difference=_changes(chosen, "mean"),
        p=chosen["p"].where(chosen["n"] >= _FEWEST_P),
    )
    columns = {
        "role": "runs",
        "condition": "condition",
        "strategy": "linear against",
        "measure": "of",
        "difference": "ratio, or points",
        "n": "seeds",
        "p": "p (paired t)",
    }
    caption = (
        "Linear increase against fixed size, seed by seed (losses and scatter: × linear / fixed, "
        f"the geometric mean; errors: linear − fixed, points): {_MEAN}. The p-values, from "
        f"{_FEWEST_P} seeds on, are not corrected for their number; no verdict rests on them"
    )
    return frame_table(table[list(columns)], caption, columns, _NAMES | {"p": p_or_dash})


def show_equal_updates(table: pd.DataFrame) -> Html:
    """Return ``equal_updates.csv``, a row a strategy."""
    caption = (
        "At the last whole epoch within the updates that the fixed size N2 makes in all: " + _MEAN
    )
    shown = ("epoch", "updates_reached", "test_loss", "test_error")
    return _wide(table, shown, caption, ("condition", "updates"))


def show_images(images: pd.DataFrame) -> Html:
    """Return ``paired_images.csv``: the first seed, and all of them together."""
    chosen = images[images["seed"].astype(str).isin(["0", ALL_SEEDS])]
    columns = {
        "role": "runs",
        "condition": "condition",
        "strategy": "linear against",
        "seed": "seed",
        "images": "test images",
        "linear_only": "wrong under linear only",
        "fixed_only": "wrong under the fixed size only",
        "p": "p (McNemar)",
    }
    caption = (
        "Test images that one strategy alone gets wrong at the end. All seeds together hold the "
        "same images several times, which are no independent trials: there is no p of them"
    )
    return frame_table(chosen[list(columns)], caption, columns, _NAMES | {"p": p_or_dash})


def show_variants(variants: pd.DataFrame) -> Html:
    """Return ``variants.csv``: what the other readings change."""
    table = variants.assign(change=_changes(variants, "difference"))
    columns = {
        "role": "runs",
        "variant": "reading",
        "strategy": "strategy",
        "epochs": "epochs",
        "measure": "of",
        "mean": "this reading",
        "main_mean": "main reading",
        "change": "ratio, or points",
        "n": "seeds",
    }
    levels = dict.fromkeys(("mean", "main_mean"), lambda value: decimal_text(value, _LEVEL))
    caption = (
        "Other readings of unclear passages, seed by seed (losses and scatter: × this / main "
        f"reading, the geometric mean; errors: this − main, points): {_MEAN}"
    )
    return frame_table(table[list(columns)], caption, columns, _NAMES | levels)


def show_schedules(schedules: pd.DataFrame) -> Html:
    """Return ``schedules.csv``: the updates of every strategy."""
    columns = {
        "role": "runs",
        "strategy": "strategy",
        "line": "straight line in",
        "epochs": "epochs",
        "images": "training images",
        "updates_by_formula": "updates by the formula",
        "updates_least": "updates made, least",
        "updates_most": "most",
        **_SHORT_BATCHES,
    }
    # the other optimiser has the same schedules
    chosen = schedules[~schedules["role"].str.contains("_sgd")].drop_duplicates(list(columns))
    whole = dict.fromkeys(("updates_least", "updates_most"), int)
    caption = "Updates of a whole run: made, and by the formula"
    return frame_table(chosen[list(columns)].dropna().astype(whole), caption, columns, _NAMES)


def show_paper_schedules(schedules: pd.DataFrame) -> Html:
    """Return ``paper_schedules.csv``: the updates of the paper's runs."""
    headings = {
        "images": "training images",
        "updates_by_formula": "updates by the formula",
        "updates_reference": "updates, reference",
        **_SHORT_BATCHES,
    }
    caption = "Updates of the paper's runs: by the formula, and counted independently"
    return frame_table(schedules, caption, headings, _NAMES)


def show_errors(errors: list[Mapping[str, Any]]) -> Html:
    """Return the errors found in the text."""
    columns = ["where", "check", "arithmetic", "finding"]
    return frame_table(pd.DataFrame(errors, columns=columns), "Errors found in the text")


def _changes(table: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return ratios (of 100 ln) and differences, as ``unit`` says, with their intervals."""
    rows = table[[column, "low", "high", "unit"]].itertuples(index=False, name=None)
    words = [
        ratio_with_ends(_RATIO, *ends) if unit == RATIO else with_ends(_DIFFERENCE, *ends)
        for *ends, unit in rows
    ]
    # a column of texts would forget that they are HTML
    return pd.Series(words, index=table.index, dtype=object)


def _wide(
    table: pd.DataFrame, measures: Sequence[str], caption: str, more: Sequence[str] = ()
) -> Html:
    keys = ("role", *more, "strategy", "epochs")
    headings = {"role": "runs", "updates": "updates with N2"}
    return wide_table(table, measures, caption, keys, headings, _NAMES)
