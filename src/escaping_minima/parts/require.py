"""A check of a setting."""

from __future__ import annotations

from typing import Any


def require(condition: bool, key: str, found: Any, allowed: str) -> None:
    """Raise ValueError, naming the setting, unless ``condition`` holds."""
    if not condition:
        raise ValueError(f"{key} is {found!r}; allowed: {allowed}")
