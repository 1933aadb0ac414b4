"""How the sides of records are said."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.claims.grammar import Side
from escaping_minima.studies.modality.names import (
    DATA_NAMES,
    MEASURE_NAMES,
    ROLE_NAMES,
    depth_name,
    setting_name,
    width_name,
)
from escaping_minima.studies.modality.run_tables import CLASSES, SETTINGS

#: Shares of what does nothing, in words.
SATURATION_NAMES: Mapping[str, str] = {
    "output_saturated": "patterns whose output is saturated",
    **{f"hidden_saturated_{k}": f"saturated units of hidden layer {k}" for k in (1, 2, 3)},
    "idle_weights": "weights without gradient and curvature",
}
_ATTRACTORS = {"total": "attractors", "minima": "attractors of a loss above 0"}
_ENDS = {2: "from the first to the second", 3: "from the second to the third"}


def say_what(side: Side) -> str:
    """Say what of the walks a side is about."""
    if "measure" in side:
        return MEASURE_NAMES[side["measure"]]
    if "walks" in side:
        return MEASURE_NAMES[side["walks"]]
    if "attractors" in side:
        return _say_attractors(side)
    if "rise" in side:
        return _say_rise(side)
    if "saturation" in side:
        said = f"{SATURATION_NAMES[side['saturation']]} (percent)"
        group = side["group"]
        return said if group == "any" else f"{said}, {group} points"
    said = f"{side['share']} points (percent)" if "share" in side else _median(side)
    if "below" in side:
        said = f"blocks with less than {side['below']} percent of {side['share']} points (percent)"
    return f"{said}{_say_near(side)}{_say_hessian(side)}"


def say_networks(side: Side) -> dict[str, str]:
    """Return the networks, settings and roles of a side in words, by key."""
    words: dict[str, str] = {}
    if "data" in side:
        words["data"] = DATA_NAMES[side["data"]]
    if "width" in side:
        words["width"] = width_name(side["width"])
    if "depth" in side:
        words["depth"] = depth_name(side["depth"])
    if "setting" in side:
        words["setting"] = setting_name(*SETTINGS[side["setting"]])
    elif "bound" in side and "granularity" in side:
        words["setting"] = setting_name(side["bound"], side["granularity"])
    if "role" in side:
        words["role"] = ROLE_NAMES[side["role"]]
    return words


def _say_rise(side: Side) -> str:
    what = side["rise"]
    said = f"{what} points (percent)" if what in CLASSES else MEASURE_NAMES[what]
    to = side.get("to", 2)
    ends = "from the least to the largest" if to == "last" else _ENDS[to]
    each = ", for each weight added" if side.get("per") == "parameter" else ""
    near, hessian = _say_near(side), _say_hessian(side) if what in CLASSES else ""
    return f"rise of {said} by {side['by']}, {ends}{each}{near}{hessian}"


def _say_attractors(side: Side) -> str:
    said = _ATTRACTORS[side["attractors"]]
    if "count" in side:
        said = f"samples with {side['count']} {said} (percent)"
    if "alike" in side:
        said = f"samples with as many {said} in each depth (percent)"
    own = {"threshold": "gradient below", "gap": "gap of", "points": "points at least"}
    ours = [f"{words} {side[key]}" for key, words in own.items() if key in side]
    of = ["of single blocks"] if side.get("sample") == "block" else []
    return ", ".join([said, *of, *ours])


def _median(side: Side) -> str:
    return f"median gradient norm of {side['gradient_of']} points (log10)"


def _say_near(side: Side) -> str:
    near = side.get("near", "all")
    if near == "all":
        return ""
    return " at attractors" if near == "any" else f" at loss {near}"


def _say_hessian(side: Side) -> str:
    hessian, precision = side.get("hessian", "block"), side.get("precision", "float32")
    if (hessian, precision) == ("block", "float32"):
        return ""
    return f", {'whole Hessian' if hessian == 'full' else 'by tensor'}, {precision}"
