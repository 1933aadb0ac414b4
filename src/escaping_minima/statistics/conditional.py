"""A comparison of two conditional shares over the same starts: of those of each side's own pool."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from escaping_minima.statistics.decision import tail_of
from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.intervals import FloatArray, count_bounds

#: The states of a start on one side: not in the pool, in it but not in the group, in both.
OUT, ELSE, IN = 0, 1, 2
Table = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True)
class ConditionalShares:
    """The statement about two shares among pools, for two methods from the same starts.

    The share of a side is that of its starts in the group among those in its pool (of the
    converged ends, say, those in one minimum). The two pools differ, yet most starts may be in
    both, and there the two sides say the same except where they are discordant.

    With f the share of the left side among the starts of both pools, and s and r the parts of its
    pool that are not in the right one, in the group and elsewhere, the left share is
    ``f + s (1 - f) - r f``. With the same for the right side the difference is that of the two f,
    which is that of the discordant shares, and what the starts outside add on either side.

    Each is a binomial share given its pool, so exact (Clopper-Pearson) bounds of all of them make a
    bound of the difference by Bonferroni: half of the error goes to the two discordant shares, the
    rest to the six others. Where the pools are nearly the same it is nearly the interval of paired
    shares; where they are not, pairing helps little, and the two shares bound their difference
    alone. So each of these two intervals gets half of the error, and both hold.

    Parameters
    ----------
    counts : 3 x 3 tuples of int
        Starts by their state on the left (rows) and on the right (columns), each in the order
        `OUT`, `ELSE`, `IN`; at least one start.
    direction : {"greater", "less", "equal"}
        What is said of the left share in relation to the right one.
    margin : float
        The smallest difference that would matter, a share in (0, 1).
    label : str
        How a reader knows this part.
    beyond : float
        How far beyond the right share an ordered statement begins to hold; see `Comparison`.

    Raises
    ------
    ValueError
        If a field is out of range.

    References
    ----------
    Clopper & Pearson (1934), see `intervals.clopper_pearson`.
    """

    #: A share is shown in percentage points.
    unit: ClassVar[str] = "points of share"
    scale: ClassVar[float] = 100.0
    known: ClassVar[bool] = False

    counts: Table
    direction: Direction
    margin: float
    label: str = ""
    beyond: float = 0.0

    def __post_init__(self) -> None:
        if self.direction not in ("greater", "less", "equal"):
            raise ValueError(f"unknown direction {self.direction!r}")
        if not 0.0 < self.margin < 1.0:
            raise ValueError(f"margin must lie in (0, 1), got {self.margin}")
        if not -1.0 < self.beyond < 1.0 or (self.beyond and self.direction == "equal"):
            raise ValueError(f"{self.direction!r} cannot hold beyond {self.beyond}")
        table = np.array(self.counts)
        if table.shape != (3, 3) or table.min() < 0 or table.sum() < 1:
            raise ValueError(f"counts must be 3 x 3, not negative, not all zero: {self.counts}")

    @classmethod
    def from_starts(
        cls,
        left: tuple[ArrayLike, ArrayLike],
        right: tuple[ArrayLike, ArrayLike],
        direction: Direction,
        margin: float,
        label: str = "",
        beyond: float = 0.0,
    ) -> ConditionalShares:
        """Count the starts.

        Parameters
        ----------
        left, right : pair of array_like of bool, shape (starts,)
            Whether each start ends in the group, and whether it is in the pool; what is in the
            group but not in the pool is out.
        direction, margin, label, beyond
            As of the class.
        """
        table = np.zeros((3, 3), dtype=np.int64)
        np.add.at(table, (_states(*left), _states(*right)), 1)
        counts: Table = tuple(tuple(int(n) for n in row) for row in table)  # type: ignore[assignment]
        return cls(counts, direction, margin, label, beyond)

    @property
    def threshold(self) -> float:
        """What the difference is compared with."""
        return self.beyond

    @property
    def slack(self) -> float:
        """The margin: less of a difference does not matter. It is in `beyond` where that is set."""
        return 0.0 if self.beyond else self.margin

    @property
    def replicate_count(self) -> int:
        """The starts, in a pool or not."""
        return int(self._table.sum())

    @cached_property
    def _table(self) -> FloatArray:
        return np.array(self.counts, dtype=np.float64)

    @property
    def difference(self) -> float:
        """The observed difference, left minus right; an empty pool gives a share of a half."""
        return _difference(self._table) - self.beyond

    @property
    def favouring(self) -> None:
        """None: a start may be in one pool alone."""

    @property
    def can_plan(self) -> bool:
        """Whether there is a start in each pool."""
        return bool(self._table[ELSE:].sum() > 0 and self._table[:, ELSE:].sum() > 0)

    @property
    def plan_range(self) -> None:
        """None: starts are many, and the shares that they give are near enough."""

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        """Conservative bounds of the difference.

        Parameters
        ----------
        tail : float
            Largest error probability of each side, in (0, 0.5].

        Returns
        -------
        lower, upper : float

        Raises
        ------
        ValueError
            If ``tail`` lies outside (0, 0.5].
        """
        lower, upper = _bounds(self._table, tail)
        return lower - self.beyond, upper - self.beyond

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Power with other starts, by the normal approximation.

        Of the data everything is taken but the difference: starts that both pools share are moved
        between the discordant cells, and if need be out of the others, until it is as planned.
        """
        planned = {"greater": self.margin, "less": -self.margin, "equal": 0.0}[self.direction]
        shares = _moved(self._table / self._table.sum(), planned + self.beyond)
        bounds = _bounds(replicates * shares, tail_of(self.direction, a))
        lower, upper = (bound - self.beyond for bound in bounds)
        error = _standard_error(shares) / math.sqrt(replicates)
        if self.direction == "equal":
            ends = self.margin + lower, self.margin - upper
            chance = sum(_normal(end, error) for end in ends) - 1.0
        else:
            chance = _normal(lower if self.direction == "greater" else -upper, error)
        return max(0.0, chance)


