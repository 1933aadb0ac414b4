"""The ledger: every claim of a rendering with its verdict, and what the verdicts rest on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from escaping_minima.claims.records import load_records, source_claims
from escaping_minima.collect.collected import read_collected
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import study_names
from escaping_minima.report.effects import (
    claimed_sign,
    claimed_text,
    counted,
    measured_text,
    short_unit,
)
from escaping_minima.report.provenance import provenance
from escaping_minima.report.reasons import untested_reason
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.statistics.evidence import Verdict

#: Verdicts in the order in which they are counted.
VERDICTS: tuple[str, ...] = tuple(str(v) for v in Verdict)

NO_STUDY = "needs a study that this version does not have"
NOT_CHOSEN = "belongs to a study that is not part of this rendering"
_WIDTH = 100
#: A longer number pushes its statement aside, rather than every statement.
_EFFECT_WIDTH = 36
_HOW_TO_READ = "of each the weakest part: what was measured [interval] (what is claimed of it)"
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
    "level",
    "verdict",
)


def build_ledger(paths: ResultPaths, studies: Sequence[str], label: str) -> dict[str, Any]:
    """Collect the verdicts of all studies of a rendering.

    Parameters
    ----------
    paths : ResultPaths
    studies : sequence of str
    label : str
        Which numbers the rendering rests on, for example ``quick, with starts=1000``.

    Returns
    -------
    dict
        Ready for JSON: ``label``, ``rendering``, ``counts`` by verdict, ``claims`` (the records
        of `judge_study` with ``study``, ``run`` (how the run is called), ``headline``, ``holding``
        and ``published`` added; the last is None where the run is the published one itself),
        ``untested`` (claims of the same sources that no study here tests), ``errors`` (found in
        the sources' own tables) and ``provenance`` (one record a study).

    Raises
    ------
    UserError
        If a study has no verdicts, or no readable ones.
    """
    claims: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for study in studies:
        judged = _read_verdicts(paths.judged(study) / "verdicts.json")
        claims += [_complete(claim, study, paths.name) for claim in judged["claims"]]
        errors += [{"study": study, **error} for error in judged["errors"]]
    return {
        "label": label,
        "rendering": paths.name,
        "counts": {v: sum(c["verdict"] == v for c in claims) for v in VERDICTS},
        "claims": claims,
        "untested": _untested(claims),
        "errors": errors,
        "provenance": [
            provenance(study, read_collected(paths.tables(study))["cells.csv"]) for study in studies
        ],
    }


def summary_lines(ledger: Mapping[str, Any]) -> list[str]:
    """Return the ledger for a terminal, no line longer than 100 columns.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    """
    claims = ledger["claims"]
    counts = ", ".join(f"{ledger['counts'][v]} {v}" for v in VERDICTS if ledger["counts"][v])
    lines = [f"{counted(len(claims), 'claim')} judged ({ledger['label']})", counts, _HOW_TO_READ]
    effects = _effects(claims)
    width = min(max(map(len, effects), default=0), _EFFECT_WIDTH)
    for claim, effect in zip(claims, effects, strict=True):
        start = f"{claim['id']:<4} {claim['verdict']:<14} {effect:<{width}}  "
        lines.append(start + claim["statement"])
    lines += _reason_lines(claims)
    reasons = [u["reason"] for u in ledger["untested"]]
    for reason in dict.fromkeys(reasons):
        lines.append(f"{reasons.count(reason)} more not tested; each {reason}")
    for record in ledger["provenance"]:
        if record["stale"]:
            lines.append(
                f"stale: {record['stale']} of {record['cells']} cells of {record['study']} were "
                "made by older code"
            )
    return [_cut(line) for line in lines]


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
        ``effect``, ``interval``, ``margin``, ``unit``, ``level`` and ``verdict``; ``setting``
        (empty where there is one alone), ``parts`` (how many were compared), ``text`` (what was
        measured) and ``claimed``. Of a reading without settings only ``label``, ``setting``,
        ``parts``, ``text`` and ``claimed``.
    """
    settings = _speaking(reading["settings"])
    compared = [(setting["label"], part) for setting in settings for part in setting["parts"]]
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


def _read_verdicts(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{path}: no verdicts there ({error.strerror}); run 'escaping-minima judge' first", 1
        ) from None
    except ValueError:
        raise UserError(f"{path}: not readable as JSON; delete it and start again", 1) from None
    return content


def _complete(claim: dict[str, Any], study: str, rendering: str) -> dict[str, Any]:
    main = claim["readings"][0]
    itself = rendering == FROM_PUBLISHED
    parts = [p for s in main["settings"] for p in s["parts"]]
    return {
        **claim,
        "study": study,
        "run": "published run" if itself else "this run",
        "headline": headline(main),
        "holding": {
            "settings": len(main["holds_at"]),
            "of": len(main["settings"]),
            "parts": sum(p["verdict"] == "reproduced" for p in parts),
            "of_parts": len(parts),
        },
        "published": None if itself else claim.get("published"),
    }


def _untested(claims: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    claims = list(claims)
    here = {(c["source"], c["id"]) for c in claims}
    anywhere = {
        (records.source, c.id)
        for records in map(load_records, study_names())
        for c in records.claims
    }
    return [
        {
            "id": str(name),
            "source": source,
            "location": row["location"],
            "statement": row["claim"],
            "reason": NOT_CHOSEN if (source, name) in anywhere else NO_STUDY,
        }
        for source in dict.fromkeys(c["source"] for c in claims)
        for name, row in source_claims(source).iterrows()
        if (source, name) not in here
    ]


def _effects(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Effects without their unit where all share it: on a terminal the statement needs the room."""
    units = {c["headline"]["unit"] for c in claims if c["headline"]["parts"]}
    common = f" {short_unit(units.pop())}" if len(units) == 1 else ""
    return [_effect(c["headline"], common) for c in claims]


def _effect(head: Mapping[str, Any], common: str) -> str:
    text = str(head["text"]).removesuffix(common)
    return f"{text} ({claimed_sign(head)})" if head["parts"] else text


def _reason_lines(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say once for each reason which claims are not tested."""
    found: dict[str, list[str]] = {}
    for claim in claims:
        if reason := untested_reason(claim["readings"][0]):
            found.setdefault(reason, []).append(claim["id"])
    return [f"not tested ({reason}): {', '.join(ids)}" for reason, ids in found.items()]


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
