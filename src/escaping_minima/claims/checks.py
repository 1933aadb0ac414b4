"""What is wrong with a record, in one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from escaping_minima.errors import UserError


def found_allowed(where: str, key: str, found: Any, allowed: str) -> UserError:
    """Return the error that says what a key has and what it may have.

    Parameters
    ----------
    where : str
        The file and the claim.
    key : str
    found : Any
        Its value.
    allowed : str
        What it may be.
    """
    return UserError(f"{where}: {key}: found {found!r}; allowed: {allowed}")


def checked(
    entry: Mapping[str, Any], required: Collection[str], allowed: Collection[str], where: str
) -> None:
    """Refuse an entry that lacks a key, or has one that nothing reads.

    Raises
    ------
    UserError
        Naming the key.
    """
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: found {entry!r}; allowed: a mapping of {', '.join(required)}")
    for key in required:
        if key not in entry:
            raise UserError(f"{where}: {key}: missing; add it")
    for key in entry:
        if key not in allowed:
            raise UserError(f"{where}: {key}: unknown; allowed: {', '.join(allowed)}")
