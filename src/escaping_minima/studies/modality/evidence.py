"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import Values, differences
from escaping_minima.claims.words import unmet_need
from escaping_minima.parts.study import SideForm
from escaping_minima.studies.modality.attractors import THRESHOLDS
from escaping_minima.studies.modality.costs import missing_hours
from escaping_minima.studies.modality.curvature_counts import LEVELS
from escaping_minima.studies.modality.layout import DEPTHS, SAMPLE, WIDTHS
from escaping_minima.studies.modality.names import DATA_NAMES, MEASURE_NAMES, ROLE_NAMES
from escaping_minima.studies.modality.run_tables import CLASSES, SETTINGS, Tables
from escaping_minima.studies.modality.side_values import side_values
from escaping_minima.studies.modality.side_words import SATURATION_NAMES, say_networks, say_what

__all__ = [
    "BLOCK",
    "FORMS",
    "SIDES",
    "Tables",
    "count_differing",
    "leave_one_out",
    "missing_needs",
    "printed_tables",
    "say_number",
    "say_runs",
    "say_setting",
    "say_side",
    "values",
    "varies",
]

#: A block of walks is one replicate.
BLOCK = 1
_NETWORK = ("data", "width", "depth")
_SETTING = ("bound", "granularity", "setting", "role")
_RULE = ("hessian", "precision")

#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "measure": MEASURE_NAMES,
    "walks": ("still",),
    "share": CLASSES,
    "gradient_of": ("convex", "concave", "saddle", "singular"),
    "saturation": SATURATION_NAMES,
    "rise": {**MEASURE_NAMES, **CLASSES},
    "attractors": ("total", "minima"),
    "data": DATA_NAMES,
    "width": sorted({width for widths in WIDTHS.values() for width in widths}),
    "depth": DEPTHS,
    "bound": (1, 10),
    "granularity": ("micro", "macro"),
    "setting": SETTINGS,
    "role": ROLE_NAMES,
    "beside": ROLE_NAMES,
    "hessian": ("block", "full"),
    "precision": ("float32", "float64"),
    "rule": ("exact", "relative"),
    "near": ("all", "any", *LEVELS),
    "group": ("singular", "other", "any"),
    "by": ("width", "depth"),
    "to": (2, 3, "last"),
    "per": ("parameter",),
    "count": None,
    "alike": ("depth",),
    "below": None,
    "sample": ("block",),
    "threshold": THRESHOLDS,
    "gap": (0.005, 0.01, 0.02),
    "points": None,
}
#: The forms of a side. All but attractors name a setting, by ``setting`` or by the two others.
FORMS: Mapping[str, SideForm] = {
    "measure": SideForm(_NETWORK, (*_SETTING, "beside")),
    "walks": SideForm(_NETWORK, _SETTING),
    "share": SideForm((*_NETWORK, "rule"), (*_SETTING, *_RULE, "near", "below")),
    "gradient_of": SideForm((*_NETWORK, "rule"), (*_SETTING, *_RULE, "near")),
    "saturation": SideForm((*_NETWORK, "group"), _SETTING),
    "rise": SideForm(
        ("data", "by"), ("width", "depth", *_SETTING, "rule", *_RULE, "near", "to", "per")
    ),
    "attractors": SideForm(
        ("data", "width"),
        ("depth", *_SETTING, "count", "alike", "sample", "threshold", "gap", "points"),
    ),
}


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do.

    The reason says what the blocks take that are missing: see `missing_hours`.
    """
    rows = tables.rows(family)
    none = "this run has none of its walks"
    unmet = none if rows.empty else unmet_need(family.needs, rows, tables.words)
    if unmet is None:
        return None
    hours = missing_hours(family.jobs, tables.cells)
    return f"{unmet} (lacks {hours:.1f} core hours)"


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each block of the first sample, and without each further sample.

    Further samples serve counts of attractors, of which a sample is the replicate.
    """
    there = [name for name, table in tables.items() if "block" in table]
    blocks = tables["measures.parquet"]["block"]
    parts = blocks.where(blocks < SAMPLE, SAMPLE * (blocks // SAMPLE))
    for first, group in blocks.groupby(parts) if parts.nunique() > 1 else ():
        gone = sorted(group.unique())
        left = {name: tables[name][~tables[name]["block"].isin(gone)] for name in there}
        words = f"block {first}" if len(gone) == 1 else f"blocks {gone[0]} to {gone[-1]}"
        yield words, {**tables, **left}


def printed_tables(records: Records) -> None:
    """Return None: the paper prints no numbers of single walks or samples."""


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on what is swept: the zero rule is of curvature alone."""
    if sweep != "rule":
        return sweep not in side
    asked = side.get("rise")
    return "share" in side or "gradient_of" in side or asked in CLASSES


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every block, or in every sample of ten; see `side_values`."""
    return side_values(side, tables)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return how many blocks of two sides differ, and how many both have."""
    found = differences(side_values(side, tables), side_values(base, tables), ratio=False)
    both = found[~np.isnan(found)]
    return int((both != 0.0).sum()), len(both)


def say_runs(side: Side) -> str:
    """Say whose walks a side is about."""
    return ", ".join(say_networks(side).values())


def say_setting(sweep: str, point: Any) -> str:
    """Say a setting of a sweep."""
    if sweep == "rule":
        return "exact zeros" if point == "exact" else "zeros relative to the largest"
    if sweep == "bound":
        return f"[-{point}, {point}]"
    return say_networks({"setting": point})["setting"]


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what of it differs."""
    words = {"what": say_what(side), **say_networks(side)}
    if beside is None:
        return f"{words.pop('what')}: {', '.join(words.values())}"
    others = {"what": say_what(beside), **say_networks(beside)}
    differing = [said for key, said in words.items() if others.get(key) != said]
    return ", ".join(differing) or say_runs(side)


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with."""
    return f"{number:,.10g}"
