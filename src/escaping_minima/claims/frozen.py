"""The lock of a study's records: the hash of each claim, when it was fixed, what changed since.

It lies beside ``claims.yaml`` as ``claims.lock``, YAML with one entry a claim in the order of their
ids, and is written by `render_lock` alone: a file that reads otherwise than it would be written was
edited by hand, or merged wrongly, and is refused.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from escaping_minima.claims.records import load_records
from escaping_minima.errors import UserError
from escaping_minima.package import ROOT

_HEADING = (
    "# Written by 'escaping-minima claims --refreeze'; docs/frozen_claims.md says what it is for."
)


@dataclass(frozen=True)
class Change:
    """One change of a record.

    Attributes
    ----------
    date : date
    old, new : str or None
        The hashes before and after. `old` is None where the record was new, `new` where it was
        withdrawn.
    why : str
        The reason, one line.
    results_known : bool
        Whether results that test the study's claims were known by then.
    form_only : bool
        Whether the record says what it said before, in another form.
    """

    date: datetime.date
    old: str | None
    new: str | None
    why: str
    results_known: bool
    form_only: bool


@dataclass(frozen=True)
class Frozen:
    """What the lock holds of one claim.

    Attributes
    ----------
    changes : tuple of Change
        All of them, oldest first. The first is that the record was fixed.
    """

    changes: tuple[Change, ...]

    @property
    def hash(self) -> str | None:
        """The hash that the record has to have; None where it was withdrawn."""
        return self.changes[-1].new

    @property
    def fixed(self) -> datetime.date:
        """When what the record says was fixed: changes of its form alone leave the date."""
        return next(c.date for c in reversed(self.changes) if not c.form_only)

    def as_json(self) -> dict[str, Any]:
        """Return what the verdict of the claim carries: ``fixed`` and ``changes``."""
        changes = [asdict(c) | {"date": c.date.isoformat()} for c in self.changes]
        return {"fixed": self.fixed.isoformat(), "changes": changes}


def lock_path(study: str) -> Path:
    """Return where the lock of a study lies."""
    return ROOT / "studies" / study / "claims.lock"


def read_lock(path: Path) -> dict[str, Frozen]:
    """Read a lock, by claim; one that is not there is empty.

    Raises
    ------
    UserError
        If it is not what `render_lock` writes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})", exit_code=1) from None
    try:
        lock = {str(name): _frozen(entry) for name, entry in (yaml.safe_load(text) or {}).items()}
        whole = render_lock(lock) == text
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError):
        whole = False
    if not whole:
        raise UserError(
            f"{path}: not as 'escaping-minima claims --refreeze' writes it; restore it with git, "
            "and change it by that command alone",
            exit_code=1,
        )
    return lock


def render_lock(lock: Mapping[str, Frozen]) -> str:
    """Return the text of a lock, claims by id; a change adds lines and alters two.

    Parameters
    ----------
    lock : Mapping
        By claim.
    """
    lines = [_HEADING]
    for name, frozen in sorted(lock.items()):
        lines += ["", f"{name}:", f"  hash: {json.dumps(frozen.hash)}", f"  fixed: {frozen.fixed}"]
        lines += ["  changes:"]
        for change in frozen.changes:
            said = [f"{f.name}: {_value(getattr(change, f.name))}" for f in fields(Change)]
            lines += [f"    - {said[0]}", *(f"      {line}" for line in said[1:])]
    return "\n".join(lines) + "\n"


def disagreement(hashes: Mapping[str, str], lock: Mapping[str, Frozen]) -> str | None:
    """Say in one line which records are not those that were frozen; None where all are.

    Parameters
    ----------
    hashes : Mapping
        The hash of each record, by claim.
    lock : Mapping
        By claim.
    """
    kept = {name: frozen.hash for name, frozen in lock.items()}
    missing = [name for name in hashes if name not in kept]
    changed = [name for name in hashes if name in kept and kept[name] != hashes[name]]
    gone = [name for name in kept if name not in hashes and kept[name] is not None]
    found = {
        "record and lock differ": [
            f"{n} (hash {hashes[n]}, frozen: {kept[n] or 'withdrawn'})" for n in changed
        ],
        "not in the lock": missing,
        "in the lock, but without a record": gone,
    }
    said = [f"{', '.join(names)}: {what}" for what, names in found.items() if names]
    if not said:
        return None
    return (
        f"{'; '.join(said)}; put back what changed, or write it down: escaping-minima claims "
        f'--refreeze {" ".join([*changed, *missing, *gone])} --why "..."'
    )


def record_hashes(study: str) -> dict[str, str]:
    """Return the hash of each record of a study as it is now, by claim."""
    return {claim.id: claim.hash for claim in load_records(study).claims}


def checked_lock(study: str) -> dict[str, Frozen]:
    """Return the lock of a study whose records are those that were frozen.

    Raises
    ------
    UserError
        If a record differs from its entry, lacks one, or an entry has no record.
    """
    path = lock_path(study)
    lock = read_lock(path)
    if wrong := disagreement(record_hashes(study), lock):
        raise UserError(f"{path.relative_to(path.parents[2])}: {wrong}", exit_code=1)
    return lock


def _frozen(entry: Mapping[str, Any]) -> Frozen:
    changes = tuple(Change(**change) for change in entry["changes"])
    before = None
    for change in changes:
        if change.old != before or change.new == before:
            raise ValueError("each change goes on from the one before it")
        if change.form_only and None in (change.old, change.new):
            raise ValueError("what is not there has no form")
        if type(change.date) is not datetime.date:
            raise ValueError("a change has a day")
        before = change.new
    return Frozen(changes)


def _value(value: Any) -> str:
    # JSON's strings are YAML's: a hash such as 12345e67 must not be read as a number
    return str(value) if isinstance(value, datetime.date) else json.dumps(value, ensure_ascii=False)
