"""How a study says what a user may set of it: each setting once, with its number at each scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

_KEY = "setting"


@dataclass(frozen=True)
class Whole:
    """Whole numbers from one to another, both allowed.

    Attributes
    ----------
    least, most : int
        An upper bound keeps a slip of the keyboard from planning a million blocks.
    multiple_of : int or None
    """

    least: int
    most: int
    multiple_of: int | None = None


@dataclass(frozen=True)
class OneOf:
    """A few values, all texts or all whole numbers."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Switch:
    """Yes or no."""


Allowed = Whole | OneOf | Switch


@dataclass(frozen=True)
class Setting:
    """What is said of a setting.

    Attributes
    ----------
    description : str
        A sentence or more, with a full stop.
    allowed : Whole, OneOf or Switch
    scales : Mapping
        Its value at each scale.
    """

    description: str
    allowed: Allowed
    scales: Mapping[str, Any]


def setting(
    description: str, allowed: Allowed, *, smoke: Any, quick: Any, gpu: Any, paper: Any
) -> Any:
    """Return a field of a study's settings, a dataclass.

    Parameters
    ----------
    description : str
    allowed : Whole, OneOf or Switch
    smoke, quick, gpu, paper : bool, int or str
        Its value at each scale; the configuration checks it as it checks a user's.
    """
    scales = {"smoke": smoke, "quick": quick, "gpu": gpu, "paper": paper}
    return field(metadata={_KEY: Setting(description, allowed, scales)})


def described_settings(cls: type[Any]) -> dict[str, Setting]:
    """Return what is said of each setting of a study, by name, in the order of the fields."""
    return {f.name: f.metadata[_KEY] for f in fields(cls)}
