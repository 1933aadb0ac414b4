"""The study's tables as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.tables.wide import wide_table
from escaping_minima.report.tables.words import decimal_text, with_ends
from escaping_minima.studies.modality.attractors import Rule
from escaping_minima.studies.modality.curvature_counts import CLASSES
from escaping_minima.studies.modality.curvature_shares import EVERYWHERE
from escaping_minima.studies.modality.levels import KINDS
from escaping_minima.studies.modality.lookup import Setting
from escaping_minima.studies.modality.mixtures import MEASURES
from escaping_minima.studies.modality.names import DATA_NAMES, MEASURE_NAMES, ROLE_NAMES
from escaping_minima.studies.modality.scope import scope_words

_NAMES: dict[str, Any] = {
    "data_set": lambda name: DATA_NAMES[name],
    "role": lambda name: ROLE_NAMES[name],
    "measure": lambda name: MEASURE_NAMES[name],
}
_HEADINGS = {"data_set": "problem", "role": "walks", "width": "units", "depth": "layers"}
_INTERVAL = "mean [95 percent interval; of two blocks, or where all agree, their range]"
#: The paper's symbols in words.
_ACCURACIES = {"C_t": "training", "C_g": "generalisation"}


def describe_runs(cells: pd.DataFrame) -> str:
    """Say what walks there are: of each problem their number and steps, and on which data.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    """
    walked = cells[cells["role"] == "walk"]
    return "; ".join(
        f"{DATA_NAMES[str(data)]}: {len(rows)} networks and settings ({scope_words(rows)})"
        for data, rows in walked.groupby("data_set", sort=False)
    )


def show_curvature(table: pd.DataFrame, near: str = EVERYWHERE) -> Html:
    """Return the shares of the classes of ``curvature_shares.csv``, a row a network and reading.

    Parameters
    ----------
    table : DataFrame
    near : str
        Near which level of the loss; everywhere by default.
    """
    chosen = _with_setting(table[(table["near"].astype(str) == near) & (table["points"] > 0)])
    keys = ["width", "depth", "setting", "reading", "points"]
    rows = []
    for values, part in chosen.groupby(keys, sort=False):
        found = part.set_index("class")[["mean", "low", "high"]].astype(float)
        row = dict(zip(keys, values, strict=True))
        rows.append(row | {c: with_ends(1, *found.loc[c].tolist()) for c in CLASSES})
    where = "" if near == EVERYWHERE else f" within 0.005 of loss {near}, gradient norm below 0.05"
    caption = f"Points of each class{where} (percent): {_INTERVAL}"
    frame = pd.DataFrame(rows, columns=[*keys, *CLASSES], dtype=object)
    return frame_table(frame, caption, _HEADINGS, _NAMES)


def show_attractors(table: pd.DataFrame) -> Html:
    """Return ``attractor_counts.csv``: attractors beside what the paper states."""
    rule = Rule()
    caption = (
        f"Attractors: losses of points with a gradient norm below {rule.threshold:g}, at most "
        f"{rule.gap:g} apart, at least {rule.points} points of {rule.walks} walks; mean of samples"
    )
    headings = _HEADINGS | {
        "total": "attractors",
        "local": "above loss 0",
        "losses": "at losses (first sample)",
        "stated": "stated by the paper",
    }
    columns = [
        "data_set",
        "width",
        "depth",
        "setting",
        "samples",
        "total",
        "local",
        "losses",
        "stated",
    ]
    shown = _with_setting(table).assign(stated=table["stated"].fillna(""))
    return frame_table(shown[columns], caption, headings, _NAMES)


def show_sensitivity(table: pd.DataFrame) -> Html:
    """Return ``attractor_sensitivity.csv``: the least and most attractors over gaps and counts."""
    shown = _with_setting(table)
    keys = ["width", "depth", "setting"]
    rows = []
    for values, part in shown.groupby(keys, sort=False):
        row = dict(zip(keys, values, strict=True))
        spans = part.groupby("threshold")["total"].agg(["min", "max"])
        words = {f"below {t:g}": f"{s['min']:.3g} to {s['max']:.3g}" for t, s in spans.iterrows()}
        rows.append(row | words)
    caption = (
        "Attractors of XOR by threshold of the gradient norm: from the fewest to the most over "
        f"gaps of {_said(table['gap'])} and at least {_said(table['points'])} points"
    )
    return frame_table(pd.DataFrame(rows), caption, _HEADINGS)


def show_levels(table: pd.DataFrame) -> Html:
    """Return ``levels.csv``: what lies below each level of XOR."""
    caption = "Descents from the points of lowest gradient near each level, all settings together"
    headings = _HEADINGS | {kind: kind for kind in KINDS}
    headings |= {"lowest_end": "lowest loss at an end", "least_gradient": "least gradient norm"}
    formats = {"level": lambda value: decimal_text(float(value), 4)}
    return frame_table(table, caption, headings, formats)


def show_accuracies(table: pd.DataFrame) -> Html:
    """Return ``accuracies.csv``: the numbers of Figure 4, and those of half of the walks."""
    shown = _with_setting(table)
    for prefix, name in (("", "all"), ("half_", "half")):
        ends = shown[[f"{prefix}{end}" for end in ("mean", "low", "high")]].astype(float)
        texts = [with_ends(2, *row) for row in ends.itertuples(index=False, name=None)]
        shown[name] = pd.Series(texts, index=shown.index, dtype=object)
    columns = ["width", "depth", "setting", "measure", "walks", "all", "half"]
    headings = _HEADINGS | {"all": "all walks", "half": "half of them", "measure": "accuracy"}
    caption = "Accuracy at the last step (percent): mean [95 percent, bootstrap over blocks]"
    return frame_table(shown[columns], caption, headings, {"measure": lambda m: _ACCURACIES[m]})


def show_mixtures(table: pd.DataFrame) -> Html:
    """Return ``mixtures.csv``, a row a network and setting."""
    keys = ("role", "width", "depth", "setting")
    caption = f"Two Gaussians fitted to each block: {_INTERVAL}"
    headings = _HEADINGS | {"seeds": "blocks"}
    return wide_table(_with_setting(table), MEASURES, caption, keys, headings, _NAMES)


def show_half_walks(table: pd.DataFrame) -> Html:
    """Return ``half_walks.csv``."""
    headings = {
        "compared": "steps of width or depth",
        "turned": "other sign with half of the walks",
        "blurred": "apart with all, not with half",
        "all_width": "mean width of intervals, all",
        "half_width": "mean width of intervals, half",
    }
    caption = "MNIST: would half as many walks have said the same?"
    return frame_table(table, caption, headings, _NAMES)


def show_errors(errors: list[Mapping[str, Any]]) -> Html:
    """Return where the paper contradicts itself."""
    columns = ["where", "check", "arithmetic", "finding"]
    return frame_table(pd.DataFrame(errors, columns=columns), "Where the paper contradicts itself")


def _with_setting(table: pd.DataFrame) -> pd.DataFrame:
    pairs = table[["bound", "granularity"]].itertuples(index=False, name=None)
    words = [Setting(float(bound), str(size)).words for bound, size in pairs]
    return table.assign(setting=pd.Series(words, index=table.index, dtype=object))


def _said(values: pd.Series) -> str:
    return ", ".join(f"{value:g}" for value in sorted(set(values)))
