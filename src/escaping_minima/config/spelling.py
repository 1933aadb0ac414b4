"""Values as people and command lines spell them.

Every value is text as it was written (`escaping_minima.config.parse`), so a key that is no text is
read from its spelling. It is then checked strictly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_NULL = frozenset({"null", "none", "~"})
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def read_scalar(value: Any) -> Any:
    """Read the null, switch or number that a text spells; anything else comes back as it is.

    Parameters
    ----------
    value : Any
        What was found under a key that is no text.

    Returns
    -------
    Any
        None, a bool, an int or a float where ``value`` is a text that spells one, else ``value``.
    """
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in _NULL:
        return None
    if word in _SWITCH:
        return _SWITCH[word]
    return _read_number(word, value)


def read_null(value: Any) -> Any:
    """Read the null that a text spells, under a key that is a text or null.

    Parameters
    ----------
    value : Any
        What was found.

    Returns
    -------
    Any
        None where ``value`` is a text that spells null, else ``value``.
    """
    return None if isinstance(value, str) and value.strip().lower() in _NULL else value


def _read_number(word: str, otherwise: Any) -> Any:
    parsers: tuple[Callable[[str], Any], ...] = (int, float)
    for parse in parsers:
        try:
            return parse(word)
        except ValueError:
            continue
    return otherwise


def read_whole(value: Any) -> Any:
    """Read 5000.0 as 5000, and keep a switch from passing as 0 or 1.

    Parameters
    ----------
    value : Any
        What was found under a key that is a whole number.

    Returns
    -------
    Any
        An int where ``value`` is a whole float, else ``value``.

    Raises
    ------
    ValueError
        If ``value`` is a bool, which Python (and pydantic's literals) take for a number.
    """
    if isinstance(value, bool):
        raise ValueError("a switch is no number")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def read_list(value: Any) -> Any:
    """Read a list, or one text as a list of one (``--config studies=NAME``), as a tuple.

    Parameters
    ----------
    value : Any
        What was found under a key that is a list.

    Returns
    -------
    Any
        A tuple where ``value`` is a list or a text, else ``value``.
    """
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value
