"""Measured values, their intervals, what is claimed of them, and units as text.

A reader sees what was measured, in its own sign and from its own origin, and beside it where the
claim puts it. The effect, which is positive in favour of a claim, orders parts and is not shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from escaping_minima.report.frames import NO_INTERVAL, fixed, interval_text, number
from escaping_minima.report.ratios import RATIO, chosen_ratio, ratio_interval, ratio_number

#: Instead of the interval of a number without sampling error.
EXACT = "exact"
_SIDES = {"greater": "above", "less": "below"}
_SIGNS = {"greater": ">", "less": "<"}


def measured_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's measured value with interval and unit.

    For example ``+3.2 [1.1, 5.3] points`` or, of a ratio, ``× 0.732 [0.025, 21]``.
    """
    value, interval = number_text(part), part_interval(part)
    known = interval in (EXACT, NO_INTERVAL)
    unit = unit_of(value, part["unit"]) if known else short_unit(part["unit"])
    words = (value, unit, f"({interval})") if known else (value, interval, unit)
    return " ".join(filter(None, words))


def claimed_text(part: Mapping[str, Any]) -> str:
    """Say where the claim puts the measured value.

    For example ``above 0``, ``within ±5 of 33.33`` or, of a ratio, ``below × 1``.
    """
    threshold = _threshold(part)
    if part["direction"] == "equal":
        if is_ratio(part):
            return "within {} to {}".format(*_ends(part))
        return f"within ±{number(part['margin'])} of {threshold}"
    return f"{_SIDES[part['direction']]} {threshold}"


def claimed_sign(part: Mapping[str, Any]) -> str:
    """Say `claimed_text` where there is little room: ``> 0``, ``33.33 ± 5``."""
    threshold = _threshold(part)
    if part["direction"] == "equal":
        if is_ratio(part):
            return "{} to {}".format(*_ends(part))
        return f"{threshold} ± {number(part['margin'])}"
    return f"{_SIGNS[part['direction']]} {threshold}"


def number_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's measured value: with a sign where it is compared with 0 or less."""
    value = part["measured"]
    if is_ratio(part):
        return f"× {ratio_number(value, _ratio_digits(part))}"
    whole = part["known"] and float(value).is_integer()
    digits = 0 if whole else decimals(part["margin"])
    return fixed(value, digits, signed=part["threshold"] <= 0)


def part_interval(part: Mapping[str, Any]) -> str:
    """Return the interval of a judged part's measured value, or why there is none."""
    if part["known"]:
        return EXACT
    low, high = part["measured_interval"]
    if is_ratio(part):
        return ratio_interval(low, high, _ratio_digits(part))
    return interval_text(low, high, decimals(part["margin"]))


def margin_text(margin: float, unit: str) -> str:
    """Return a margin with its unit: ``5 points``, of a ratio ``5 percent``."""
    words = number(margin)
    return f"{words} percent" if unit == RATIO else f"{words} {unit_of(words, unit)}"


def is_ratio(part: Mapping[str, Any]) -> bool:
    """Whether the values of a judged part are 100 ln(left / right), to be read as factors."""
    return bool(part["unit"] == RATIO)


def decimals(margin: float) -> int:
    """Return how many decimals are worth reading where `margin` is what matters."""
    return max(0, 1 - math.floor(math.log10(margin)))


def short_unit(unit: str) -> str:
    """Return a unit without what it is of: "points" for "points of share".

    That of a ratio is the sign before the number.
    """
    return "" if unit == RATIO else unit.split(" of ")[0]


def unit_of(value: str, unit: str) -> str:
    """Return the short unit of a number as text: of 1 in the singular."""
    short = short_unit(unit)
    return short.removesuffix("s") if value.lstrip("+−") == "1" else short


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which makes its plural with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _threshold(part: Mapping[str, Any]) -> str:
    if is_ratio(part):
        return chosen_ratio(part["threshold"], _ratio_digits(part))
    # a third of 100 has digits without end
    return number(round(part["threshold"], decimals(part["margin"]) + 1))


def _ends(part: Mapping[str, Any]) -> tuple[str, str]:
    """Return between which factors an equality puts a ratio."""
    middle, margin = part["threshold"], part["margin"]
    low, high = (chosen_ratio(v, _ratio_digits(part)) for v in (middle - margin, middle + margin))
    return low, high


def _ratio_digits(part: Mapping[str, Any]) -> int:
    # 100 ln(1 + x) is about 100 x
    return decimals(part["margin"] / 100.0)
