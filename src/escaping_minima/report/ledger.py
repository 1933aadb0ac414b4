"""The ledger: every claim of a rendering with its verdict, and what the verdicts rest on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.claims.records import load_records, source_claims, untested_reasons
from escaping_minima.collect.collected import read_collected, remeasurings
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import study_names
from escaping_minima.report.answers import find_answers
from escaping_minima.report.false_words import false_words
from escaping_minima.report.headline import headline
from escaping_minima.report.provenance import provenance
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.statistics.evidence import Verdict

#: Verdicts in the order in which they are counted.
VERDICTS: tuple[str, ...] = tuple(str(v) for v in Verdict)

#: Of a claim of which the reference data do not say what it needs.
NOT_RECORDED = "has no record yet"
NOT_CHOSEN = "belongs to a study that is not part of this rendering"


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
        the sources' own tables), ``answers`` (see `find_answers`) and ``provenance`` (one record a
        study).

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
        "counts": count_verdicts(c for c in claims if c["kind"] != CHECK),
        "checks": count_verdicts(c for c in claims if c["kind"] == CHECK),
        "false_words": [false_words(study, claims) for study in studies],
        "claims": claims,
        "untested": _untested(claims),
        "errors": errors,
        "answers": find_answers(paths, studies, claims),
        "provenance": [_provenance(study, paths.tables(study)) for study in studies],
    }


def _provenance(study: str, tables: Path) -> dict[str, Any]:
    return provenance(study, read_collected(tables)["cells.csv"], remeasurings(tables))


def count_verdicts(claims: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count claims by verdict."""
    found = Counter(claim["verdict"] for claim in claims)
    return {verdict: found[verdict] for verdict in VERDICTS}


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
