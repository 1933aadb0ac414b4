"""The ledger: every claim of a rendering with its verdict, and what the verdicts rest on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.claims.records import load_records, source_claims, untested_reasons
from escaping_minima.claims.source import ALPHA
from escaping_minima.collect.collected import read_collected, remeasurings
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import study_names
from escaping_minima.report.changes import late_changes
from escaping_minima.report.effects import (
    claimed_sign,
    claimed_text,
    counted,
    measured_text,
    short_unit,
)
from escaping_minima.report.judged_parts import deciding
from escaping_minima.report.markdown import title_of
from escaping_minima.report.provenance import provenance
from escaping_minima.report.reasons import untested_reason
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.statistics.evidence import Verdict

#: Verdicts in the order in which they are counted.
VERDICTS: tuple[str, ...] = tuple(str(v) for v in Verdict)

#: Of a claim of which the reference data do not say what it needs.
NOT_RECORDED = "has no record yet"
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
    "known",
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
        Ready for JSON: ``label``, ``rendering``, ``counts`` by verdict of all that is evidence,
        ``checks`` likewise of checks of the code, ``false_words`` (a record a study, see
        `false_words`), ``claims`` (the records
        of `judge_study` with ``study``, ``run`` (how the run is called), ``headline``
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
        "counts": _counts(c for c in claims if c["kind"] != CHECK),
        "checks": _counts(c for c in claims if c["kind"] == CHECK),
        "false_words": [false_words(study, claims) for study in studies],
        "claims": claims,
        "untested": _untested(claims),
        "errors": errors,
        "provenance": [_provenance(study, paths.tables(study)) for study in studies],
    }


def _provenance(study: str, tables: Path) -> dict[str, Any]:
    return provenance(study, read_collected(tables)["cells.csv"], remeasurings(tables))


def _counts(claims: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found = Counter(claim["verdict"] for claim in claims)
    return {verdict: found[verdict] for verdict in VERDICTS}


def false_words(study: str, claims: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Bound the chance that the ledger of a study says anything false.

    Each family keeps the chance of any false "reproduced" in it, and that of any false "not
    reproduced", at `ALPHA`; over several families they add up, whatever the dependence.

    Parameters
    ----------
    study : str
    claims : iterable of mapping
        Judged, with their study.

    Returns
    -------
    dict
        ``study``; ``families``, those with a claim that was tested and is evidence; ``most``, the
        largest chance of any false "reproduced", and likewise of any false "not reproduced".
    """
    families = {
        claim["family"]
        for claim in claims
        if claim["study"] == study
        and claim["kind"] != CHECK
        and claim["verdict"] != Verdict.NOT_TESTED
    }
    return {
        "study": study,
        "families": len(families),
        "most": min(1.0, ALPHA * len(families)),
    }


def false_words_text(record: Mapping[str, Any]) -> str:
    """Say what `false_words` found; empty where nothing was tested."""
    if not record["families"]:
        return ""
    most = _percent(record["most"])
    of = f"{record['families']} families, 5 each" if record["families"] > 1 else "one family"
    return (
        f"chance of any false “reproduced”: at most {most} ({of}); of any false “not reproduced” "
        "likewise"
    )


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} percent"


def summary_lines(ledger: Mapping[str, Any]) -> list[str]:
    """Return the ledger for a terminal, no line longer than 100 columns.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    """
    claims = ledger["claims"]
    counts = count_words(ledger["counts"])
    evidence = sum(ledger["counts"].values())
    lines = [f"{counted(evidence, 'claim')} judged ({ledger['label']})", counts, _HOW_TO_READ]
    effects = _effects(claims)
    width = min(max(map(len, effects), default=0), _EFFECT_WIDTH)
    for claim, effect in zip(claims, effects, strict=True):
        start = f"{claim['id']:<4} {claim['verdict']:<14} {effect:<{width}}  "
        lines.append(start + claim["statement"])
    if any(ledger["checks"].values()):
        lines.append(f"checks of the code, no evidence: {count_words(ledger['checks'])}")
    lines += _reason_lines(claims)
    if late := [c["id"] for c in claims if late_changes(c)]:
        lines.append(f"records changed after results were known: {', '.join(late)}")
    reasons = [u["reason"] for u in ledger["untested"]]
    for reason in dict.fromkeys(reasons):
        lines.append(f"{reasons.count(reason)} more not tested: {reason}")
    for record in ledger["false_words"]:
        if record["families"]:
            most = f"at most {_percent(record['most'])}; “not reproduced” likewise"
            lines.append(f"{title_of(record['study'])}: any false “reproduced”: {most}")
    for record in ledger["provenance"]:
        if record["stale"]:
            lines.append(
                f"stale: {record['stale']} of {record['cells']} cells of {record['study']} were "
                "made by older code"
            )
    return [_cut(line) for line in lines]


def count_words(counts: Mapping[str, int]) -> str:
    """Say how many claims have each verdict that one has: ``1 reproduced, 2 partly``."""
    return ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v])


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
    return {
        **claim,
        "study": study,
        "run": "published run" if itself else "this run",
        "headline": headline(main),
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
    sources = dict.fromkeys(c["source"] for c in claims)
    needs = {source: untested_reasons(source) for source in sources}
    return [
        {
            "id": str(name),
            "source": source,
            "location": row["location"],
            "statement": row["claim"],
            "reason": NOT_CHOSEN if (source, name) in anywhere else _needs(needs[source], name),
        }
        for source in sources
        for name, row in source_claims(source).iterrows()
        if (source, name) not in here
    ]


def _needs(needs: Mapping[str, str], claim: str) -> str:
    return f"needs {needs[claim]}" if claim in needs else NOT_RECORDED


def _effects(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Effects without their unit where all share it: on a terminal the statement needs the room."""
    units = {c["headline"]["unit"] for c in claims if c["headline"]["parts"]}
    unit = short_unit(units.pop()) if len(units) == 1 else ""
    common = f" {unit}" if unit else ""
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
