"""What is wrong with a record, in one line."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from escaping_minima.errors import UserError


@dataclass(frozen=True)
class Holds:
    """What a key may hold.

    Attributes
    ----------
    words : str
        As the user is told.
    fits : callable
        Whether a value is so.
    """

    words: str
    fits: Callable[[Any], bool]

    def or_null(self) -> Holds:
        """Return the same, or nothing."""
        return Holds(f"{self.words}, or null", lambda value: value is None or self.fits(value))


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_scalar(value: Any) -> bool:
    """Return whether a value is a text or a number."""
    return isinstance(value, str) or is_number(value)


def is_mapping(value: Any) -> bool:
    """Return whether a value is a mapping whose keys are texts."""
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a test for lists that are not empty and whose items pass a test."""
    return lambda value: isinstance(value, list) and bool(value) and all(map(fits, value))


def mapping_to(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a test for mappings from texts to what passes a test."""
    return lambda value: is_mapping(value) and all(map(fits, value.values()))


TEXT = Holds("a text", lambda value: isinstance(value, str) and bool(value.strip()))
MARGIN = Holds("a number above 0", lambda value: is_number(value) and value > 0)


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
    entry: Mapping[str, Any],
    required: Collection[str],
    allowed: Collection[str],
    where: str,
    values: Mapping[str, Holds] | None = None,
) -> None:
    """Refuse an entry that lacks a key, or has one that nothing reads or holds what it may not.

    Parameters
    ----------
    entry : Mapping
    required, allowed : collection of str
        Keys.
    where : str
        The file and the claim.
    values : Mapping, optional
        What keys may hold.

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
    for key, holds in (values or {}).items():
        if key in entry and not holds.fits(entry[key]):
            raise found_allowed(where, key, entry[key], holds.words)
