"""How a method is shown: its title, colour and marker, which its own file says."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from escaping_minima.parts.registry import module_name


@dataclass(frozen=True)
class Look:
    """How a method is shown, the same in every table and figure.

    Attributes
    ----------
    title : str
    colour : str
        #RRGGBB.
    marker : str
        As matplotlib names it.
    """

    title: str
    colour: str
    marker: str


def look_of(method: str) -> Look:
    """Return how a method is shown, from the constants TITLE, COLOUR and MARKER of its file."""
    module = importlib.import_module(module_name("methods", method))
    return Look(module.TITLE, module.COLOUR, module.MARKER)
