"""Freezing records: show what is frozen, check it, and write down why a record changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from escaping_minima.claims.frozen import (
    Change,
    Frozen,
    checked_lock,
    lock_path,
    read_lock,
    record_hashes,
    render_lock,
)
from escaping_minima.claims.records import load_all
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_text
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths


def list_frozen(studies: Sequence[str]) -> list[str]:
    """Return what is frozen, for a terminal: each claim with its hash, its date and its changes."""
    lines = []
    for study in studies:
        lines.append(study)
        for name, frozen in read_lock(lock_path(study)).items():
            lines.append(f"  {name:<4} {frozen.hash or 'withdrawn'}  fixed {frozen.fixed}")
            lines += [f"       {_said(change)}" for change in frozen.changes]
    return lines


def check_frozen(studies: Sequence[str]) -> str:
    """Check the records of studies against their locks, and say how many there are.

    Raises
    ------
    UserError
        See `checked_lock`; and if two studies have a claim of one id.
    """
    count = sum(len(records.claims) for records in load_all(studies).values())
    for study in studies:
        checked_lock(study)
    return f"all records are as they were frozen: {count}"


def refreeze(
    claims: Sequence[str],
    why: str,
    studies: Sequence[str],
    results: Path,
    today: datetime.date,
    results_known: bool | None = None,
    form_only: bool = False,
) -> list[str]:
    """Write to the locks that records are new, changed or withdrawn.

    Parameters
    ----------
    claims : sequence of str
        Their ids.
    why : str
        The reason, which is theirs together.
    studies : sequence of str
        Where the claims are looked for.
    results : Path
        The results folder, with the published tables.
    today : date
        The date that is written down.
    results_known : bool, optional
        Whether results were known; by default they were where the study has published tables.
    form_only : bool
        The records say what they said before, in another form.

    Returns
    -------
    list of str
        What was written, a line a claim.

    Raises
    ------
    UserError
        If there is no reason, no such claim, or a record that is the frozen one. Nothing is
        written then.
    """
    reason = _reason(why)
    homes = _homes(studies)
    lines: list[str] = []
    locks: dict[str, dict[str, Frozen]] = {}
    for name in dict.fromkeys(claims):
        if name not in homes:
            raise UserError(f"claims: --refreeze: found {name!r}; allowed: {', '.join(homes)}")
        study = homes[name]
        lock = locks.setdefault(study, read_lock(lock_path(study)))
        known = _has_published(results, study) if results_known is None else results_known
        old = lock[name].hash if name in lock else None
        change = Change(today, old, record_hashes(study).get(name), reason, known, form_only)
        _require_change(name, change)
        lock[name] = Frozen((*(lock[name].changes if name in lock else ()), change))
        lines.append(f"{name}: {_said(change)}")
    for study, lock in locks.items():
        write_text(lock_path(study), render_lock(lock))
    return lines


def _reason(why: str) -> str:
    reason = " ".join(why.split())
    if not reason or not reason.isprintable():
        raise UserError(
            f"claims: --why: found {why!r}; allowed: the reason for the change, in a sentence"
        )
    return reason


def _homes(studies: Sequence[str]) -> dict[str, str]:
    """Return the study of each claim that has a record or an entry in a lock."""
    recorded = {c.id: study for study, r in load_all(studies).items() for c in r.claims}
    locked = {name: study for study in studies for name in read_lock(lock_path(study))}
    return recorded | {name: study for name, study in locked.items() if name not in recorded}


def _has_published(results: Path, study: str) -> bool:
    return (ResultPaths(results, FROM_PUBLISHED).published(study) / "cells.csv").exists()


def _require_change(name: str, change: Change) -> None:
    if change.old == change.new:
        raise UserError(
            f"claims: --refreeze {name}: its record is the frozen one "
            f"({change.old or 'withdrawn'}); nothing to write"
        )
    if change.form_only and None in (change.old, change.new):
        raise UserError(
            f"claims: --form: found {name}, whose record is {_event(change)}; allowed: a record "
            "that was there before and says the same; leave --form out"
        )


def _event(change: Change) -> str:
    if change.old is None:
        return "new"
    return "withdrawn" if change.new is None else "changed"


def _said(change: Change) -> str:
    """Say one change in a line."""
    return f"{change.date} {', '.join(_facts(change))}: {change.why}"


def _facts(change: Change) -> Iterator[str]:
    yield " -> ".join(filter(None, (change.old, change.new or "withdrawn")))
    if change.form_only:
        yield "form only"
    yield "results known" if change.results_known else "results not known"
