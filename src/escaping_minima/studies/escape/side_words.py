"""How the study says sides of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escaping_minima.claims.grammar import Side
from escaping_minima.studies.escape.names import PROBLEM_NAMES, SOURCE_NAMES, arm_name

_SHARES: Mapping[str, str] = {
    "best": "ends at a global minimum",
    "stuck": "ends at no global minimum",
    "own": "ends in the basin of the start",
    "moved": "ends in another basin",
    "escaped": "has left its basin",
    "found": "has come to a global minimum",
}
_WHAT: Mapping[str, Mapping[str, str]] = {
    "share": _SHARES,
    "gap": {"mean": "mean gap", "worst": "gap of the worst tenth"},
    "best_of": {"run": "at a global minimum", "foretold": "as single descents foretell"},
    "distance": {"full": "total variation to sampling with all items"},
    "fall": {
        "with": "slope of the norm over the batch size",
        "without": "slope over what is foretold without replacement",
    },
    "norm": {"with": "norm of a batch's gradient", "without": "norm, without replacement"},
    "critical": {"saddle": "saddles among critical points", "minimum": "minima among them"},
    "leaving": {"saddle": "saddles that are left", "minimum": "minima that are left"},
    "skip": {
        "negative_share": "plane that bends down",
        "eigenvalue_ratio": "ratio of the extreme eigenvalues",
        "steps": "steps to the threshold",
        "log_loss": "logarithm of the loss at the end",
        "reached": "seeds below the threshold",
    },
}
_PERCENT = ("share", "gap", "best_of", "distance", "norm", "critical", "leaving")


def say_setting(sweep: str, point: Any) -> str:
    """Say a setting of a sweep."""
    return _SETTINGS[sweep](point) if sweep in _SETTINGS else f"{sweep} {point}"


def say_runs(side: Side) -> str:
    """Say whose runs a side is about."""
    return ", ".join(_runs(side).values())


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what of it differs."""
    words = {"what": _what(side), **_runs(side)}
    if beside is None:
        return f"{words.pop('what')}: {', '.join(words.values())}"
    others = {"what": _what(beside), **_runs(beside)}
    differing = [said for key, said in words.items() if others.get(key) != said]
    return ", ".join(differing) or say_runs(side)


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with."""
    unit = " percent" if any(form in side for form in _PERCENT) else ""
    return f"{number:g}{unit}".replace("-", "\u2212")


def _what(side: Side) -> str:
    form = next(name for name in _WHAT if name in side)
    words = _WHAT[form][side[form]]
    return f"{words} by {side['by']:g} percent of the budget" if "by" in side else words


def _runs(side: Side) -> dict[str, str]:
    """Return what tells the runs of a side from those of others, by key."""
    found = {"problem": PROBLEM_NAMES[side["problem"]]}
    if side.get("arm"):
        found["arm"] = arm_name(side["arm"])
    if side.get("role") == "cheap":
        found["role"] = "a gradient at the price of a loss"
    if side.get("role") == "without":
        found["role"] = "its strength taken away"
    silent = side.get("strength") == 0
    if silent:
        found["strength"] = "no noise"
    for key, say in _SETTINGS.items():
        if key in side and key != "arm" and not (silent and key in ("source", "strength")):
            found[key] = say(side[key])
    return found


_SETTINGS: Mapping[str, Any] = {
    "rate": lambda rate: f"rate {rate:g} / curvature",
    "number": lambda number: f"{number} descents",
    "peak": lambda peak: f"highest rate {peak:g} / curvature",
    "batch": lambda batch: "1 item" if batch == 1 else f"{batch} items",
    "cooling": lambda decades: "1 decade" if decades == 1 else f"{decades} decades",
    "source": lambda source: SOURCE_NAMES[source],
    "strength": lambda strength: f"strength {strength:g}",
    "test": lambda test: {
        "barker": "Barker's test of a batch",
        "naive": "Metropolis' test of a batch",
        "full": "test of all items",
    }[test],
    "arm": arm_name,
}
