"""The records of claims: what decides each, fixed as data and shown with its hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import yaml

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
    parts : tuple of Mapping
        What the study's ``evidence`` turns into comparisons. A part may name a ``margin`` and,
        where it compares means, a ``unit`` of its own.
    """

    name: str
    parts: tuple[Mapping[str, Any], ...]


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
    figure : str or None
        The figure that shows it; None where no picture shows a number.
    hash : str
        8 hex digits of everything above that decides the verdict.
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
    figure: str | None
    hash: str


@dataclass(frozen=True)
class Family:
    """Claims that share one error rate, and what they need.

    Attributes
    ----------
    id, title, figure : str
    jobs : tuple of str
        The groups of jobs whose cells the claims rest on.
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
    families : tuple of Family
    claims : tuple of Claim
    """

    source: str
    title: str
    words: Words
    groups: Mapping[str, tuple[str, ...]]
    families: tuple[Family, ...]
    claims: tuple[Claim, ...]

    def family(self, name: str) -> Family:
        """Return a family by name."""
        return next(f for f in self.families if f.id == name)

    def members(self, family: str) -> tuple[Claim, ...]:
        """Return the claims of a family, in the order of their records."""
        return tuple(c for c in self.claims if c.family == family)


@cache
def load_records(study: str) -> Records:
    """Load the claims of a study with the statements of their source.

    Parameters
    ----------
    study : str
        A folder of ``studies`` that holds ``claims.yaml``.
    """
    raw = yaml.safe_load((ROOT / "studies" / study / "claims.yaml").read_text(encoding="utf-8"))
    return read_records(raw, source_claims(raw["source"]))


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


def read_records(raw: Mapping[str, Any], printed: pd.DataFrame) -> Records:
    """Read the content of a ``claims.yaml``.

    Parameters
    ----------
    raw : Mapping
        ``source``, ``title``, ``replicates`` (a column of ``cells.csv``: what is repeated
        independently), ``families`` and ``claims``; where they are needed ``groups``, ``words``,
        ``plurals``, and ``unit``, ``margin`` and ``margin_reason`` of claims that name none.
    printed : DataFrame
        From `source_claims`.
    """
    families = tuple(
        Family(name, f["title"], f["figure"], tuple(f["jobs"]), f["needs"])
        for name, f in raw["families"].items()
    )
    figures = {f.id: f.figure for f in families}
    return Records(
        source=raw["source"],
        title=raw["title"],
        words=Words(raw["replicates"], raw.get("words", {}), raw.get("plurals", {})),
        groups={name: tuple(labels) for name, labels in raw.get("groups", {}).items()},
        families=families,
        claims=tuple(
            _claim(entry, raw, printed.loc[entry["id"]], figures) for entry in raw["claims"]
        ),
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


def _claim(
    entry: Mapping[str, Any], raw: Mapping[str, Any], printed: Any, figures: Mapping[str, str]
) -> Claim:
    common = {"unit": Comparison.unit, **raw}
    own = {k: entry.get(k, common[k]) for k in ("unit", "margin", "margin_reason")}
    return Claim(
        id=entry["id"],
        source=raw["source"],
        location=printed["location"],
        statement=printed["claim"],
        printed=printed["paper_value"],
        family=entry["family"],
        estimand=entry["estimand"],
        unit=own["unit"],
        margin=float(own["margin"]),
        margin_reason=own["margin_reason"],
        swept=entry.get("swept"),
        readings=tuple(Reading(r["name"], tuple(r["parts"])) for r in entry["readings"]),
        figure=entry.get("figure", figures[entry["family"]]),
        hash=claim_hash(entry, raw),
    )
