"""The ledger: every claim of a rendering with its verdict, and what the verdicts rest on."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.claims.records import PACKAGE, load_records, source_claims
from escaping_minima.errors import UserError
from escaping_minima.results.collected import read_collected
from escaping_minima.results.paths import ResultPaths
from escaping_minima.statistics.evidence import Verdict

#: Verdicts in the order in which they are counted.
VERDICTS: tuple[str, ...] = tuple(str(v) for v in Verdict)

NO_STUDY = "needs a study that this version does not have"
NOT_CHOSEN = "belongs to a study that is not part of this rendering"
_WIDTH = 100
#: Of parts with the same p-value, the one shown first.
_WEIGHT = {"not reproduced": 3, "inconclusive": 2, "not tested": 1}


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
        of `judge_study` with ``study``, ``headline``, ``holding`` and ``published`` added),
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
        claims += [_complete(claim, study) for claim in judged["claims"]]
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
    lines = [f"{len(claims)} claims judged ({ledger['label']}): {counts}"]
    effects = [_without_unit(c) for c in claims]
    width = max(map(len, effects), default=0)
    for claim, effect in zip(claims, effects, strict=True):
        start = f"{claim['id']:<4} {claim['verdict']:<14} {effect:<{width}}  "
        lines.append(start + claim["statement"])
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


def headline(reading: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """Return the part that decides a reading, at the main setting: the one with the largest p.

    Parameters
    ----------
    reading : Mapping
        A reading of a judged claim.
    unit : str
        Of its effects.

    Returns
    -------
    dict
        ``label``, ``effect``, ``interval``, ``level``, ``verdict``, ``setting``, ``parts`` (how
        many there are) and ``text``.
    """
    if not reading["settings"]:
        return {"label": "", "setting": "", "parts": 0, "text": "–"}
    settings = reading["settings"]
    setting = next((s for s in settings if s["label"].startswith("main")), settings[0])
    part = max(
        setting["parts"], key=lambda p: (p["p"], _WEIGHT.get(p["verdict"], 0), abs(p["effect"]))
    )
    return {
        "label": part["label"],
        "effect": part["effect"],
        "interval": part["interval"],
        "level": part["level"],
        "verdict": part["verdict"],
        "setting": setting["label"],
        "parts": len(setting["parts"]),
        "text": effect_text(part, unit),
    }


def effect_text(part: Mapping[str, Any], unit: str = "") -> str:
    """Return an effect with its interval, for example ``+3.2 [1.1, 5.3] points``."""
    low, high = part["interval"]
    text = f"{part['effect']:+.1f} [{low:.1f}, {high:.1f}] {unit.split(' ')[0]}"
    return text.strip().replace("-", "−")


def provenance(study: str, cells: pd.DataFrame) -> dict[str, Any]:
    """Say what a study's numbers rest on.

    Parameters
    ----------
    study : str
    cells : DataFrame
        The collected ``cells.csv``.
    """
    block = importlib.import_module(f"escaping_minima.studies.{study}.evidence").BLOCK
    starts = cells["starts"]
    return {
        "study": study,
        "cells": len(cells),
        "roles": {str(k): int(n) for k, n in cells["role"].value_counts(sort=False).items()},
        "starts": _span(starts),
        "steps": _span(cells["steps"]),
        "blocks": int((starts // block).sum()),
        "gradient_evaluations": int((cells["mean_gradient_evaluations"] * starts).sum()),
        "loss_evaluations": int((cells["mean_loss_evaluations"] * starts).sum()),
        "diverged": int(cells["diverged"].sum()),
        "wall_seconds": float(round(cells["wall_seconds"].sum(), 1)),
        "data": "none needed: the functions are synthetic",
        "device": _words(cells["device"]),
        "machine": _words(cells["machine"]),
        "torch": _words(cells["torch"]),
        "numpy": _words(cells["numpy"]),
        "commits": _words(cells["commit"]),
        "stale": int(cells["stale"].astype(bool).sum()),
    }


def judged_studies() -> tuple[str, ...]:
    """Return the studies of this version that have claims."""
    return tuple(sorted(p.parent.name for p in PACKAGE.glob("studies/*/claims.yaml")))


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


def _complete(claim: dict[str, Any], study: str) -> dict[str, Any]:
    main = claim["readings"][0]
    parts = [p for s in main["settings"] for p in s["parts"]]
    return {
        **claim,
        "study": study,
        "headline": headline(main, claim["unit"]),
        "holding": {
            "settings": len(main["holds_at"]),
            "of": len(main["settings"]),
            "parts": sum(p["verdict"] == "reproduced" for p in parts),
            "of_parts": len(parts),
        },
        "published": claim.get("published"),
    }


def _untested(claims: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    claims = list(claims)
    here = {(c["source"], c["id"]) for c in claims}
    anywhere = {
        (records.source, c.id)
        for records in map(load_records, judged_studies())
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


def _without_unit(claim: Mapping[str, Any]) -> str:
    # on a narrow terminal the statement needs the room
    text = str(claim["headline"]["text"])
    return text.removesuffix(f" {claim['unit'].split(' ')[0]}")


def _span(values: pd.Series[Any]) -> list[int]:
    return [int(values.min()), int(values.max())]


def _words(values: pd.Series[Any]) -> list[str]:
    parts = [w for v in dict.fromkeys(values.dropna()) for w in str(v).split(", ")]
    # a machine's description may hold a comma of its own
    return list(dict.fromkeys(parts)) if values.name != "machine" else list(dict.fromkeys(values))


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
