"""Where small problems are started from in the arena."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StartBox:
    """The box from which starts are drawn uniformly.

    Attributes
    ----------
    lower, upper : tuple of float
        Its corners.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]


def start_box(problem: Any) -> StartBox:
    """Return the box of starts: ``start_lower`` .. ``start_upper`` where a problem names them.

    Else it is the box of the problem itself.
    """
    lower = getattr(problem, "start_lower", problem.lower)
    return StartBox(tuple(lower), tuple(getattr(problem, "start_upper", problem.upper)))
