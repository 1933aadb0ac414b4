"""The grammar of records: what a claim may say of sides and numbers.

A part says ``left relation right``. A side is a mapping whose keys belong to the study (a method, a
function, a measure); ``right`` is another side or a number, and takes from the left what it does
not name. Lists in a side are spelled out into one part for each of their values. A union says
``any: [parts]`` and has a name: at least one of them must hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
)
from escaping_minima.errors import UserError
from escaping_minima.statistics.evidence import Direction

#: What is compared, by the keys of the study.
Side = Mapping[str, Any]

#: How a relation is decided. What is only *not lower* (``>=``) may be so by less than the margin.
RELATIONS: Mapping[str, Direction] = {
    ">": "greater",
    "<": "less",
    "=": "equal",
    ">=": "greater",
    "<=": "less",
}
#: Relations between two sides that allow the margin: non-inferiority.
WITHIN_MARGIN = (">=", "<=")
#: How two sides are compared: by their difference, by 100 ln of their ratio, by the replicates
#: of which the left one is larger less those of which it is smaller, by 100 ln of the ratio of
#: their standard deviations, or by the best of a few of their replicates.
COMPARED = ("difference", "ratio", "signs", "spread", "best")
#: Those that need a side on the right; the last two are of all replicates together.
_OF_TWO_SIDES = ("ratio", "spread", "best")
#: Those that are logarithms, whose margin is in percent.
LOGARITHMS = ("ratio", "spread")

_UNION_KEYS = ("any", "name")
_IDLE_KEYS = ("base", "below")
_PART_KEYS = ("left", "relation", "right", "as", "unit", "margin", "margin_reason")
_PART_VALUES = {"unit": TEXT, "margin": MARGIN, "margin_reason": TEXT}
_UNION_VALUES = {
    "name": TEXT,
    "any": Holds("a list of parts, at least one", list_of(lambda value: True)),
}
_LISTED = list_of(is_scalar)


@dataclass(frozen=True)
class Part:
    """One statement of a record, with its lists spelled out.

    Attributes
    ----------
    left : Side
    relation : str
        One of `RELATIONS`.
    right : Side or float
    margin : float
        In the unit of what is measured.
    compared : str
        One of `COMPARED`.
    unit : str
        Empty where it is the claim's.
    margin_reason : str
        Empty where it is the claim's.
    """

    left: Side
    relation: str
    right: Side | float
    margin: float
    compared: str = "difference"
    unit: str = ""
    margin_reason: str = ""

    @property
    def direction(self) -> Direction:
        """What is said of left less right."""
        return RELATIONS[self.relation]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides: two, or one where the right is a number."""
        return (self.left, self.right) if isinstance(self.right, Mapping) else (self.left,)

    @property
    def within_margin(self) -> bool:
        """Whether the left side may be on the other side by less than the margin."""
        return self.relation in WITHIN_MARGIN

    @property
    def beyond(self) -> float:
        """How far beyond its right side the left one must lie, in the unit of the margin."""
        if not self.within_margin:
            return 0.0
        return -self.margin if self.direction == "greater" else self.margin


