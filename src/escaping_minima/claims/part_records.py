"""Records of judged settings and their parts, as verdicts.json has them."""

from __future__ import annotations

import math
from typing import Any

from escaping_minima.claims.records import Claim
from escaping_minima.statistics.evidence import PartVerdict
from escaping_minima.statistics.judgements import SettingVerdict, UnionVerdict

#: Decimals of a shown number, counted from the first digit of its margin.
_DIGITS = 4


def setting_record(claim: Claim, setting: SettingVerdict) -> dict[str, Any]:
    """Return what a table shows of a judged setting, ready for JSON.

    Parameters
    ----------
    claim : Claim
        Whose unit its parts have that name none.
    setting : SettingVerdict
    """
    return {
        "label": setting.label,
        "word": str(setting.word),
        "level": setting.level,
        "level_against": setting.level_against,
        "untested_reason": setting.untested_reason,
        "parts": [
            _union_record(claim, p) if isinstance(p, UnionVerdict) else _part_record(claim, p)
            for p in setting.parts
        ],
    }


def _union_record(claim: Claim, union: UnionVerdict) -> dict[str, Any]:
    return {
        "label": union.label,
        "any": [_part_record(claim, p) for p in union.parts],
        "p": union.p,
        "q": union.q,
        "word": str(union.verdict),
    }


def _part_record(claim: Claim, part: PartVerdict) -> dict[str, Any]:
    margin = part.scale * part.margin
    return {
        "label": part.label,
        "verdict": str(part.verdict),
        "effect": _rounded(part.scale * part.effect, margin),
        "interval": [_rounded(part.scale * bound, margin) for bound in part.interval],
        "measured": _rounded(part.scale * part.measured, margin),
        "measured_interval": [
            _rounded(part.scale * bound, margin) for bound in part.measured_interval
        ],
        "direction": part.direction,
        "threshold": _rounded(part.scale * part.threshold, margin),
        "level": part.level,
        "p": part.p,
        "q": part.q,
        "negligible": part.negligible,
        "unit": part.unit or claim.unit,
        "margin": _rounded(margin, margin),
        "known": part.known,
        "favouring": list(part.favouring) if part.favouring else None,
    }


def _rounded(value: float, margin: float) -> float | None:
    """Round to what the margin makes worth reading; None, as in JSON, where it is infinite."""
    if not math.isfinite(value):
        return None
    # adding 0 turns -0 into 0
    return round(value, _DIGITS - math.floor(math.log10(margin))) + 0.0
