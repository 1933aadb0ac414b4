"""The records of claims: what decides each, fixed as data and shown with its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import yaml

from escaping_minima.claims.checks import found_allowed
from escaping_minima.claims.entries import (
    EVIDENCE,
    READING_OPTIONS,
    check_claim,
    check_family,
    check_file,
    check_reading,
)
from escaping_minima.claims.grammar import (
    Idle,
    Part,
    Side,
    Union,
    read_idle,
    read_parts,
    read_percentage,
)
from escaping_minima.claims.hashes import claim_hash
from escaping_minima.claims.words import Words
from escaping_minima.errors import UserError
from escaping_minima.package import CHECKOUT, ROOT
from escaping_minima.statistics.comparison import Comparison

#: Printed numbers and claims of the sources, carried over as data.
REFERENCE = CHECKOUT / "workflow" / "reference"


@dataclass(frozen=True)
class Reading:
    """One reading of a claim; the first of a claim is the main one and decides its verdict.

    Attributes
    ----------
    name : str
    parts : tuple of Part or Union
    swept : str or None
        What this reading is judged over.
    idle : Idle or None
        When a side is left out, since it does what another one does.
    pool_below : float or None
        A side is left out as well where less of its replicates than this, in percent, are among
        those that a share is of.
    """

    name: str
    parts: tuple[Part | Union, ...]
    swept: str | None
    idle: Idle | None
    pool_below: float | None

    @property
    def sides(self) -> Iterator[Side]:
        """Every side of every part."""
        return (side for part in self.parts for side in part.sides)


@dataclass(frozen=True)
class Claim:
    """One claim of a source with the test that decides it.

    Attributes
    ----------
    id, source, location, statement, printed : str
        From the source.
    family : str
        The figure or table with which it shares its error rate.
    estimand : str
        What is measured, in words.
    unit : str
        Unit of what is measured, as it is shown.
    margin : float
        The smallest effect that would matter, in `unit`; for parts that name none.
    margin_reason : str
    swept : str or None
        What the claim is judged over, for example "radius"; None where it has one setting.
    readings : tuple of Reading
    needs : Mapping
        Least numbers beside those of its family, as there.
    paper_test : str or None
        How the paper itself decides, in words, where that is another test.
    figure : str or None
        The figure that shows it; None where no picture shows a number.
    hash : str
        8 hex digits of everything above that decides the verdict.
    kind : {"evidence", "check"}
        See `entries.KINDS`.
    """

    id: str
    source: str
    location: str
    statement: str
    printed: str
    family: str
    estimand: str
    unit: str
    margin: float
    margin_reason: str
    swept: str | None
    readings: tuple[Reading, ...]
    needs: Mapping[str, int]
    paper_test: str | None
    figure: str | None
    hash: str
    kind: str


@dataclass(frozen=True)
class Family:
    """Claims that share one error rate, and what they need.

    Attributes
    ----------
    id, title, figure : str
    jobs : tuple of str
        The groups of jobs whose cells the claims rest on, if their sides name no others.
    needs : Mapping
        Least numbers below which the family is not tested, by column of ``cells.csv``.
    """

    id: str
    title: str
    figure: str
    jobs: tuple[str, ...]
    needs: Mapping[str, int]


@dataclass(frozen=True)
class Records:
    """All claims of a study.

    Attributes
    ----------
    source, title : str
    words : Words
        How the study says its nouns.
    groups : Mapping
        Names for several values at once, for the parts of claims.
    sweeps : Mapping
        The settings of each sweep, by its name: the records' grid, whatever a run has of it.
    families : tuple of Family
    claims : tuple of Claim
    """

    source: str
    title: str
    words: Words
    groups: Mapping[str, tuple[str, ...]]
    sweeps: Mapping[str, tuple[Any, ...]]
    families: tuple[Family, ...]
    claims: tuple[Claim, ...]

    def family(self, name: str) -> Family:
        """Return a family by name."""
        return next(f for f in self.families if f.id == name)

    def members(self, family: str) -> tuple[Claim, ...]:
        """Return the claims of a family, in the order of their records."""
        return tuple(c for c in self.claims if c.family == family)

    def jobs_of(self, family: str, companions: Mapping[str, str]) -> tuple[str, ...]:
        """Return the groups of jobs whose cells any reading of a family's claims rests on.

        Parameters
        ----------
        family : str
        companions : Mapping
            Groups with whose cells those of another group are compared, by that group.

        Returns
        -------
        tuple of str
            Those of the family, the roles that sides name, and what goes with either.
        """
        readings = [reading for claim in self.members(family) for reading in claim.readings]
        roles = [side["role"] for reading in readings for side in reading.sides if "role" in side]
        own = (*self.family(family).jobs, *roles)
        beside = [companions[group] for group in own if group in companions]
        return tuple(dict.fromkeys((*own, *beside)))


@cache
def load_records(study: str) -> Records:
    """Load the claims of a study with the statements of their source.

    Parameters
    ----------
    study : str
        A folder of ``studies`` that holds ``claims.yaml``.

    Raises
    ------
    UserError
        If there is no such file, it is no YAML, or `read_records` refuses it.
    """
    path = ROOT / "studies" / study / "claims.yaml"
    where = f"studies/{study}/claims.yaml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{where}: cannot be read as YAML ({error})", exit_code=1) from None
    check_file(raw, where)
    return read_records(raw, source_claims(raw["source"]), where)


def load_all(studies: Iterable[str]) -> dict[str, Records]:
    """Load the claims of several studies, by study; see `load_records`.

    Raises
    ------
    UserError
        If two of them have a claim of one id: rules and files are named by it.
    """
    found = {study: load_records(study) for study in studies}
    first: dict[str, str] = {}
    for study, records in found.items():
        for claim in records.claims:
            if (other := first.setdefault(claim.id, study)) != study:
                raise UserError(
                    f"studies/{study}/claims.yaml: id: found {claim.id!r}, which {other} has too; "
                    "allowed: an id that no other study has; rename it"
                )
    return found


def read_records(
    raw: Mapping[str, Any], printed: pd.DataFrame, where: str = "claims.yaml"
) -> Records:
    """Read the content of a ``claims.yaml``.

    Parameters
    ----------
    raw : Mapping
        ``source``, ``title``, ``replicates`` (a column of ``cells.csv``: what is repeated
        independently), ``families`` and ``claims``; where they are needed ``groups``, ``sweeps``,
        ``words``, ``plurals``, and ``unit``, ``margin`` and ``margin_reason`` of claims that name
        none.
    printed : DataFrame
        From `source_claims`.
    where : str
        The file, for what is wrong with it.

    Raises
    ------
    UserError
        If a record has a key or a value that it may not have, or the id of another one.
    """
    for name, family in raw["families"].items():
        check_family(family, f"{where}: family {name}")
    families = tuple(
        Family(name, f["title"], f["figure"], tuple(f["jobs"]), f["needs"])
        for name, f in raw["families"].items()
    )
    figures = {f.id: f.figure for f in families}
    claims = tuple(_claim(entry, raw, printed, figures, where) for entry in raw["claims"])
    _check_ids(claims, where)
    return Records(
        source=raw["source"],
        title=raw["title"],
        words=Words(raw["replicates"], raw.get("words", {}), raw.get("plurals", {})),
        groups={name: tuple(labels) for name, labels in raw.get("groups", {}).items()},
        sweeps={name: tuple(points) for name, points in raw.get("sweeps", {}).items()},
        families=families,
        claims=claims,
    )


def source_claims(source: str) -> pd.DataFrame:
    """Return every claim of a source, by identifier, as it was read from the paper."""
    path = REFERENCE / source / "claims.csv"
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("id")
    except FileNotFoundError:
        raise UserError(
            f"{path}: missing; work in a whole checkout of the repository", exit_code=1
        ) from None


def untested_reasons(source: str) -> dict[str, str]:
    """Return what the claims of a source that no record tests need first, by identifier."""
    path = REFERENCE / source / "untested.csv"
    if not path.exists():
        return {}
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return dict(zip(table["id"], table["needs"], strict=True))


def _check_ids(claims: Iterable[Claim], where: str) -> None:
    # locks and verdicts are kept by id: the second record would hide the first
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise UserError(
                f"{where}: claim {claim.id}: id: found twice; allowed: one record for each claim; "
                "remove or rename one"
            )
        seen.add(claim.id)


def _claim(
    entry: Mapping[str, Any],
    raw: Mapping[str, Any],
    printed: pd.DataFrame,
    figures: Mapping[str, str],
    where: str,
) -> Claim:
    name = entry.get("id") if isinstance(entry, Mapping) else "without an id"
    where = f"{where}: claim {name}"
    check_claim(entry, raw, printed, where)
    common = {"unit": Comparison.unit, **raw}
    own = {k: entry.get(k, common[k]) for k in ("unit", "margin", "margin_reason")}
    margin, source = float(own["margin"]), printed.loc[entry["id"]]
    return Claim(
        id=entry["id"],
        source=raw["source"],
        location=source["location"],
        statement=source["claim"],
        printed=source["paper_value"],
        family=entry["family"],
        estimand=entry["estimand"],
        unit=own["unit"],
        margin=margin,
        margin_reason=own["margin_reason"],
        swept=entry.get("swept"),
        readings=tuple(_reading(r, entry, raw, margin, where) for r in entry["readings"]),
        needs=entry.get("needs", {}),
        paper_test=entry.get("paper_test"),
        figure=entry.get("figure", figures[entry["family"]]),
        hash=claim_hash(entry, raw),
        kind=entry.get("kind", EVIDENCE),
    )


def _reading(
    reading: Mapping[str, Any],
    entry: Mapping[str, Any],
    raw: Mapping[str, Any],
    margin: float,
    where: str,
) -> Reading:
    check_reading(reading, f"{where}: readings")
    swept, idle, below = (reading.get(k, entry.get(k)) for k in READING_OPTIONS)
    sweeps = raw.get("sweeps", {})
    if swept is not None and swept not in sweeps:
        raise found_allowed(
            where, "swept", swept, ", ".join(sweeps) or "nothing: name it in sweeps"
        )
    return Reading(
        reading["name"],
        read_parts(reading["parts"], margin, where),
        swept,
        read_idle(idle, where),
        None if below is None else read_percentage(below, "pool_below", where),
    )
