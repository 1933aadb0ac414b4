"""Step sizes and start boxes that gradient descent is run with: what its shares and Else rest on.

The paper prints neither. The main run has one of the settings; the others are swept, as radii are
for methods that have one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_USUAL, _OTHER = "usual boxes", "other boxes"


def _square(half: float) -> dict[str, Any]:
    return {"lower": (-half, -half), "upper": (half, half)}


#: Changed settings of each function; the usual boxes are the functions' own.
_BOXES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    _USUAL: {},
    _OTHER: {
        "himmelblau": _square(6.0),
        "three_hump_camel": _square(2.0),
        "six_hump_camel": _square(5.0),
    },
}


@dataclass(frozen=True)
class StartSetting:
    """A step size, and a start box for each function.

    Attributes
    ----------
    learning_rate : float
    boxes : str
        "usual boxes" or "other boxes".
    """

    learning_rate: float
    boxes: str

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"step {self.learning_rate:g}, {self.boxes}"

    def problem_settings(self, function: str) -> Mapping[str, Any]:
        """Return the changed settings of a function."""
        return _BOXES[self.boxes].get(function, {})


#: The setting of the main run: its cells have the role "main" and no label.
MAIN_START = StartSetting(0.001, _USUAL)
#: The others, in the order in which a scale takes them: first the other boxes alone, on which
#: the shares of gradient descent rest, then the steps from the largest on.
OTHER_STARTS = (
    StartSetting(0.001, _OTHER),
    *(StartSetting(rate, boxes) for rate in (0.01, 0.005) for boxes in (_OTHER, _USUAL)),
    *(StartSetting(rate, boxes) for rate in (0.002, 0.0005) for boxes in (_USUAL, _OTHER)),
)
