"""How the sides of the claims' records are called."""

from __future__ import annotations

from typing import Any

from escaping_minima.claims.grammar import Side
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES

#: The sweep of every radius: its points k multiply the main radius by 10^(k/4).
RADIUS = "radius"


def say_runs(side: Side) -> str:
    """Say whose runs a side is about."""
    return f"{METHOD_NAMES[side['method']]}, {FUNCTION_NAMES[side['function']]}"


def say_setting(sweep: str, point: Any) -> str:
    """Say a setting of a sweep."""
    if sweep != RADIUS:
        return str(point)
    return "main radius" if point == 0 else f"radius × {10 ** (point / 4):.3g}"


_GROUP_WORDS = {
    "else": "Else",
    "converged": "any minimum",
    "global": "GM",
    "local": "LM",
    "global_and_flatter": "GM or pair f=2.104",
    "global_and_lm12_by_value": "GM or pair f=−0.215",
    "pair_f_2.104": "pair f=2.104",
    "pair_f_-0.215": "pair f=−0.215",
}


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what differs from it."""
    if beside is not None:
        names = (("share", _GROUP_WORDS), ("method", METHOD_NAMES), ("function", FUNCTION_NAMES))
        return ", ".join(
            str(words.get(side[key], side[key]))
            for key, words in names
            if side.get(key) != beside.get(key)
        )
    if "share" not in side:
        what = "basins per trajectory" if "count" in side else "basins over the radius"
        return f"{what}: {say_runs(side)}"
    among = f" among {_GROUP_WORDS[side['among']]}" if "among" in side else ""
    return f"{_GROUP_WORDS.get(side['share'], side['share'])}{among}: {say_runs(side)}"


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with."""
    return f"{number:.4g} %" if "share" in side else f"{number:g}"
