"""Judge: from collected tables to verdicts and to the tables of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escaping_minima.claims.frozen import checked_lock
from escaping_minima.claims.judge import judge_study
from escaping_minima.claims.nearness import nearness_of_study
from escaping_minima.claims.records import load_records
from escaping_minima.collect.collected import read_collected
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_json
from escaping_minima.parts.studies import find_study
from escaping_minima.results.tables import write_tables

if TYPE_CHECKING:
    import pandas as pd


def judge(study: str, tables: Path, published: Path | None, output: Path) -> None:
    """Judge all claims of a study and write what the report shows.

    The present code judges both this run's tables and the published ones, so that their verdicts
    can stand side by side.

    Parameters
    ----------
    study : str
    tables : Path
        Collected tables of the run.
    published : Path or None
        Folder of the published tables; None or a folder without tables means there are none.
    output : Path
        Where ``verdicts.json`` and the derived tables go.

    Raises
    ------
    UserError
        If a record is not the one that was frozen.
    """
    lock = checked_lock(find_study(study).name)
    collected = read_collected(tables)
    near = nearness_of_study(study, collected)
    claims = [
        claim | lock[claim["id"]].as_json() | {"nearness": near[claim["id"]]}
        for claim in judge_study(study, collected)
    ]
    _add_published(claims, study, tables, published)
    derived, errors = find_study(study).derive(collected, load_records(study))
    _add_beside(claims, study, derived)
    write_tables(output, derived)
    write_json(output / "verdicts.json", {"study": study, "claims": claims, "errors": errors})


def _add_beside(
    claims: Sequence[dict[str, Any]], study: str, derived: Mapping[str, pd.DataFrame]
) -> None:
    """Add what the study says beside verdicts, empty where it says nothing."""
    say = find_study(study).beside
    said = say(derived) if say is not None else {}
    unknown = said.keys() - {claim["id"] for claim in claims}
    if unknown:
        raise ValueError(f"{study}: beside: {', '.join(sorted(unknown))}: no such claims")
    for claim in claims:
        claim["beside"] = said.get(claim["id"], "")


def judge_claim(study: str, claim: str, tables: Path, output: Path) -> dict[str, Any]:
    """Judge one claim with its family, on tables that hold the family's cells; write and return it.

    Raises
    ------
    UserError
        If the study has no such claim, or a record is not the one that was frozen.
    """
    lock = checked_lock(find_study(study).name)
    records = load_records(study)
    found = [c for c in records.claims if c.id == claim]
    if not found:
        known = ", ".join(c.id for c in records.claims)
        raise UserError(f"claim: found {claim!r}; allowed in {study}: {known}")
    judged = judge_study(study, read_collected(tables), [found[0].family])
    record = next(c for c in judged if c["id"] == claim) | lock[claim].as_json()
    write_json(output, record)
    return record


def _add_published(
    claims: Sequence[dict[str, Any]], study: str, tables: Path, published: Path | None
) -> None:
    if published is None or not (published / "cells.csv").exists():
        return
    others = read_collected(published)
    if published.resolve() == tables.resolve():
        judged = {c["id"]: c for c in claims}
    else:
        judged = {c["id"]: c for c in judge_study(study, others)}
    stale = int(others["cells.csv"]["stale"].astype(bool).sum())
    for claim in claims:
        other = judged[claim["id"]]
        claim["published"] = {
            "verdict": other["verdict"],
            "main": other["readings"][0],
            "stale_cells": stale,
        }
