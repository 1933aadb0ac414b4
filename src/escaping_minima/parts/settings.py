"""Settings of parts as plain data, so that a setting that is added later renames nothing.

A part is a frozen dataclass. A setting that it has from the beginning is always written into the
record of a cell. One that comes later declares what its absence means, and is left out while it
has that value: records made before it existed stay the records of the same cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

from escaping_minima.parts.canonical import canonical_json

Part = TypeVar("Part")

_ABSENT = "absent"


def added(absent: Any, default: Any = MISSING) -> Any:
    """Return the field of a setting that came later.

    Parameters
    ----------
    absent : object
        What a record without the setting means. It must mean the same bits as the code before the
        setting existed: the operation is skipped, not done with a neutral number.
    default : object, optional
        What a new part gets; `absent` if not given.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Descent:
    ...     rate: float = 0.1
    ...     decay: float = added(0.0)
    >>> settings_of(Descent()), settings_of(Descent(decay=0.5))
    ({'rate': 0.1}, {'rate': 0.1, 'decay': 0.5})
    """
    value = absent if default is MISSING else default
    if isinstance(value, dict | list):
        return field(default_factory=lambda: type(value)(value), metadata={_ABSENT: absent})
    return field(default=value, metadata={_ABSENT: absent})


def settings_of(part: Any) -> dict[str, Any]:
    """Return the settings of a part as a record holds them.

    Parameters
    ----------
    part : dataclass instance

    Returns
    -------
    dict
        By name, as JSON has them: tuples as lists, whole numbers where the setting is a float as
        floats. A setting that has the value which its absence means is left out.
    """
    hints = get_type_hints(type(part))
    found = {}
    for entry in fields(part):
        value = _plain(getattr(part, entry.name), hints[entry.name])
        if not _is_absent(entry, value, hints[entry.name]):
            found[entry.name] = value
    return found


def from_settings(cls: type[Part], settings: Mapping[str, Any]) -> Part:
    """Build a part from the settings of a record, where what is missing means its absence.

    Raises
    ------
    ValueError
        If a setting is unknown, or one is missing that has no declared absence, or the part
        refuses a value.
    """
    values: dict[str, Any] = {}
    for entry in fields(cls):  # type: ignore[arg-type]
        if entry.name in settings:
            values[entry.name] = _frozen(settings[entry.name])
        elif _ABSENT in entry.metadata:
            values[entry.name] = entry.metadata[_ABSENT]
        else:
            raise ValueError(f"{entry.name}: missing")
    if unknown := sorted(set(settings) - set(values)):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return cls(**values)


def _is_absent(entry: Field[Any], value: Any, hint: Any) -> bool:
    if _ABSENT not in entry.metadata:
        return False
    # as text: False equals 0.0 and () is not [], and neither may decide a name
    return canonical_json(value) == canonical_json(_plain(entry.metadata[_ABSENT], hint))


def _plain(value: Any, hint: Any) -> Any:
    """Return a value as JSON has it; where a float is meant, 1 is 1.0."""
    if is_dataclass(value):
        return settings_of(value)
    if isinstance(value, Mapping):
        inner = get_args(hint)[-1] if get_args(hint) else None
        return {key: _plain(item, inner) for key, item in value.items()}
    if isinstance(value, tuple | list):
        inner = get_args(hint)[0] if get_args(hint) else None
        return [_plain(item, inner) for item in value]
    if _means_float(hint) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _means_float(hint: Any) -> bool:
    return hint is float or (float in get_args(hint) and int not in get_args(hint))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
