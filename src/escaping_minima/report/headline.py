"""The part of a reading that speaks for it in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from escaping_minima.report.effects import claimed_text, measured_text
from escaping_minima.report.judged_parts import deciding

#: Of parts with the same p-value, the one shown first.
_WEIGHT = {"not reproduced": 3, "inconclusive": 2, "not tested": 1}
#: What a headline keeps of its part.
_SHOWN = (
    "label",
    "measured",
    "measured_interval",
    "threshold",
    "direction",
    "effect",
    "interval",
    "margin",
    "unit",
    "known",
    "level",
    "verdict",
)


def headline(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that decides a reading: the weakest, which is the one with the largest p.

    A sweep has a main setting, which speaks for it. Where no setting is labelled as that one, all
    of them must hold, and the weakest part is looked for in all.

    Parameters
    ----------
    reading : Mapping
        A reading of a judged claim.

    Returns
    -------
    dict
        Of the part ``label``, ``measured``, ``measured_interval``, ``threshold``, ``direction``,
        ``effect``, ``interval``, ``margin``, ``unit``, ``known``, ``level`` and ``verdict``;
        ``setting`` (empty where there is one alone), ``parts`` (how many were compared), ``text``
        (what was measured) and ``claimed``. Of a reading without settings only ``label``,
        ``setting``, ``parts``, ``text`` and ``claimed``.
    """
    settings = _speaking(reading["settings"])
    compared = [(s["label"], part) for s in settings for part in deciding(s["parts"])]
    if not compared:
        return {"label": "", "setting": "", "parts": 0, "text": "–", "claimed": ""}
    setting, part = max(compared, key=lambda found: _weakness(found[1]))
    return {
        **{name: part[name] for name in _SHOWN},
        "setting": setting if len(reading["settings"]) > 1 else "",
        "parts": len(compared),
        "text": measured_text(part),
        "claimed": claimed_text(part),
    }


def _speaking(settings: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the main setting, or all where none is."""
    main = [s for s in settings if s["label"].startswith("main")]
    return main[:1] or settings


def _weakness(part: Mapping[str, Any]) -> tuple[float, int, float]:
    # parts may differ in their units: effects are compared in margins
    weight = _WEIGHT.get(part["verdict"], 0)
    return part["p"], weight, abs(part["effect"]) / part["margin"]
