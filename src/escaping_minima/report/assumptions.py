"""What specs assume where a source is silent, and what the tests of each assumption give.

An assumption is tested by another reading of a claim, by a sweep over which a claim is judged, or
by runs in place of the main ones; what none of them tests says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.report.reasons import untested_reason
from escaping_minima.report.setting_words import where
from escaping_minima.statistics.evidence import Verdict

#: The file of a source.
FILE = "assumptions.csv"
#: Stands between several entries of a column.
_BETWEEN = " | "
#: Columns with several entries, and those whose entries are single words.
_LISTS, _WORDS = ("role", "variant", "readings", "swept"), ("claims",)


@dataclass(frozen=True)
class Assumption:
    """An assumption of a spec.

    Attributes
    ----------
    id, where, what, reason : str
    study : str
        Where it is tested.
    role, variant : tuple of str
        Labels in ``cells.csv`` of runs that test it; without a variant all of the role.
    readings : tuple of str
        Parts of the names of readings, of the claims below or, as ``T08: name``, of one of them.
    swept : tuple of str
        Sweeps over which claims below are judged in their main reading.
    claims : tuple of str
        Those that it could change.
    untested : str
        Why nothing tests it, or what does not.
    source : str
        Whose spec it is of.
    """

    id: str
    where: str
    what: str
    reason: str
    study: str
    role: tuple[str, ...]
    variant: tuple[str, ...]
    readings: tuple[str, ...]
    swept: tuple[str, ...]
    claims: tuple[str, ...]
    untested: str
    source: str

    def names(self, claim: str, reading: str) -> bool:
        """Say whether a reading of a claim is one that tests it."""
        for entry in self.readings:
            only, colon, part = entry.partition(": ")
            if not (colon and only in self.claims):
                only, part = claim, entry
            if only == claim and claim in self.claims and part in reading:
                return True
        return False


@dataclass(frozen=True)
class Finding:
    """What one test of an assumption says of one claim.

    Attributes
    ----------
    claim : str
    test : str
        The reading, the sweep or the runs.
    main : str
        The verdict of the claim.
    other : str
        That of the test; of a sweep the same, since its settings make the verdict.
    words : str
        Of a sweep where the claim holds, of runs at which settings they change it; of what is not
        tested why.
    changes : bool or None
        Whether the verdict hangs on it; None where one of the two is not tested.
    """

    claim: str
    test: str
    main: str
    other: str
    words: str
    changes: bool | None


def load_assumptions(folder: Path = REFERENCE) -> tuple[Assumption, ...]:
    """Return the assumptions of every source that has a file of them.

    Parameters
    ----------
    folder : Path
        With a folder for each source.
    """
    columns = [f.name for f in fields(Assumption)][:-1]
    found = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        found += [_read(row, path.parent.name) for row in table[columns].to_dict("records")]
    return tuple(found)


def _read(row: Mapping[Any, str], source: str) -> Assumption:
    lists = {c: tuple(filter(None, row[c].split(_BETWEEN))) for c in _LISTS}
    words = {c: tuple(row[c].split()) for c in _WORDS}
    values: dict[str, Any] = {**row, **lists, **words, "source": source}
    return Assumption(**values)


def findings(
    assumption: Assumption,
    claims: Mapping[str, Mapping[str, Any]],
    swept: Mapping[str, str | None],
    other_runs: pd.DataFrame | None,
) -> list[Finding]:
    """Return what the tests of an assumption give.

    Parameters
    ----------
    assumption : Assumption
    claims : Mapping of str to Mapping
        The ledger's, by identifier.
    swept : Mapping of str to str or None
        Over what each claim is judged in its main reading, by identifier.
    other_runs : DataFrame or None
        The table of its study that says what other runs give: columns ``role, variant, measured``,
        and where they give verdicts ``claim, verdict, changed``: what they change where a claim
        has several settings.
    """
    there = [claims[name] for name in assumption.claims if name in claims]
    found = [f for claim in there for f in _of_readings(assumption, claim)]
    found += [
        _of_sweep(c, str(swept[c["id"]])) for c in there if swept[c["id"]] in assumption.swept
    ]
    rows = rows_of(assumption, other_runs).to_dict("records")
    return found + [_of_runs(claims[r["claim"]], r) for r in rows if r.get("claim") in claims]


def rows_of(assumption: Assumption, table: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of a table that have the role and variant of an assumption's runs."""
    if table is None or not assumption.role or "role" not in table:
        return pd.DataFrame()
    rows = table[table["role"].isin(assumption.role)]
    if not assumption.variant:
        return rows
    return rows[rows["variant"].isin(assumption.variant)] if "variant" in rows else rows[:0]


def _of_readings(assumption: Assumption, claim: Mapping[str, Any]) -> Iterator[Finding]:
    main = claim["readings"][0]
    for reading in claim["readings"][1:]:
        if assumption.names(claim["id"], reading["name"]):
            why = untested_reason(main) or untested_reason(reading)
            yield _compared(claim, reading["name"], reading["verdict"], why)


def _of_sweep(claim: Mapping[str, Any], sweep: str) -> Finding:
    main = claim["readings"][0]
    words = "; ".join(f"{word} {labels}" for word, labels in where(main, claim["swept"]))
    said = {setting["word"] for setting in main["settings"]} - {"untested", "open"}
    changes = len(said) > 1 if said else None
    verdict = str(claim["verdict"])
    return Finding(claim["id"], sweep, verdict, verdict, words or untested_reason(main), changes)


def _of_runs(claim: Mapping[str, Any], row: Mapping[Any, Any]) -> Finding:
    why = untested_reason(claim["readings"][0])
    found = _compared(claim, row["variant"], row["verdict"], why)
    if found.changes is None or not isinstance(row["changed"], str) or not row["changed"]:
        return found
    return replace(found, words=row["changed"], changes=True)


def _compared(claim: Mapping[str, Any], test: str, other: str, why: str) -> Finding:
    main = str(claim["verdict"])
    tested = Verdict.NOT_TESTED not in (main, other)
    return Finding(claim["id"], test, main, other, why, other != main if tested else None)


def changed(found: Sequence[Finding]) -> list[Finding]:
    """Return those of which a verdict hangs on the assumption."""
    return [finding for finding in found if finding.changes]