@dataclass(frozen=True)
class Union:
    """Parts of which at least one must hold."""

    name: str
    parts: tuple[Part, ...]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides of its parts."""
        return tuple(side for part in self.parts for side in part.sides)


@dataclass(frozen=True)
class Idle:
    """When a side says nothing of itself, since it does what another one does.

    Attributes
    ----------
    base : Side
        What the other one has instead (another method).
    below : float
        The side is left out where fewer of its replicates than this, in percent, come to another
        end than the base's. Which way they differ plays no part.
    """

    base: Side
    below: float


def read_idle(entry: Mapping[str, Any] | None, where: str) -> Idle | None:
    """Read when a side is left out; never, if nothing is said.

    Raises
    ------
    UserError
        If a key or its value is none of the grammar's.
    """
    if entry is None:
        return None
    checked(entry, _IDLE_KEYS, _IDLE_KEYS, f"{where}: idle")
    base = entry["base"]
    if not is_mapping(base) or not all(map(is_scalar, base.values())):
        raise found_allowed(f"{where}: idle", "base", base, "a mapping: what the base has instead")
    return Idle(base, read_percentage(entry["below"], "below", f"{where}: idle"))


def read_percentage(value: Any, key: str, where: str) -> float:
    """Read a percentage above 0.

    Raises
    ------
    UserError
        If it is none.
    """
    if not is_number(value) or not 0 < value <= 100:
        raise found_allowed(where, key, value, "a percentage above 0")
    return float(value)


def read_parts(
    entries: Sequence[Mapping[str, Any]], margin: float, where: str
) -> tuple[Part | Union, ...]:
    """Read the parts of a reading.

    Parameters
    ----------
    entries : sequence of Mapping
        As they stand in the file.
    margin : float
        That of the claim, for parts that name none.
    where : str
        File and claim, for what is wrong with them.

    Raises
    ------
    UserError
        If a key or its value is none of the grammar's.
    """
    return tuple(found for entry in entries for found in _entry(entry, margin, where))


def _entry(entry: Mapping[str, Any], margin: float, where: str) -> Iterator[Part | Union]:
    if not isinstance(entry, Mapping) or "any" not in entry:
        yield from _parts(entry, margin, where)
        return
    checked(entry, _UNION_KEYS, _UNION_KEYS, where, _UNION_VALUES)
    parts = tuple(part for one in entry["any"] for part in _parts(one, margin, where))
    yield Union(entry["name"], parts)


def _parts(entry: Mapping[str, Any], margin: float, where: str) -> Iterator[Part]:
    checked(entry, ("left", "relation", "right"), _PART_KEYS, where, _PART_VALUES)
    _check_words(entry, where)
    own = float(entry.get("margin", margin))
    for left, right in _spelled_out(entry["left"], entry["right"]):
        yield Part(
            left,
            entry["relation"],
            right,
            own,
            entry.get("as", "difference"),
            entry.get("unit", ""),
            entry.get("margin_reason", ""),
        )


def _check_words(entry: Mapping[str, Any], where: str) -> None:
    relation, compared, right = entry["relation"], entry.get("as", "difference"), entry["right"]
    if relation not in tuple(RELATIONS):
        raise found_allowed(where, "relation", relation, ", ".join(RELATIONS))
    if compared not in COMPARED:
        raise found_allowed(where, "as", compared, ", ".join(COMPARED))
    if not isinstance(entry["left"], Mapping):
        raise found_allowed(where, "left", entry["left"], "a mapping: a side")
    _check_values(entry["left"], f"{where}: left")
    if isinstance(right, Mapping):
        _check_values(right, f"{where}: right")
        return
    if not is_number(right):
        raise found_allowed(where, "right", right, "a mapping (a side) or a number")
    of_two = compared in _OF_TWO_SIDES
    if relation in WITHIN_MARGIN or of_two:
        what = f"as: {compared}" if of_two else f"relation: {relation}"
        raise found_allowed(where, "right", right, f"a side, which {what} needs")


def _check_values(side: Side, where: str) -> None:
    if not side:
        raise UserError(f"{where}: found nothing; allowed: a mapping: a side")
    for key, value in side.items():
        if not is_scalar(value) and not _LISTED(value):
            raise found_allowed(where, str(key), value, "a text, a number, or a list of these")


def _spelled_out(left: Side, right: Side | float) -> Iterator[tuple[Side, Side | float]]:
    """Yield both sides for each combination of the lists in them."""
    for ours in _combinations(left):
        if isinstance(right, Mapping):
            yield from ((ours, {**ours, **theirs}) for theirs in _combinations(right))
        else:
            yield ours, float(right)


def _combinations(side: Side) -> Iterator[Side]:
    for key, value in side.items():
        if isinstance(value, list):
            for one in value:
                yield from _combinations({**side, key: one})
            return
    yield side
