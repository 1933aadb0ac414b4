"""What was measured at kept states and along runs, and what claims measure by horizon, as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.report.tables.words import decimal_text, ratio_with_ends, with_ends
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.flatness_sources import FLATNESS, probed
from escaping_minima.studies.batch_increase.horizon_words import DATA_NAMES
from escaping_minima.studies.batch_increase.mesh_runs import find_mesh
from escaping_minima.studies.batch_increase.names import (
    PLACES,
    STRATEGY_NAMES,
    condition_name,
    strategy_at,
)
from escaping_minima.studies.batch_increase.strategies import SECTION_4_5
from escaping_minima.studies.batch_increase.theory import noise_falls, noise_windows, slopes
from escaping_minima.studies.batch_increase.theory_sources import Rows, run_rows, state_rows

_PUBLISHED = "NOT THIS RUN but the published one: "
_WAYS = {0: "without", 1: "with"}
_PARTS = {
    "noise": "mean |E − μ|",
    "sigma": "σ, spread of single losses",
    "size": "1/√N, the batch size",
    "rest": "the rest",
}
#: Sections of the mesh that is shown; the figure has the others.
_SECTIONS = 20
_SWEEP = {"all": "the run", "jitter": "control: jitter where it ends"}
_FLATNESS = {
    "loss": "training loss",
    "eigenvalue_1": "largest eigenvalue",
    "trace": "trace",
    "sharpness": "ε-sharpness (percent)",
    "relative_flatness": "relative flatness",
}
_CLAIMED = {"greater": "above", "less": "below", "equal": "within"}
_DIFFERENCE, _RATIO, _SLOPE, _LEVEL, _CELLS = 3, 3, 2, 4, 1


def show_horizons(horizons: pd.DataFrame, changes: pd.DataFrame) -> Html:
    """Return of each claim the part that speaks least for it, at every horizon.

    Parameters
    ----------
    horizons, changes : DataFrame
        ``horizons.csv`` and ``horizon_changes.csv``.
    """
    shown = horizons[horizons["weakest"].astype(bool)]
    keys = ["claim", "data", "images", "condition", "part", "horizon"]
    rows = [
        {
            "claim": row["claim"],
            "data": DATA_NAMES[row["data"]],
            "condition": condition_name(row["condition"]),
            "part": row["part"],
            "horizon": int(row["horizon"]),
            "seeds": int(row["n"]),
            "measured": _ends(row, ("effect", "low", "high")),
            "claimed": _claimed(row),
            "since": _change(row, changes),
        }
        for row in shown.sort_values(keys).to_dict("records")
    ]
    headings = {
        "part": "part that speaks least for it",
        "horizon": "horizon (epochs)",
        "measured": "left / right, or left − right",
        "since": "change since the shortest horizon",
    }
    caption = (
        "What claims measure by horizon: mean [95 percent interval] over seeds. No row is a verdict"
    )
    return _table(rows, caption, headings)


def _ends(row: Mapping[Any, Any], names: Iterable[str]) -> Html:
    mean, low, high = (float(row[name]) for name in names)
    if not math.isfinite(low):
        # a single run has no interval
        low = high = math.nan
    if row["unit"] == RATIO:
        return ratio_with_ends(_RATIO, mean, low, high)
    return with_ends(_DIFFERENCE, mean, low, high)


def _claimed(row: Mapping[Any, Any]) -> Html:
    bound = row["margin"] if row["direction"] == "equal" else row["threshold"]
    words = (
        ratio_with_ends(_RATIO, bound, math.nan, math.nan)
        if row["unit"] == RATIO
        else decimal_text(bound, _DIFFERENCE)
    )
    around = " of 0" if row["direction"] == "equal" and row["unit"] != RATIO else ""
    around = " of × 1" if row["direction"] == "equal" and row["unit"] == RATIO else around
    return Html(f"{_CLAIMED[row['direction']]} {words}{around}")


def _change(row: Mapping[Any, Any], changes: pd.DataFrame) -> Html | None:
    """Return how the effect changed since the shortest horizon, None at the shortest one itself."""
    same = changes[changes["long"] == row["horizon"]]
    for key in ("claim", "condition", "data", "images", "part"):
        same = same[same[key] == row[key]]
    if same.empty:
        return None
    first = same.sort_values("short").iloc[0].to_dict()
    words = _ends(first | {"unit": row["unit"]}, ("change", "low", "high"))
    towards = first["towards"] if isinstance(first["towards"], str) else ""
    return Html(f"{words}<br>{towards}" if towards else words)


def show_slopes(sources: Sources) -> Html:
    """Return the slopes of log variance against log N, state by state.

    Parameters
    ----------
    sources : Sources
    """
    found = state_rows(sources)
    caption = "Slope of log variance of the minibatch loss against log N; theory: −1"
    if found is None:
        return _table([], caption)
    states = found.table.groupby("cell")["state"].first()
    fitted = slopes(found.table)
    fitted = fitted.assign(state=fitted["cell"].map(states))
    rows = []
    for (mode, way, state), part in fitted.groupby(["mode", "replacement", "state"]):
        shown = {n: _mean(part[n].tolist(), _SLOPE) for n in ("slope", "plain_slope")}
        orders = f"{int(part['orders'].sum())} of {int(part['pairs'].sum())}"
        rows.append(
            {"mode": mode, "replacement": _WAYS[way], "state": int(state), "seeds": len(part)}
            | shown
            | {"orders": orders}
        )
    headings = {
        "state": "after epoch",
        "slope": "slope, less what a finite set takes",
        "plain_slope": "slope as it is",
        "orders": "neighbouring sizes of which the smaller varies more",
    }
    return _table(rows, f"{_whose(found)}{caption} ({found.words()})", headings)


def show_noise(sources: Sources) -> Html:
    """Return by what factor noise, and each part of it, changes along a run.

    Parameters
    ----------
    sources : Sources
    """
    found = run_rows(sources)
    caption = "The noise of the last quarter of a run over that of the first, and what makes it"
    if found is None:
        return _table([], caption)
    falls = noise_falls(noise_windows(found.table, found.horizons()))
    rows = []
    for mode, of_mode in falls.groupby("mode"):
        for place in PLACES:
            strategy = strategy_at(place, found.condition)
            part = of_mode[of_mode["cell"].isin(found.cells_of(strategy))]
            factors = {name: _ratio(part[name].tolist()) for name in _PARTS}
            row = {"mode": mode, "strategy": STRATEGY_NAMES[strategy], "seeds": len(part)}
            rows.append(row | factors)
    return _table(rows, f"{_whose(found)}{caption} ({found.words()})", _PARTS)


def show_cells(sources: Sources) -> Html:
    """Return the cells of one mesh that each strategy visits, beside its bound and the control.

    Parameters
    ----------
    sources : Sources
    """
    arm = find_mesh(sources, SECTION_4_5)
    caption = f"Cells visited in the whole run, C = {_SECTIONS}"
    if arm is None:
        return _table([], caption)
    sweep = arm.sweep[arm.sweep["sections"] == _SECTIONS]
    rows = []
    for place in PLACES:
        for name, words in _SWEEP.items():
            part = sweep[(sweep["run"] == place) & (sweep["part"] == name)]
            if part.empty:
                continue
            strategy = STRATEGY_NAMES[strategy_at(place, SECTION_4_5)]
            rows.append(
                {"strategy": strategy, "of": words, "seeds": len(part)}
                | {"cells": _mean(part["cells"].tolist(), _CELLS)}
                | {"bound": int(part["snapshots"].max()), "full": int(part["at_bound"].sum())}
            )
    headings = {"bound": "bound (snapshots)", "full": "runs at their bound"}
    words = f"{arm.describe(bands=False)}; {arm.data_words()}"
    whose = _PUBLISHED if arm.published else ""
    return _table(rows, f"{whose}{caption} ({words})", headings)


def show_flatness(sources: Sources) -> Html:
    """Return what was measured at last states, the mean over both sets of images and seeds.

    Parameters
    ----------
    sources : Sources
    """
    found = probed(sources, FLATNESS)
    caption = "Flatness at the end of each strategy, and with other weights of the same function"
    if found is None:
        return _table([], caption)
    rows = []
    for rescaled, of_factor in found.table.groupby("rescaled", sort=False):
        for strategy in found.strategies:
            part = of_factor[of_factor["strategy"] == strategy]
            by_seed = part.groupby("seed")[list(_FLATNESS)].mean().astype(float)
            weights = "as found" if rescaled == 1 else f"× {rescaled:g}"
            row = {"strategy": STRATEGY_NAMES[strategy], "weights": weights, "seeds": len(by_seed)}
            rows.append(row | {name: _mean(by_seed[name].tolist(), _LEVEL) for name in _FLATNESS})
    whose = _PUBLISHED if found.published else ""
    headings = {"weights": "weights before batch norm", **_FLATNESS}
    return _table(rows, f"{whose}{caption} ({found.words()})", headings)


def _whose(found: Rows) -> str:
    return _PUBLISHED if found.published else ""


def _mean(values: list[float], decimals: int) -> Html:
    found = mean_columns(values)
    return with_ends(decimals, found["mean"], found["low"], found["high"])


def _ratio(logarithms: list[float]) -> Html:
    found = mean_columns([100.0 * value for value in logarithms])
    return ratio_with_ends(_RATIO, found["mean"], found["low"], found["high"])


def _table(
    rows: list[dict[str, Any]], caption: str, headings: Mapping[str, str] | None = None
) -> Html:
    if not rows:
        return Html(f"<p>{caption}: not part of this run, and no published run has it.</p>")
    # a column of texts would forget that they are HTML
    return frame_table(pd.DataFrame(rows, dtype=object), caption, headings)
