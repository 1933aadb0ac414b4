"""Effects, their intervals and units as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from escaping_minima.report.frames import interval_text


def effect_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's effect with interval and unit: ``+3.2 [1.1, 5.3] points``."""
    return f"{number_text(part)} {part_interval(part)} {short_unit(part['unit'])}"


def number_text(part: Mapping[str, Any]) -> str:
    """Return a judged part's effect as a signed number."""
    return f"{part['effect']:+,.{decimals(part['margin'])}f}".replace("-", "−")


def part_interval(part: Mapping[str, Any]) -> str:
    """Return the interval of a judged part's effect."""
    low, high = part["interval"]
    return interval_text(low, high, decimals(part["margin"]))


def decimals(margin: float) -> int:
    """Return how many decimals are worth reading where `margin` is what matters."""
    return max(0, 1 - math.floor(math.log10(margin)))


def short_unit(unit: str) -> str:
    """Return a unit without what it is of: "points" for "points of share"."""
    return unit.split(" of ")[0]
