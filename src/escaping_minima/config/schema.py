"""JSON Schema of the sections: for editors, for the reference and for the messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from escaping_minima.config.sections import Config
from escaping_minima.config.study_sections import Section

Schema = dict[str, Any]


class _WithoutTitles(GenerateJsonSchema):
    """Pydantic titles every key with its own name, which tells a reader nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def section_schema(section: type[Section]) -> Schema:
    """JSON Schema of a section, with the sections within it written in place.

    Parameters
    ----------
    section : type of Section
        The model.

    Returns
    -------
    dict
        A schema without references, which every editor follows.
    """
    schema = section.model_json_schema(schema_generator=_WithoutTitles)
    definitions = schema.pop("$defs", {})
    inlined: Schema = _inline(schema, definitions)
    return inlined


def _inline(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    own = {
        key: _inline(value, definitions)
        for key, value in node.items()
        if key not in {"$ref", "title"}
    }
    if "$ref" not in node:
        return own
    name = node["$ref"].rpartition("/")[2]
    return {**_inline(definitions[name], definitions), **own}


def walk_keys(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Walk over all keys in order, each section before the keys within it.

    Parameters
    ----------
    schema : dict
        Schema of a section.
    prefix : str
        Put before every key.

    Yields
    ------
    tuple of (str, dict)
        The dotted key and its schema.
    """
    for name, entry in schema.get("properties", {}).items():
        yield prefix + name, entry
        yield from walk_keys(entry, f"{prefix}{name}.")


def schema_text() -> str:
    """Text of ``workflow/schemas/config.schema.json``."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **section_schema(Config),
        "title": "Configuration",
        "description": "config.yaml, the one file a user edits.",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
