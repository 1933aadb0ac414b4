"""Why a claim is not tested or stays open, in a few words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from escaping_minima.report.setting_words import WHERE

_LONGEST = 90


def untested_reason(reading: Mapping[str, Any]) -> str:
    """Return why a reading is not tested, no longer than a line: ``needs 3,000 epochs, has 5``.

    Parameters
    ----------
    reading : Mapping
        Of a judged claim.

    Returns
    -------
    str
        Empty where it is tested.
    """
    words = whole_reason(reading)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…"


def whole_reason(reading: Mapping[str, Any]) -> str:
    """Return why a reading is not tested, however long that is; empty where it is tested."""
    if reading["verdict"] != "not tested":
        return ""
    words = reading["reason"].removeprefix("scale: ").replace(", this run has", ", has")
    return re.sub(r"\b\d{4,}\b", lambda found: f"{int(found[0]):,}", words)


def open_reason(reading: Mapping[str, Any]) -> str:
    """Return why a reading stays open, without the settings that it names; often empty."""
    found = reading["reason"].split("; ")
    return "; ".join(w for w in found if not w.startswith(tuple(WHERE.values())))
