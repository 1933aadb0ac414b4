"""One line a person can act on, from whatever pydantic found."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from escaping_minima.config.describe import (
    describe_allowed,
    describe_type,
    list_choices,
    show_default,
    show_value,
)
from escaping_minima.config.schema import Schema, walk_keys

Location = tuple[int | str, ...]

_ALIKE = 0.6
_SWITCHES = {True: "on and yes are read as true", False: "off and no are read as false"}


def one_line(error: ValidationError, schema: Schema, find_origin: Callable[[Location], str]) -> str:
    """Say what is wrong first, where, what is allowed and what to do.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    schema : dict
        Schema of the section that was checked.
    find_origin : callable
        Names the file or option that a location came from.

    Returns
    -------
    str
        The first error, and how many more there are.
    """
    first, *others = error.errors(include_url=False, include_context=False)
    more = f" (and {len(others)} more)" if others else ""
    return f"{find_origin(first['loc'])}: {_describe_error(first, schema)}{more}"


def _describe_error(error: ErrorDetails, schema: Schema) -> str:
    match error["type"]:
        case "extra_forbidden":
            return _describe_unknown_key(error["loc"], schema)
        case "invalid_key":
            return _describe_odd_key(error["loc"], error["input"], schema)
        case "missing":
            return _describe_missing(error["loc"], schema)
        case _:
            return _describe_bad_value(error["loc"], error["input"], schema)


def _describe_bad_value(location: Location, found: Any, schema: Schema) -> str:
    entry = _find_entry(schema, location)
    hint = _switch_hint(found, entry)
    allowed = describe_allowed(entry)
    advice = _advise(location, found, schema)
    return f"{_dotted(location)}: found {show_value(found)}{hint}; allowed: {allowed}; {advice}"


def _describe_missing(location: Location, schema: Schema) -> str:
    allowed = describe_allowed(_find_entry(schema, location))
    return f"{_dotted(location)}: missing; allowed: {allowed}; write it"


def _switch_hint(found: Any, entry: Schema) -> str:
    if isinstance(found, bool) and "switch" not in describe_type(entry):
        return f" ({_SWITCHES[found]})"
    return ""


def _advise(location: Location, found: Any, schema: Schema) -> str:
    entry = _find_entry(schema, location)
    words = [choice for choice in list_choices(entry) if isinstance(choice, str)]
    if isinstance(found, str) and (near := nearest(found, words)):
        return f"did you mean {near}?"
    key = tuple(part for part in location if isinstance(part, str))
    entry = _find_entry(schema, key)
    if "properties" in entry:
        return "write its keys below it, indented"
    if "default" not in entry:
        return "change it"
    default = entry["default"]
    if default is None and len(key) > 1:
        return "change it, or leave it out for the number of the scale"
    return f"change it, or leave it out for the default, {show_default(default)}"


def _describe_unknown_key(location: Location, schema: Schema) -> str:
    key = _dotted(location)
    near = nearest(key, [name for name, _ in walk_keys(schema)])
    # A dotted key is right on the command line, but YAML wants the section.
    if near == key:
        section, _, name = key.partition(".")
        return f"{key}: unknown key; write {name} indented below {section}"
    suggestion = f"did you mean {near}?" if near else "delete it"
    return f"{key}: unknown key; {suggestion} {_list_keys(location, schema)}"


def _describe_odd_key(location: Location, found: Any, schema: Schema) -> str:
    key = _dotted((*location[:-1], show_value(found)))
    return f"{key}: this key is no text; rename or delete it {_list_keys(location, schema)}"


def _list_keys(location: Location, schema: Schema) -> str:
    return f"(allowed here: {', '.join(_find_entry(schema, location[:-1])['properties'])})"


def nearest(word: str, candidates: list[str]) -> str | None:
    """Find the candidate most like a word; a dotted one is compared by its last part too.

    Parameters
    ----------
    word : str
        What was found; case does not matter.
    candidates : list of str
        What is allowed.

    Returns
    -------
    str or None
        None if no candidate is much like ``word``.
    """

    def likeness(candidate: str) -> tuple[float, float]:
        last = _alike(word.rpartition(".")[2], candidate.rpartition(".")[2])
        return last, _alike(word, candidate)

    best = max(candidates, key=likeness, default=None)
    return best if best is not None and likeness(best)[0] >= _ALIKE else None


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _find_entry(schema: Schema, location: Location) -> Schema:
    entry = schema
    for part in location:
        entry = entry["items"] if isinstance(part, int) else entry["properties"][part]
    return entry


def _dotted(location: Location) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")
