"""Measured values, their intervals, what is claimed of them, and units as text.

A reader sees what was measured, in its own sign and from its own origin, and beside it where the
claim puts it. The effect, which is positive in favour of a claim, orders parts and is not shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from escaping_minima.report.frames import NO_INTERVAL, fixed, interval_text, number

#: Instead of the interval of a number without sampling error.
EXACT = "exact"
_SIDES = {"greater": "above", "less": "below"}
_SIGNS = {"greater": ">", "less": "<"}


def measured_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's measured value with interval and unit: ``+3.2 [1.1, 5.3] points``."""
    value, interval = number_text(part), part_interval(part)
    unit = unit_of(value, part["unit"])
    if interval in (EXACT, NO_INTERVAL):
        return f"{value} {unit} ({interval})"
    return f"{value} {interval} {short_unit(part['unit'])}"


def claimed_text(part: Mapping[str, Any]) -> str:
    """Say where the claim puts the measured value: ``above 0``, ``within ±5 of 33.33``."""
    threshold = _threshold(part)
    if part["direction"] == "equal":
        return f"within ±{number(part['margin'])} of {threshold}"
    return f"{_SIDES[part['direction']]} {threshold}"


def claimed_sign(part: Mapping[str, Any]) -> str:
    """Say `claimed_text` where there is little room: ``> 0``, ``33.33 ± 5``."""
    threshold = _threshold(part)
    if part["direction"] == "equal":
        return f"{threshold} ± {number(part['margin'])}"
    return f"{_SIGNS[part['direction']]} {threshold}"


def number_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's measured value: with a sign where it is compared with 0 or less."""
    value = part["measured"]
    whole = _is_exact(part) and float(value).is_integer()
    digits = 0 if whole else decimals(part["margin"])
    return fixed(value, digits, signed=part["threshold"] <= 0)


def part_interval(part: Mapping[str, Any]) -> str:
    """Return the interval of a judged part's measured value, or why there is none."""
    if _is_exact(part):
        return EXACT
    low, high = part["measured_interval"]
    return interval_text(low, high, decimals(part["margin"]))


def decimals(margin: float) -> int:
    """Return how many decimals are worth reading where `margin` is what matters."""
    return max(0, 1 - math.floor(math.log10(margin)))


def short_unit(unit: str) -> str:
    """Return a unit without what it is of: "points" for "points of share"."""
    return unit.split(" of ")[0]


def unit_of(value: str, unit: str) -> str:
    """Return the short unit of a number as text: of 1 in the singular."""
    short = short_unit(unit)
    return short.removesuffix("s") if value.lstrip("+−") == "1" else short


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which makes its plural with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _threshold(part: Mapping[str, Any]) -> str:
    # a third of 100 has digits without end
    return number(round(part["threshold"], decimals(part["margin"]) + 1))


def _is_exact(part: Mapping[str, Any]) -> bool:
    low, high = part["measured_interval"]
    return low is not None and low == high
