"""What comparisons over independent training runs share: one value a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from escaping_minima.statistics.evidence import Direction

# Differences that agree to this, relative to the larger of the margin and the largest of them, are
# equal numbers that were rounded differently.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class RunValues:
    """A statement about the centre of values, one an independent run.

    Parameters
    ----------
    differences : tuple of float
        One an independent run: left minus right of a pair, or a value; `threshold` taken off.
    direction : {"greater", "less", "equal"}
        What is said of the centre of the differences.
    margin : float
        The smallest difference that would matter, in the unit of the differences; above 0.
    label : str
        How a reader knows this part.
    unit : str
        Unit of the differences; empty where the claim's record names it.
    threshold : float
        What was taken off each value. An ordered statement about a threshold that is not 0 has
        the margin in it ("rises by more than 5 percent"): whatever lies beyond it matters.
    within_margin : bool
        Whether the threshold is the margin that the statement allows ("not lower by as much as the
        margin"), and moves with it; a number that the claim names does not.

    Raises
    ------
    ValueError
        If a field is out of range, or a difference is not finite.
    """

    #: Differences are shown as they are.
    scale: ClassVar[float] = 1.0

    differences: tuple[float, ...]
    direction: Direction
    margin: float
    label: str = ""
    unit: str = ""
    threshold: float = 0.0
    within_margin: bool = False

    def __post_init__(self) -> None:
        if self.direction not in ("greater", "less", "equal"):
            raise ValueError(f"unknown direction {self.direction!r}")
        if not 0.0 < self.margin < math.inf:
            raise ValueError(f"margin must be finite and above 0, got {self.margin}")
        if self.within_margin and self.direction == "equal":
            raise ValueError("'equal' allows its margin on both sides, and has no threshold for it")
        if not self.differences:
            raise ValueError(f"{self.label or 'a comparison of runs'}: no runs to compare")
        if not all(map(math.isfinite, self.differences)):
            raise ValueError(f"differences must be finite, got {self.differences}")

    @cached_property
    def _sd(self) -> float:
        """Standard deviation of the differences, with rounding taken out; 0 for a single one."""
        if len(self.differences) == 1:
            return 0.0
        size = max(self.margin, *map(abs, self.differences))
        if max(self.differences) - min(self.differences) <= _ROUNDING * size:
            return 0.0
        return float(np.std(self.differences, ddof=1))

    @property
    def slack(self) -> float:
        """See `Evidence.slack`."""
        return self.margin if self.threshold == 0.0 else 0.0

    @property
    def beyond(self) -> float:
        """See `Evidence.beyond`."""
        return self.threshold if self.within_margin else 0.0

    @property
    def favouring(self) -> tuple[int, int] | None:
        """See `Evidence.favouring`."""
        if self.direction == "equal":
            return None
        sign = 1.0 if self.direction == "greater" else -1.0
        return sum(sign * d > 0.0 for d in self.differences), len(self.differences)

    @property
    def replicate_count(self) -> int:
        """The independent runs."""
        return len(self.differences)
