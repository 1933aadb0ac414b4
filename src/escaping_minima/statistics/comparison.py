"""A comparison of two shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.intervals import Share, difference_bounds
from escaping_minima.statistics.share_power import power


@dataclass(frozen=True)
class Comparison:
    """The statement that one share is greater than, less than or equal to another.

    Parameters
    ----------
    left : Share
        The share the statement is about.
    right : Share or float
        What it is compared with: another share, or a constant in [0, 1]. A paired design gives
        its two discordant counts over the number of pairs, as `left` and `right`.
    direction : {"greater", "less", "equal"}
        What is said of `left` in relation to `right`.
    margin : float
        The smallest difference that would matter, a share in (0, 1).
    label : str
        How a reader knows this part.
    replicates : int, optional
        Independent replicates behind the comparison, where the trials are a subset of them or the
        two sides differ; the larger number of trials by default. Sample sizes are stated in it.
    paired : bool
        Whether `left` and `right` are the discordant counts of a paired design; matters for
        power alone, since the interval holds under any dependence.
    beyond : float
        How far beyond `right` an ordered statement begins to hold, in (-1, 1): with minus the
        margin, "greater" says that `left` is not lower by as much as the margin.

    Raises
    ------
    ValueError
        If a field is out of range, or paired counts do not share their trials.
    """

    #: A share is shown in percentage points.
    unit: ClassVar[str] = "points of share"
    scale: ClassVar[float] = 100.0
    known: ClassVar[bool] = False

    left: Share
    right: Share | float
    direction: Direction
    margin: float
    label: str = ""
    replicates: int | None = None
    paired: bool = False
    beyond: float = 0.0

    def __post_init__(self) -> None:
        if self.direction not in ("greater", "less", "equal"):
            raise ValueError(f"unknown direction {self.direction!r}")
        if not 0.0 < self.margin < 1.0:
            raise ValueError(f"margin must lie in (0, 1), got {self.margin}")
        if not isinstance(self.right, Share) and not 0.0 <= self.right <= 1.0:
            raise ValueError(f"a constant share must lie in [0, 1], got {self.right}")
        if self.replicates is not None and self.replicates < 1:
            raise ValueError(f"replicates must be at least 1, got {self.replicates}")
        if not -1.0 < self.beyond < 1.0 or (self.beyond and self.direction == "equal"):
            raise ValueError(f"{self.direction!r} cannot hold beyond {self.beyond}")
        if self.paired:
            self._check_pairs()

    def _check_pairs(self) -> None:
        if not isinstance(self.right, Share) or self.right.trials != self.left.trials:
            raise ValueError("discordant counts must be two shares of the same pairs")
        if self.left.successes + self.right.successes > self.left.trials:
            raise ValueError("more discordant pairs than pairs")

    @property
    def right_value(self) -> float:
        """The right-hand share as a number."""
        return self.right.value if isinstance(self.right, Share) else self.right

    @property
    def threshold(self) -> float:
        """What the left share, or its difference from another, is compared with."""
        return self.beyond + (0.0 if isinstance(self.right, Share) else self.right)

    @property
    def slack(self) -> float:
        """The margin: less of a difference does not matter. It is in `beyond` where that is set."""
        return 0.0 if self.beyond else self.margin

    @property
    def replicate_count(self) -> int:
        """The independent replicates that this comparison rests on."""
        if self.replicates is not None:
            return self.replicates
        right_trials = self.right.trials if isinstance(self.right, Share) else 0
        return max(self.left.trials, right_trials)

    @property
    def favouring(self) -> tuple[int, int] | None:
        """Of pairs those on the claimed side; see `Evidence.favouring`."""
        if not self.paired or self.direction == "equal" or not isinstance(self.right, Share):
            return None
        side = self.left if self.direction == "greater" else self.right
        return side.successes, side.trials

    @property
    def difference(self) -> float:
        """The observed difference, left minus right, less what it must be beyond."""
        return self.left.value - self.right_value - self.beyond

    @property
    def can_plan(self) -> bool:
        """Always: the variance of a share follows from the share."""
        return True

    @property
    def plan_range(self) -> None:
        """None: starts are many, and the shares that they give are near enough."""

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        """Exact or conservative bounds of the difference; see `intervals.difference_bounds`."""
        low, high = difference_bounds(self.left, self.right, tail)
        return low - self.beyond, high - self.beyond

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Power with other replicates; the trials of both sides grow in proportion to them.

        Of the data only the mean of the two shares is taken, which says how large they are, never
        their difference.
        """
        factor = replicates / self.replicate_count

        def grown(share: Share) -> int:
            return max(1, round(share.trials * factor))

        right = self.right
        planned = self.right_value
        if isinstance(right, Share):
            shift = {"greater": self.margin, "less": -self.margin, "equal": 0.0}[self.direction]
            planned = (self.left.value + right.value - shift - self.beyond) / 2
        return power(
            self.direction,
            self.margin,
            planned,
            grown(self.left),
            a,
            right_trials=grown(right) if isinstance(right, Share) else None,
            paired=self.paired,
            beyond=self.beyond,
        )
