"""YAML text into values, strictly, with one line for whatever is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from escaping_minima.errors import UserError


class _AsWritten(yaml.SafeLoader):
    """Reads a plain word as the text that stands there, null apart.

    YAML 1.1 would read 010 as 8, 12:30 as 750, 2024_10 as 202410 and a checksum of digits as a
    number; what a word means, its key says (`escaping_minima.config.spelling`).
    """

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, word) for tag, word in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def check_mapping(values: Any, label: str) -> Mapping[Any, Any]:
    """Return the keys of a file; none if it is empty.

    Parameters
    ----------
    values : Any
        What the file holds at its top level.
    label : str
        The file, for the message.

    Returns
    -------
    Mapping
        The values.

    Raises
    ------
    UserError
        If the top level is a list or a single value.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        kind = "a list" if isinstance(values, list) else "a single value"
        raise UserError(f"{label}: found {kind}; allowed: keys with values, such as scale: quick")
    return values


def parse_yaml(text: str, label: str) -> Any:
    """Parse YAML and refuse a key that is given twice, of which YAML would take the last.

    Parameters
    ----------
    text : str
        The text.
    label : str
        Its name, for the message.

    Returns
    -------
    Any
        The value: mappings, lists, texts and nulls.

    Raises
    ------
    UserError
        If it is not YAML or holds a key twice.
    """
    try:
        root = yaml.compose(text, Loader=_AsWritten)
        _refuse_twice(root, "", label, set())
        # as safe as the loader it is made of
        return yaml.load(text, Loader=_AsWritten)
    except yaml.YAMLError as error:
        raise UserError(_describe_yaml_error(error, label)) from None
    except (ValueError, RecursionError) as error:
        # Not all of PyYAML's complaints are its own: !!timestamp 2024-13-01 has no such month.
        raise UserError(f"{label}: cannot be read as YAML ({error}); put text in quotes") from None


def _describe_yaml_error(error: yaml.YAMLError, label: str) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"{label}, line {mark.line + 1}" if mark else label
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return f"{where}: not valid YAML ({reason}); check indentation, colons and quotes there"


def _refuse_twice(node: Any, prefix: str, label: str, seen: set[int]) -> None:
    # An alias may lead back to a node that holds it.
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(item, prefix, label, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = f"{prefix}{key.value}", key.start_mark.line + 1
        if name in lines:
            raise UserError(
                f"{label}, line {line}: {name}: given twice, first on line {lines[name]}; "
                "allowed: once; delete one of the two"
            )
        lines[name] = line
        _refuse_twice(value, f"{name}.", label, seen)
