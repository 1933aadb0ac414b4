"""What a key may hold, in words, from its schema."""

from __future__ import annotations

import json
from typing import Any

from escaping_minima.config.schema import Schema

_LONGEST = 60


def describe_allowed(schema: Schema) -> str:
    """Say which values a key allows.

    Parameters
    ----------
    schema : dict
        Schema of the key.

    Returns
    -------
    str
        For example ``a multiple of 500 from 500 to 1000000 or null``.
    """
    if "anyOf" in schema:
        return " or ".join(describe_allowed(option) for option in schema["anyOf"])
    if choices := list_choices(schema):
        return ", ".join(str(choice) for choice in choices)
    if "properties" in schema:
        return f"a section with the keys {', '.join(schema['properties'])}"
    if "items" in schema:
        return _describe_list(schema)
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    return _describe_scalar(schema)


def _describe_list(schema: Schema) -> str:
    item = describe_allowed(schema["items"])
    if "minItems" in schema:
        return f"a list of one or more of {item}, each once"
    return f"a list, possibly empty, each item {item}"


def _describe_scalar(schema: Schema) -> str:
    if schema["type"] in {"null", "boolean"}:
        return {"null": "null", "boolean": "true, false"}[schema["type"]]
    noun = "a whole number" if schema["type"] == "integer" else "a number"
    if "multipleOf" in schema:
        noun = f"a multiple of {schema['multipleOf']}"
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']}"
    return f"{noun} from {schema['minimum']} to {schema['maximum']}"


def list_choices(schema: Schema) -> list[Any]:
    """List the values of a key that allows only a few, else nothing."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def describe_type(schema: Schema) -> str:
    """Name the type of a key: choice, text, whole number, number, switch, list or section."""
    if "anyOf" in schema:
        return " or ".join(describe_type(option) for option in schema["anyOf"])
    if list_choices(schema):
        return "choice"
    words = {"object": "section", "array": "list", "string": "text", "boolean": "switch"}
    words |= {"integer": "whole number"}
    kind = str(schema["type"])
    return words.get(kind, kind)


def show_value(value: Any) -> str:
    """Show a value that was found on one line as YAML would hold it, cut where it is long."""
    text = show_default(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def show_default(value: Any) -> str:
    """Show a value of ours on one line, whole: it may be copied."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        return str(value)
