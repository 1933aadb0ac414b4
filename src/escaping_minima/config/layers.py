"""Where the values come from: files and overrides, laid over one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.config.parse import check_mapping, parse_yaml
from escaping_minima.errors import UserError

_ABSENT = object()


@dataclass(frozen=True)
class Layer:
    """Values, and the name of the file or option that they came from."""

    label: str
    values: Mapping[Any, Any]


def read_layer(path: str | Path) -> Layer:
    """Read a YAML file; an empty one holds no values.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Layer
        Its values, labelled with its path, relative where it lies in the current folder.

    Raises
    ------
    UserError
        If it is missing, unreadable, not YAML, holds a key twice or is not a mapping.
    """
    path = Path(path)
    label = str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{label}: no such file; give the path of a configuration file") from None
    except OSError as error:
        raise UserError(
            f"{label}: cannot be read ({error.strerror}); give a readable file"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{label}: not UTF-8 text; save it as UTF-8") from None
    return Layer(label, check_mapping(parse_yaml(text, label), label))


def read_override(text: str) -> Layer:
    """Read one override of the form ``dotted.key=value``.

    Parameters
    ----------
    text : str
        The override; its value is YAML.

    Returns
    -------
    Layer
        The value under its key.

    Raises
    ------
    UserError
        If there is no key, no ``=``, a line break, or the value is not YAML.
    """
    if len(text.splitlines()) > 1:
        line = " ".join(text.split())
        raise UserError(f"override {line}: found a line break; allowed: one line; take it out")
    label = f"override {text}"
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise UserError(f"{label}: not of the form KEY=VALUE; write for example scale=smoke")
    values = parse_yaml(value, label)
    for part in reversed(parts):
        values = {part: values}
    return Layer(label, values)


def merge_layers(layers: Sequence[Layer]) -> dict[Any, Any]:
    """Lay later values over earlier ones, section by section."""
    merged: dict[Any, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.values)
    return merged


def _merge(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merge(old, value)
        merged[key] = value
    return merged


def find_origin(
    location: tuple[int | str, ...],
    values: Mapping[Any, Any],
    layers: Sequence[Layer],
    otherwise: str,
) -> str:
    """Name the last layer that holds, at a location, the very value that was checked.

    Parameters
    ----------
    location : tuple
        Keys and list indices.
    values : Mapping
        What was checked.
    layers : sequence of Layer
        What it may have come from, later ones on top.
    otherwise : str
        The name if it came from none of them.

    Returns
    -------
    str
        A label.
    """
    value = _dig(values, location)
    for layer in reversed(layers):
        if (held := _dig(layer.values, location)) is not _ABSENT and held == value:
            return layer.label
    return otherwise


def _dig(values: Any, location: tuple[int | str, ...]) -> Any:
    for part in location:
        if not isinstance(values, Mapping):
            break
        values = values.get(part, _ABSENT)
    return values
