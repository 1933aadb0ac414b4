"""What a statement must offer to be decided, and what a decision says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, Self

Direction = Literal["greater", "less", "equal"]


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


class Bounded(Protocol):
    """What of a statement on a difference decides it at a level."""

    @property
    def direction(self) -> Direction:
        """What is said of the difference."""

    @property
    def margin(self) -> float:
        """The smallest difference that would matter; above 0."""

    @property
    def slack(self) -> float:
        """How far beyond the threshold an ordered statement must hold to matter.

        The margin, or 0 where the threshold itself is where it begins to matter.
        """

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        """Bounds of the difference, each with error probability at most `tail`, in (0, 0.5].

        They do not depend on the margin.
        """


class Evidence(Bounded, Protocol):
    """The statement that a difference is greater than 0, less than 0 or within a margin of 0.

    Decisions, p-values, families and sample sizes use nothing else of a comparison, whether it
    is of shares or of means. An object is immutable and hashable: decisions are remembered.
    """

    @property
    def threshold(self) -> float:
        """What the measured value is compared with: 0 where it is a difference of two."""

    @property
    def beyond(self) -> float:
        """How much of the threshold is the margin that an ordered statement allows, with its sign.

        It moves with the margin; 0 where the statement allows none, whatever its threshold.
        """

    @property
    def label(self) -> str:
        """How a reader knows this part."""

    @property
    def unit(self) -> str:
        """Unit of a shown difference; empty where the claim's record names it."""

    @property
    def scale(self) -> float:
        """Factor from the difference to what is shown in `unit`."""

    @property
    def difference(self) -> float:
        """The observed difference, left minus right: the measured value less the threshold."""

    @property
    def known(self) -> bool:
        """Whether the number follows from the settings and has no sampling error."""

    @property
    def replicate_count(self) -> int:
        """The independent replicates that the difference rests on."""

    @property
    def favouring(self) -> tuple[int, int] | None:
        """How many replicates are on the claimed side of the threshold, of how many.

        None where that is asked of no single replicate: of an equality, or of a share of a pool.
        """

    @property
    def can_plan(self) -> bool:
        """Whether the data say how the power grows with the replicates."""

    @property
    def plan_range(self) -> tuple[Self, Self] | None:
        """The statement with the least and the greatest spread that the data allow.

        None where the data say how many replicates are needed well enough for one number.
        """

    def __hash__(self) -> int:
        """Equal statements have equal hashes."""

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Chance of "reproduced" at level `a` where the effect is the margin (equality: 0)."""


@dataclass(frozen=True)
class PartVerdict:
    """A comparison decided, with all that a table shows of it.

    Parameters
    ----------
    label : str
        The label of the comparison.
    verdict : Verdict
        Reproduced, not reproduced or inconclusive; not tested where the claim was not.
    effect : float
        Observed effect, positive in favour of "greater" and "less".
    interval : tuple of float
        Interval of the effect, from which the verdict can be read off.
    level : float
        Confidence level of `interval`.
    a, a_against : float
        Levels at which it was decided whether it is reproduced, and whether it is not.
    p, q : float
        Smallest levels at which it would be reproduced, and at which it would not be.
    negligible : bool
        Reproduced, but the whole interval lies below the margin.
    measured : float
        The observed value in its own sign, the threshold not taken off.
    measured_interval : tuple of float
        Its interval.
    direction : {"greater", "less", "equal"}
        What is said of it in relation to `threshold`.
    threshold : float
    margin : float
    unit : str
    scale : float
    known : bool
    favouring : tuple of int or None
        Those of the comparison.
    """

    label: str
    verdict: Verdict
    effect: float
    interval: tuple[float, float]
    level: float
    a: float
    a_against: float
    p: float
    q: float
    negligible: bool
    measured: float
    measured_interval: tuple[float, float]
    direction: Direction
    threshold: float
    margin: float
    unit: str
    scale: float
    known: bool
    favouring: tuple[int, int] | None