def _states(group: ArrayLike, pool: ArrayLike) -> NDArray[np.int64]:
    inside = np.asarray(pool, dtype=bool)
    return np.asarray(np.where(inside, np.where(group, IN, ELSE), OUT), dtype=np.int64)


def _difference(table: FloatArray) -> float:
    shares = []
    for side in (table, table.T):
        pool = float(side[ELSE:].sum())
        shares.append(float(side[IN].sum()) / pool if pool > 0 else 0.5)
    return shares[0] - shares[1]


def _bounds(table: FloatArray, tail: float) -> tuple[float, float]:
    """Bounds of the difference, from counts or expected counts."""
    paired, apart = _paired_bounds(table, tail / 2), _unpaired_bounds(table, tail / 2)
    return max(paired[0], apart[0]), min(paired[1], apart[1])


def _unpaired_bounds(table: FloatArray, tail: float) -> tuple[float, float]:
    (left_lower, left_upper), (right_lower, right_upper) = (
        count_bounds(side[IN].sum(), side[ELSE:].sum(), tail / 2) for side in (table, table.T)
    )
    return left_lower - right_upper, left_upper - right_lower


def _paired_bounds(table: FloatArray, tail: float) -> tuple[float, float]:
    both = table[ELSE:, ELSE:].sum()
    more = count_bounds(table[IN, ELSE], both, tail / 4)
    less = count_bounds(table[ELSE, IN], both, tail / 4)
    left = _excess_bounds(table, tail / 12)
    right = _excess_bounds(table.T, tail / 12)
    lower = more[0] - less[1] + left[0] - right[1]
    upper = more[1] - less[0] + left[1] - right[0]
    return lower, upper


def _excess_bounds(side: FloatArray, tail: float) -> tuple[float, float]:
    """Bounds of what a side's starts outside the other pool add to its share.

    It rises with those in the group and falls with those elsewhere and with f, so that each bound
    rests on three shares, each with an error of `tail`.
    """
    both, pool = side[ELSE:, ELSE:].sum(), side[ELSE:].sum()
    f = count_bounds(side[IN, ELSE:].sum(), both, tail)
    s = count_bounds(side[IN, OUT], pool, tail)
    r = count_bounds(side[ELSE, OUT], pool, tail)
    return s[0] * (1 - f[1]) - r[1] * f[1], s[1] * (1 - f[0]) - r[0] * f[0]


def _moved(shares: FloatArray, planned: float) -> FloatArray:
    """Move starts that are in both pools until the difference is as planned, or as near as can be.

    The pools stay as they are. First starts go from one discordant cell to the other, which leaves
    their number as it is, then from the concordant cells in proportion.
    """
    table = shares.copy()
    left, right = 1.0 / table[ELSE:].sum(), 1.0 / table[:, ELSE:].sum()
    missing = planned - _difference(table)
    to, off = ((IN, ELSE), (ELSE, IN)) if missing > 0 else ((ELSE, IN), (IN, ELSE))
    moved = min(float(table[off]), abs(missing) / (left + right))
    table[off] -= moved
    table[to] += moved
    rest = abs(missing) - moved * (left + right)
    concordant = {(ELSE, ELSE): left, (IN, IN): right}
    if to == (ELSE, IN):
        concordant = {(ELSE, ELSE): right, (IN, IN): left}
    gain = sum(table[cell] * rate for cell, rate in concordant.items())
    part = min(1.0, rest / gain) if gain > 0 else 0.0
    for cell in concordant:
        table[to] += part * table[cell]
        table[cell] -= part * table[cell]
    return table


def _standard_error(shares: FloatArray) -> float:
    """Return the standard error of the difference from one start, by its linear expansion."""
    weights = []
    for side in (shares, shares.T):
        pool = side[ELSE:].sum()
        value = side[IN].sum() / pool
        weights.append(np.array([0.0, -value, 1.0 - value]) / pool)
    influence = weights[0][:, None] - weights[1][None, :]
    return math.sqrt(float(np.sum(shares * influence**2)))


def _normal(value: float, error: float) -> float:
    """Chance that a normal value with this mean and standard error is above 0."""
    return float(special.ndtr(value / error)) if error > 0.0 else float(value > 0.0)
