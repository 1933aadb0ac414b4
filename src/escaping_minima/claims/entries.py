"""What a ``claims.yaml`` consists of: which keys its entries have, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.claims.checks import (
    MARGIN,
    TEXT,
    Holds,
    checked,
    found_allowed,
    is_mapping,
    is_number,
    is_scalar,
    list_of,
    mapping_to,
)
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

#: What of a sweep are its settings: each is named once, as it is judged once.
_POINTS = list_of(is_scalar)
_LIST = Holds("a list, not empty", list_of(lambda value: True))
_TEXTS = Holds("a mapping from names to texts", mapping_to(TEXT.fits))
_NEEDS = Holds(
    "a mapping from columns of cells.csv to whole numbers above 0",
    mapping_to(lambda value: is_number(value) and value > 0 and value == int(value)),
)
_COMMON = {"unit": TEXT, "margin": MARGIN, "margin_reason": TEXT}
_FILE_VALUES = {
    **{"source": TEXT, "title": TEXT, "replicates": TEXT, "words": _TEXTS, "plurals": _TEXTS},
    "families": Holds("a mapping from names to families", is_mapping),
    "claims": Holds("a list of claims", lambda value: isinstance(value, list)),
    "groups": Holds("a mapping from names to lists of texts", mapping_to(list_of(TEXT.fits))),
    "sweeps": Holds(
        "a mapping from names to lists of different settings",
        mapping_to(lambda value: _POINTS(value) and len(set(value)) == len(value)),
    ),
    **_COMMON,
}
_FAMILY_VALUES = {
    **{"title": TEXT, "figure": TEXT, "needs": _NEEDS},
    "jobs": Holds("a list of texts", list_of(TEXT.fits)),
}
_CLAIM_VALUES = {
    **{"id": TEXT, "family": TEXT, "estimand": TEXT, "readings": _LIST, "needs": _NEEDS},
    **{key: TEXT.or_null() for key in ("figure", "swept", "paper_test")},
    **_COMMON,
}
_READING_VALUES = {"name": TEXT, "parts": _LIST, "swept": TEXT.or_null()}


def check_file(raw: Mapping[str, Any], where: str) -> None:
    """Refuse a file that has other keys than it may have, or holds in them what it may not.

    Raises
    ------
    UserError
        Naming the file and the key.
    """
    checked(raw, _FILE, (*_FILE, *_FILE_OPTIONS), where, _FILE_VALUES)


def check_family(entry: Mapping[str, Any], where: str) -> None:
    """Refuse a family that has other keys than it may have, or holds in them what it may not.

    Raises
    ------
    UserError
        Naming the family and the key.
    """
    checked(entry, _FAMILY, _FAMILY, where, _FAMILY_VALUES)


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
    checked(entry, _CLAIM, (*_CLAIM, *_CLAIM_OPTIONS), where, _CLAIM_VALUES)
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
    """Refuse a reading that has other keys than it may have; its parts are not looked at.

    Raises
    ------
    UserError
        Naming the key.
    """
    checked(entry, _READING, (*_READING, *READING_OPTIONS), where, _READING_VALUES)
