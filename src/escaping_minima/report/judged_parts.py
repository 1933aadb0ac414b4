"""The comparisons that a judged claim rests on, unions opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def comparisons(parts: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the comparisons of a setting's parts; those of a union say that they are of one."""
    for part in parts:
        if "any" in part:
            yield from (p | {"label": f"any of: {p['label']}"} for p in part["any"])
        else:
            yield part


def deciding(parts: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield one comparison a part: of a union the one that speaks most for it."""
    for part in parts:
        yield min(part["any"], key=lambda p: p["p"]) if "any" in part else part


def verdict_word(part: Mapping[str, Any]) -> str:
    """Return the verdict on a part or a union."""
    return str(part["word"] if "any" in part else part["verdict"])
