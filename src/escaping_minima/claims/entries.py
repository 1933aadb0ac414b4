"""What a ``claims.yaml`` consists of: which keys its entries have, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.claims.checks import checked, found_allowed
from escaping_minima.errors import UserError

#: What a claim may be. A check of the code is no evidence: settings were chosen to give its result.
KINDS = EVIDENCE, CHECK = "evidence", "check"
#: What a claim says for all of its readings, and each may say for itself.
READING_OPTIONS = ("swept", "idle", "pool_below")

_FILE = ("source", "title", "replicates", "families", "claims")
_FILE_OPTIONS = (
    *("groups", "sweeps", "words", "plurals"),
    *("unit", "margin", "margin_reason"),
)
_FAMILY = ("title", "figure", "jobs", "needs")
_CLAIM = ("id", "family", "estimand", "readings")
_CLAIM_OPTIONS = (
    *("figure", "swept", "unit", "margin", "margin_reason"),
    *("needs", "idle", "pool_below", "paper_test", "kind"),
)
_READING = ("name", "parts")


def check_file(raw: Mapping[str, Any], where: str) -> None:
    """Refuse a file that has other keys than it may have.

    Raises
    ------
    UserError
        Naming the file and the key.
    """
    checked(raw, _FILE, (*_FILE, *_FILE_OPTIONS), where)


def check_family(entry: Mapping[str, Any], where: str) -> None:
    """Refuse a family that has other keys than it may have.

    Raises
    ------
    UserError
        Naming the family and the key.
    """
    checked(entry, _FAMILY, _FAMILY, where)


def check_claim(
    entry: Mapping[str, Any], raw: Mapping[str, Any], printed: pd.DataFrame, where: str
) -> None:
    """Refuse a claim with a key or a value that it may not have; its readings are not looked at.

    Parameters
    ----------
    entry : Mapping
    raw : Mapping
        The whole file.
    printed : DataFrame
        The claims of the source, by identifier.
    where : str
        The file and the claim.

    Raises
    ------
    UserError
        Naming the key.
    """
    checked(entry, _CLAIM, (*_CLAIM, *_CLAIM_OPTIONS), where)
    if entry["id"] not in printed.index:
        raise found_allowed(where, "id", entry["id"], f"an id of claims.csv of {raw['source']}")
    if entry.get("kind", EVIDENCE) not in KINDS:
        raise found_allowed(where, "kind", entry["kind"], ", ".join(KINDS))
    if entry["family"] not in raw["families"]:
        raise found_allowed(where, "family", entry["family"], ", ".join(raw["families"]))
    for key in ("margin", "margin_reason"):
        if key not in entry and key not in raw:
            raise UserError(f"{where}: {key}: missing, here and at the top of the file; add it")


def check_reading(entry: Mapping[str, Any], where: str) -> None:
    """Refuse a reading that has other keys than it may have.

    Raises
    ------
    UserError
        Naming the key.
    """
    checked(entry, _READING, (*_READING, *READING_OPTIONS), where)
