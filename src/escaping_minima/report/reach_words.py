"""Which verdicts a claim can get at all, and what the paper's own numbers say of its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escaping_minima.report.effects import short_unit
from escaping_minima.report.frames import number
from escaping_minima.report.setting_words import listed

_ENDS = ("reproduced", "not reproduced")
#: More contradictions than these are counted, not named.
_NAMED = 3


def reach_words(claim: Mapping[str, Any]) -> str:
    """Say which ends of the scale of verdicts the runs at hand can lead to; empty if untested."""
    if claim["can_reach"] is None:
        return ""
    found = " and ".join(map(_quoted, claim["can_reach"])) or "neither end"
    if not (missing := out_of_reach(claim)):
        return found
    if untested := claim["readings"][0]["untested_at"]:
        why = f"it is not tested at {listed(untested)}"
    else:
        why = "whatever its left sides had come to, with what they are compared with as it is"
    return f"{found}; not {missing}: {why}"


def out_of_reach(claim: Mapping[str, Any]) -> str:
    """Name the ends of the scale that are out of reach; empty where none is, or untested."""
    if claim["can_reach"] is None:
        return ""
    return " or ".join(_quoted(v) for v in _ENDS if v not in claim["can_reach"])


def printed_words(reading: Mapping[str, Any]) -> str:
    """Say what the paper's own numbers make of a reading; empty where it prints none."""
    found = reading["printed_says"]
    if not found:
        return ""
    judged = f"{found['judged']['verdict']}; " if found["judged"] else ""
    return f"fed in as a run's: {judged}they {_agreement(found)}"


def _agreement(found: Mapping[str, Any]) -> str:
    parts = f"{found['parts']} part{'s' if found['parts'] > 1 else ''}"
    against = found["against"]
    if not against:
        return f"agree with all {parts}"
    said = [_contradiction(one) for one in against[:_NAMED]]
    more = len(against) - len(said)
    said += [f"and {more} more"] if more else []
    return f"contradict {len(against)} of {parts}: {'; '.join(said)}"


def _contradiction(found: Mapping[str, Any]) -> str:
    error = "surely beyond" if found["beyond_error"] else "within"
    unit = short_unit(found["unit"])
    return f"{found['label']} ({number(found['effect'])} {unit} in favour, {error} sampling error)"


def _quoted(verdict: str) -> str:
    return f"“{verdict}”"
