"""Find a method or a problem by name, without importing any other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from escaping_minima.errors import UserError


def load_problem(name: str, settings: Mapping[str, Any]) -> Any:
    """Build the problem of ``escaping_minima.problems.<name>``.

    Raises
    ------
    UserError
        If there is no such problem or setting.
    """
    return _build("problems", name, "PROBLEM", settings)


def load_method(name: str, settings: Mapping[str, Any]) -> Any:
    """Build the method of ``escaping_minima.methods.<name>``, given its settings as a mapping.

    Raises
    ------
    UserError
        If there is no such method or setting, or a setting has an impossible value.
    """
    return _build("methods", name, "METHOD", settings)


def module_name(room: str, name: str) -> str:
    """Return the dotted module of a named member of a room ("methods" or "problems")."""
    return f"escaping_minima.{room}.{name}"


def _build(room: str, name: str, constant: str, settings: Mapping[str, Any]) -> Any:
    module_path = module_name(room, name)
    try:
        module = importlib.import_module(module_path)
        factory = getattr(module, constant)
    except (ModuleNotFoundError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name != module_path:
            raise
        raise UserError(f"{room}: there is no {name!r} in src/escaping_minima/{room}/") from None
    allowed = [f.name for f in fields(factory)]
    unknown = sorted(set(settings) - set(allowed))
    if unknown:
        raise UserError(f"{name}: unknown setting {unknown[0]!r}; allowed: {', '.join(allowed)}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    try:
        return factory(**values)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from None
