"""Find a part by its room and name, without importing any other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.parts.settings import from_settings, settings_of

#: The rooms whose files are found by name, with the constant that each file ends with.
ROOMS = {
    "problems": "PROBLEM",
    "methods": "METHOD",
    "schedules": "SCHEDULE",
    "modifiers": "MODIFIER",
    "observers": "OBSERVER",
    "measures": "MEASURE",
}


@dataclass(frozen=True)
class PartRecord:
    """A part as a cell names it.

    Attributes
    ----------
    room, name : str
        Where its file is.
    settings : Mapping
        As `escaping_minima.parts.settings.settings_of` gives them.
    """

    room: str
    name: str
    settings: Mapping[str, Any]

    def record(self) -> dict[str, Any]:
        """Return the part as a slot of a cell's record holds it."""
        return {"name": self.name, "settings": dict(self.settings)}


def make_part(room: str, name: str, settings: Mapping[str, Any]) -> Any:
    """Build a part; a setting that is not given has its default.

    Parameters
    ----------
    room : str
        One of `ROOMS`.
    name : str
        A module of the room.
    settings : Mapping
        Some or all settings.

    Raises
    ------
    UserError
        If there is no such part or setting, or a setting has an impossible value.
    """
    factory = part_class(room, name)
    allowed = [f.name for f in fields(factory)]
    unknown = sorted(set(settings) - set(allowed))
    if unknown:
        raise UserError(f"{name}: unknown setting {unknown[0]!r}; allowed: {', '.join(allowed)}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    try:
        return factory(**values)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from None


def read_part(room: str, name: str, settings: Mapping[str, Any]) -> Any:
    """Build the part of a record; a setting that is missing has the value of its absence.

    Raises
    ------
    UserError
        If there is no such part, or its settings are not those of a record.
    """
    try:
        return from_settings(part_class(room, name), settings)
    except ValueError as error:
        raise UserError(f"{name}: not the record of one of {room}: {error}") from None


def part_record(room: str, name: str, settings: Mapping[str, Any] | None = None) -> PartRecord:
    """Return the full record of a part of which some settings are given; see `make_part`."""
    return PartRecord(room, name, settings_of(make_part(room, name, settings or {})))


def part_class(room: str, name: str) -> Any:
    """Return the class behind a name.

    Raises
    ------
    UserError
        If there is none.
    """
    module_path = module_name(room, name)
    try:
        return getattr(importlib.import_module(module_path), ROOMS[room])
    except (ModuleNotFoundError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name != module_path:
            raise
        raise UserError(f"{room}: there is no {name!r} in src/escaping_minima/{room}/") from None


def module_name(room: str, name: str) -> str:
    """Return the dotted module of a named member of a room."""
    return f"escaping_minima.{room}.{name}"


def make_problem(name: str, settings: Mapping[str, Any]) -> Any:
    """Build a problem; see `make_part`."""
    return make_part("problems", name, settings)


def make_method(name: str, settings: Mapping[str, Any]) -> Any:
    """Build a method; see `make_part`."""
    return make_part("methods", name, settings)


def read_problem(name: str, settings: Mapping[str, Any]) -> Any:
    """Build the problem of a record; see `read_part`."""
    return read_part("problems", name, settings)


def read_method(name: str, settings: Mapping[str, Any]) -> Any:
    """Build the method of a record; see `read_part`."""
    return read_part("methods", name, settings)
