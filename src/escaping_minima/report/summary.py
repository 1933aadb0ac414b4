"""The ledger for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.report.changes import late_changes
from escaping_minima.report.effects import claimed_sign, counted, short_unit
from escaping_minima.report.false_words import percent
from escaping_minima.report.ledger import VERDICTS, count_verdicts
from escaping_minima.report.markdown import title_of
from escaping_minima.report.reasons import untested_reason

_WIDTH = 100
#: A longer number pushes its statement aside, rather than every statement.
_EFFECT_WIDTH = 36
_HOW_TO_READ = "of each the weakest part: what was measured [interval] (what is claimed of it)"
#: Verdicts whose claims are named where there are too many to show all.
_NAMED = VERDICTS[:3]
_ALL = "all"


def summary_lines(ledger: Mapping[str, Any]) -> list[str]:
    """Return the ledger for a terminal, no line longer than 100 columns.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.

    Returns
    -------
    list of str
        The answers, where there are any. Then of a single study every claim; of several, which
        have more claims than a screen has lines, how many of each have which verdict, and which
        claims were decided.
    """
    evidence = sum(ledger["counts"].values())
    lines = [f"{counted(evidence, 'claim')} judged ({ledger['label']})"]
    lines += [line for a in ledger["answers"] for line in _wrapped(_answer(a))]
    lines += _every_claim(ledger) if len(ledger["provenance"]) == 1 else _overview(ledger)
    return [_cut(line) for line in (*lines, *_what_else(ledger))]


def count_words(counts: Mapping[str, int]) -> str:
    """Say how many claims have each verdict that one has: ``1 reproduced, 2 partly``."""
    return ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v])


def _answer(answer: Mapping[str, Any]) -> str:
    return f"{answer['question']} {answer['sentence']}"


def _every_claim(ledger: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line a claim, and which are not tested for what reason."""
    claims = ledger["claims"]
    yield count_words(ledger["counts"])
    yield _HOW_TO_READ
    effects = _effects(claims)
    width = min(max(map(len, effects), default=0), _EFFECT_WIDTH)
    for claim, effect in zip(claims, effects, strict=True):
        start = f"{claim['id']:<4} {claim['verdict']:<14} {effect:<{width}}  "
        yield start + claim["statement"]
    yield from _reason_lines(claims)


def _overview(ledger: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many claims of each study have which verdict, and those that were decided."""
    claims = [c for c in ledger["claims"] if c["kind"] != CHECK]
    rows = [
        (title_of(r["study"]), count_verdicts(c for c in claims if c["study"] == r["study"]))
        for r in ledger["provenance"]
    ]
    rows.append((_ALL, ledger["counts"]))
    width = max(len(title) for title, _ in rows)
    yield f"{'':<{width}}  {'  '.join(VERDICTS)}"
    for title, counts in rows:
        numbers = "  ".join(f"{counts[v]:>{len(v)}}" for v in VERDICTS)
        yield f"{title:<{width}}  {numbers}"
    for verdict in _NAMED:
        if names := [c["id"] for c in claims if c["verdict"] == verdict]:
            yield from _wrapped(f"{verdict}: {', '.join(names)}")
    yield "the report shows every claim, and what each that was not tested would take"


def _what_else(ledger: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader must know beside the verdicts."""
    if any(ledger["checks"].values()):
        yield f"checks of the code, no evidence: {count_words(ledger['checks'])}"
    if late := [c["id"] for c in ledger["claims"] if late_changes(c)]:
        yield from _wrapped(f"records changed after results were known: {', '.join(late)}")
    reasons = [u["reason"] for u in ledger["untested"]]
    for reason in dict.fromkeys(reasons):
        yield f"{reasons.count(reason)} more not tested: {reason}"
    for record in ledger["false_words"]:
        if record["families"]:
            most = f"at most {percent(record['most'])}; “not reproduced” likewise"
            yield f"{title_of(record['study'])}: any false “reproduced”: {most}"
    for record in ledger["provenance"]:
        if record["stale"]:
            yield (
                f"stale: {record['stale']} of {record['cells']} cells of {record['study']} were "
                "made by older code"
            )


def _effects(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Effects without their unit where all share it: on a terminal the statement needs the room."""
    units = {c["headline"]["unit"] for c in claims if c["headline"]["parts"]}
    unit = short_unit(units.pop()) if len(units) == 1 else ""
    common = f" {unit}" if unit else ""
    return [_effect(c["headline"], common) for c in claims]


def _effect(head: Mapping[str, Any], common: str) -> str:
    text = str(head["text"]).removesuffix(common)
    return f"{text} ({claimed_sign(head)})" if head["parts"] else text


def _reason_lines(claims: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield once for each reason which claims are not tested."""
    found: dict[str, list[str]] = {}
    for claim in claims:
        if reason := untested_reason(claim["readings"][0]):
            found.setdefault(reason, []).append(claim["id"])
    for reason, ids in found.items():
        yield from _wrapped(f"not tested ({reason}): {', '.join(ids)}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ")


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
