"""How the sides of records are said."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.claims.grammar import Side
from escaping_minima.studies.populations.measures import MEASURE_NAMES, MODEL_NAMES
from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES, TASK_NAMES
from escaping_minima.studies.populations.run_tables import GROUPS

#: Sets in words.
SET_NAMES: Mapping[str, str] = {
    "A": "SetA",
    "B": "SetB",
    "V": "SetV",
}
#: Rules by which one model of a trajectory is picked, in words.
RULE_NAMES: Mapping[str, str] = {
    "last": "last model",
    "lowest_loss": "model of lowest training loss",
    "best_test": "model of best test score",
}
_SPENT = {"all": "gradients of a run", "half": "half the gradients of a run"}


def say_words(side: Side) -> dict[str, str]:
    """Return what a side names in words, by key; what it measures stands first."""
    words = {"what": say_what(side)}
    if "set" in side:
        words["set"] = SET_NAMES[side["set"]]
    words["method"] = say_method(side["method"])
    words["task"] = TASK_NAMES[side["task"]]
    if "role" in side:
        words["role"] = ROLE_NAMES[side["role"]]
    return words


def say_what(side: Side) -> str:
    """Say what of the trajectories a side is about."""
    if "measure" in side:
        return MEASURE_NAMES[side["measure"]]
    if "single" in side:
        return f"{MODEL_NAMES[side['of']]}, {RULE_NAMES[side['single']]}"
    if "spent" in side:
        return _SPENT[side["of"]]
    return f"smoothed loss at {side['evaluations']:g} percent of SGD's gradients"


def say_method(method: str) -> str:
    """Say a method, or a group of them."""
    if method not in GROUPS:
        return METHOD_NAMES[method]
    return f"mean of {', '.join(METHOD_NAMES[one] for one in GROUPS[method])}"
