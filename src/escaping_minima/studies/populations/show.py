"""The study's tables as HTML; those of tests are in `show_tests`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, facts, frame_table
from escaping_minima.report.tables.wide import wide_table
from escaping_minima.report.tables.words import p_or_dash, spanned
from escaping_minima.studies.populations.levels import MEASURES
from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES, TASK_NAMES
from escaping_minima.studies.populations.scope import scope_words
from escaping_minima.studies.populations.searches import DRAWN
from escaping_minima.studies.populations.show_words import (
    DECIMALS,
    NAMES,
    WHOSE,
    decimals,
    each,
    number_with_ends,
)
from escaping_minima.studies.populations.trajectories import Trajectories

_INTERVAL = "mean [95 percent interval; of two trajectories, or where all agree, their range]"


def show_runs(cells: pd.DataFrame, runs: Trajectories) -> Html:
    """Say what runs there are: of each role and task the methods, trajectories and data.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    runs : Trajectories
        Of the same tables.
    """
    lines = {
        f"{ROLE_NAMES[role]}, {TASK_NAMES[task]}": f"{_methods(rows)}: {scope_words(rows)}"
        for role in dict.fromkeys(map(str, runs.populations["role"]))
        for task, _, rows in runs.arms(role)
    }
    others = cells[~cells["cell"].isin(set(runs.populations["cell"]))]
    lines |= {
        ROLE_NAMES[str(role)]: spanned([len(rows)], "cell")
        for role, rows in others.groupby("role", sort=False)
    }
    return facts(lines)


def _methods(rows: pd.DataFrame) -> str:
    return ", ".join(METHOD_NAMES[method] for method in rows["method"])


def show_table_4(table: pd.DataFrame) -> Html:
    """Return ``table_4.csv``: all that centre and spread may mean, beside the printed numbers."""
    headings = {
        **WHOSE,
        "sd": "SD of all models",
        "within_sd": "SD within a trajectory, median",
        "printed_centre": "printed centre",
        "printed_spread": "printed spread",
    }
    numbers = ("mean", "median", "sd", "within_sd", "printed_centre", "printed_spread")
    formats = NAMES | {name: decimals(2) for name in numbers}
    caption = "Table 4: test score of the models of each set (percent)"
    return frame_table(table.drop(columns="cell"), caption, headings, formats)


def show_levels(levels: pd.DataFrame) -> Html:
    """Return ``levels.csv``, a row a method and set."""
    keys = ("role", "task", "network", "method", "set")
    caption = f"The sets of each trajectory: {_INTERVAL}"
    if levels.empty:
        return frame_table(levels, caption)
    # of trajectories this says seeds elsewhere
    shown = wide_table(levels, list(MEASURES), caption, keys, WHOSE, NAMES)
    return Html(shown.replace(">seeds<", ">trajectories<"))


def show_against_sgd(table: pd.DataFrame) -> Html:
    """Return ``against_sgd.csv``: every method less SGD, and what it costs."""
    shown = table.assign(
        difference=each(table, ("difference", "low", "high"), number_with_ends(DECIMALS["score"]))
    ).drop(columns=["low", "high"])
    headings = {
        **WHOSE,
        "difference": "method less SGD (points) [bootstrap over trajectories]",
        "p": "p of sign flips",
        "least_p": "least p of so few trajectories",
        "holm_p": "p, Holm",
        "tost_p": "equal within the margin: p",
        "tost_holm_p": "the same, Holm",
        "evaluations_ratio": "gradient evaluations over SGD's",
    }
    formats = NAMES | dict.fromkeys(("p", "least_p", "holm_p", "tost_p", "tost_holm_p"), p_or_dash)
    formats["evaluations_ratio"] = decimals(3)
    caption = "Test score of SetA against SGD, trajectory by trajectory"
    return frame_table(shown, caption, headings, formats)


def show_single_models(table: pd.DataFrame) -> Html:
    """Return ``single_models.csv``: SAM less SGD by how a model is picked."""
    shown = table.assign(
        mean=each(table, ("mean", "low", "high"), number_with_ends(DECIMALS["score"]))
    ).drop(columns=["low", "high"])
    headings = {
        **WHOSE,
        "rule": "what is compared",
        "n": "pairs of trajectories",
        "mean": "SAM less SGD (points)",
        "sam_higher": "pairs in which SAM is higher",
    }
    return frame_table(shown, f"SAM less SGD, test score: {_INTERVAL}", headings, NAMES)


def show_error_rates(rates: pd.DataFrame) -> Html:
    """Return ``error_rates.csv``, a row a table, test and size: the rate over its comparisons."""
    caption = (
        "How often the paper's test rejects where nothing differs (percent, simulated), at the "
        "correlations that were measured: least and largest over the comparisons of a table"
    )
    if rates.empty:
        return frame_table(rates, caption)
    keys = ["table", "test", "role", "trajectories", "models"]
    rows = [
        dict(zip(keys, values, strict=True))
        | {"comparisons": len(part)}
        | {name: _span(part[name], factor) for name, factor in (("icc", 1.0), ("rate", 100.0))}
        for values, part in rates.groupby(keys, sort=False)
    ]
    headings = {
        **WHOSE,
        "models": "models of a trajectory",
        "icc": "intraclass correlation",
        "rate": "rejected at p < 0.05",
    }
    return frame_table(pd.DataFrame(rows), caption, headings, NAMES)


def _span(values: pd.Series, factor: float) -> str:
    low, high = factor * values.min(), factor * values.max()
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"


def show_activity(activity: pd.DataFrame) -> Html:
    """Return ``activity.csv``, the trajectories first; what does as SGD does is named."""
    order = activity["role"] == "activity"
    shown = activity.loc[order.sort_values(kind="stable").index].drop(columns=["variant"])
    same = shown["same_as_sgd"].astype(float)
    words = ["DOES WHAT SGD DOES" if share == 100.0 else f"{share:.0f}" for share in same]
    shown = shown.assign(same_as_sgd=pd.Series(words, index=shown.index, dtype=object))
    headings = {
        **WHOSE,
        "gradient_tolerance": "threshold",
        "blocks": "runs",
        "fired": "updates with noise (percent)",
        "noise_ratio": "noise over gradient step",
        "gradient_norm_10": "gradient norm, 10 percent",
        "gradient_norm_50": "median",
        "gradient_norm_90": "90 percent",
        "searches": "local searches an epoch",
        "same_as_sgd": "runs that are SGD's (percent)",
    }
    return frame_table(shown, "Where noise acts, a row a setting", headings, NAMES)


def show_searches(searches: pd.DataFrame) -> Html:
    """Return ``searches.csv``: what each search drew and chose."""
    spans = {name: each(searches, (name, f"{name}_low", f"{name}_high"), _chosen) for name in DRAWN}
    shown = searches.assign(**spans)[
        [
            *("variant", "task", "network", "method", "epochs", "trials", "diverged"),
            *DRAWN,
            *("validation_loss", "validation_score"),
        ]
    ]
    headings = {
        **WHOSE,
        "variant": "for",
        "gradient_tolerance": "threshold",
        "learning_rate": "learning rate",
        "validation_loss": "held-out loss",
        "validation_score": "held-out score (percent)",
    }
    caption = "Searches for settings: the chosen trial, in brackets the least and largest drawn"
    return frame_table(shown, caption, headings, NAMES)


def _chosen(value: float, low: float, high: float) -> Html:
    if pd.isna(low):
        return Html("–")
    ends = f"<small>[{low:.3g}, {high:.3g}]</small>"
    return Html(f"{'–' if pd.isna(value) else f'{value:.3g}'}<br>{ends}")


def show_floors(collected: Mapping[str, pd.DataFrame]) -> Html:
    """Return ``floor.csv``: what a linear classifier and the majority class reach."""
    caption = "Floors of the texts: macro-F1 (percent)"
    table = collected.get("floor.csv", pd.DataFrame())
    headings = {"validation_score": "held-out texts", "test_score": "test texts"}
    formats = NAMES | dict.fromkeys(("validation_score", "test_score"), decimals(2))
    return frame_table(table.drop(columns="cell", errors="ignore"), caption, headings, formats)


def show_printed_claims(table: pd.DataFrame) -> Html:
    """Return ``printed_claims.csv``: what the printed tables say by sounder tests."""
    headings = {"printed": "as printed", "says": "what a sounder test leaves of it"}
    return frame_table(table, "The claims on the printed tables themselves", headings)


def show_errors(errors: list[Mapping[str, Any]]) -> Html:
    """Return where the paper's own text and tables do not agree."""
    columns = ["where", "check", "arithmetic", "finding"]
    return frame_table(pd.DataFrame(errors, columns=columns), "Where text and tables do not agree")
