"""How the study calls what tells cells of one problem and method apart: a text, made in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What a cell, or a side of a record, may name beside problem and method, in the order of texts.
KEYS = ("rate", "number", "peak", "batch", "cooling", "source", "strength", "test")
#: The role of what names one of these; the first that is named decides.
ROLES = {
    "number": "restarts",
    "peak": "reset",
    "batch": "batch",
    "rate": "rate",
    "cooling": "cooling",
    "source": "source",
    "test": "posterior",
}


def point_of(named: Mapping[str, Any]) -> str:
    """Return the text of what a cell or a side names: "batch 4, rate 0.5"; empty if nothing.

    Without noise there is no source: a strength of 0 names nothing.
    """
    silent = ("source", "strength") if named.get("strength") == 0 else ()
    chosen = [key for key in KEYS if key in named and key not in silent]
    return ", ".join(f"{key} {_said(named[key])}" for key in chosen)


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
