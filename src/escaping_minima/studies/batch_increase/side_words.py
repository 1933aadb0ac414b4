"""How the sides of records are said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from escaping_minima.claims.grammar import Side
from escaping_minima.studies.batch_increase.names import (
    MEASURE_NAMES,
    PLACES,
    RATIOS,
    STRATEGY_NAMES,
    strategy_at,
)
from escaping_minima.studies.batch_increase.strategies import OTHER_ORDERS

#: What a side may call a run: a place of a condition.
RUNS = (*PLACES, *OTHER_ORDERS)
#: What is compared of runs that have other orders beside them.
ORDERED_NAMES = (
    "final_test_loss",
    "final_test_error",
    "min_test_loss",
    "min_test_error",
    "final_train_loss",
)
#: How the losses of batches lie at fixed weights, in words.
SPREAD_NAMES: Mapping[str, str] = {
    "variance": "variance of batch losses",
    "slope": "slope of log variance over log size",
    "skewness": "skewness of batch losses",
    "kurtosis": "excess kurtosis of batch losses",
    "normal_distance": "distance of batch losses from a normal law",
    "mean_absolute": "mean distance of batch losses from the full one",
}
#: How they lie along a run, in words.
DEVIATION_NAMES: Mapping[str, str] = {
    "variance": "variance of batch losses about the full one, by tenths",
    "variance_of_all": "variance of batch losses about the full one, whole run",
    "noise_fall": "noise of the last tenth / of the first",
    "centred_fall": "noise about its mean, last tenth / first",
    "sigma_fall": "spread of single images' losses, last tenth / first",
    "size_fall": "batch size to the power -1/2, last tenth / first",
    "fall_beyond_sigma": "noise over spread of single losses, last tenth / first",
}
#: Those that are 100 ln of a ratio.
FALLS = tuple(name for name in DEVIATION_NAMES if "fall" in name)
#: Flatness where a run ends, in words.
FLATNESS_NAMES: Mapping[str, str] = {
    "sharpness": "epsilon-sharpness",
    "eigenvalue_1": "largest eigenvalue",
    "trace": "trace of the Hessian",
    "relative_flatness": "relative flatness",
}
#: Which cells of a mesh are counted, in words; the last two are said of several counts.
CELL_NAMES: Mapping[str, str] = {
    "all": "cells visited",
    "before": "cells visited before T1",
    "after": "cells visited after T1",
    "low": "cells of low loss visited before T1",
    "at_equal_updates": "cells visited at equal updates",
    "trend": "change of the cells visited from the first tenth to the last",
    "fall": "cells visited, first half less second",
}
#: The loss of a cell, and over what its range is taken, in words.
RULE_NAMES = {"least": "least loss of a cell", "mean": "mean loss of a cell", "any": "any visit"}
REACH_NAMES = {"own": "own range", "common": "common range"}


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what of it differs."""
    if "count" in side:
        return f"{side['count']}"
    words = _words(side)
    if beside is None:
        what = words.pop("what")
        return f"{what}: {', '.join(words.values())}"
    others = _words(beside)
    differing = [said for key, said in words.items() if others.get(key) != said]
    return ", ".join(differing) or words["run"]


def say_runs(side: Side) -> str:
    """Say whose runs a side is about: a strategy's."""
    if "cells" not in side:
        return say_strategy(side["run"], side["condition"])
    # which count says nothing depends on the mesh and the part of the run
    words = _words(side)
    return ", ".join(words[key] for key in ("run", "sections", "t1", "below") if key in words)


def say_strategy(run: str, condition: int) -> str:
    """Say a strategy by its place in a condition."""
    return STRATEGY_NAMES[strategy_at(run, condition)]


def say_state(state: int | str) -> str:
    """Say when a state was kept."""
    if state == "last":
        return "at the end"
    return "at the start" if state == 0 else f"after epoch {state:,}"


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with; 100 ln of a ratio as the ratio."""
    if is_log_ratio(side):
        return f"× {math.exp(number / 100):.3g}"
    return f"{number:,.10g}"


def is_log_ratio(side: Side) -> bool:
    """Whether the number of a side is 100 ln of a ratio."""
    return "cells_over" in side or side.get("deviation") in FALLS or side.get("measure") in RATIOS


def _words(side: Side) -> dict[str, str]:
    """Return what a side names in words, by key, what it measures first."""
    found = {"what": _what(side), "run": say_strategy(side["run"], side["condition"])}
    if "to" in side:
        found["run"] += f" over {say_strategy(side['to'], side['condition'])}"
    said: Mapping[str, Callable[[Any], str]] = {
        "size": lambda value: f"N = {value}",
        "state": say_state,
        "mode": lambda value: f"{value} mode",
        "replacement": lambda value: "with replacement" if value else "without replacement",
        "image_set": lambda value: f"images {value}",
        "sections": lambda value: f"C = {value}",
        "t1": lambda value: f"T1 = {value} percent",
        "below": lambda value: f"E1 = {value} percent",
        "rule": lambda value: RULE_NAMES[value],
        "reach": lambda value: REACH_NAMES[value],
    }
    return found | {key: say(side[key]) for key, say in said.items() if key in side}


def _what(side: Side) -> str:
    names = {
        "measure": MEASURE_NAMES,
        "ordered": MEASURE_NAMES,
        "spread": SPREAD_NAMES,
        "deviation": DEVIATION_NAMES,
        "flatness": FLATNESS_NAMES,
        "cells": CELL_NAMES,
        "cells_over": CELL_NAMES,
    }
    return next(said[side[form]] for form, said in names.items() if form in side)
