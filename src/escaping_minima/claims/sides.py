"""What a study makes of a side, replicate by replicate, and how two of them are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Part
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.conditional import ConditionalShares
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.medians import against_constant


class MissingRunsError(Exception):
    """The tables have no runs of a side, or too few to compare; the message says which."""


@dataclass(frozen=True)
class Values:
    """What the replicates of a side came to.

    Attributes
    ----------
    values : ndarray, shape (n,)
        A number each; NaN where a replicate has none. Of a share 1 or 0: whether it counts.
    ids : ndarray, shape (n,)
        Which replicate each is.
    design : str
        Two sides of one design are paired: replicates of one id share their draws.
    share : bool
        Whether the share of ones is compared, in percent; else the mean.
    pool : ndarray of bool, shape (n,), optional
        The replicates that a conditional share is among; all by default.
    clusters : ndarray, shape (n,), optional
        Replicates of one cluster are not independent (models of one trajectory): their mean is
        what is repeated.
    known : bool
        Whether the number follows from the settings and has no sampling error.
    chosen_by : ndarray, shape (n,), optional
        What the best replicate is chosen by; the values by default.
    """

    values: NDArray[np.float64]
    ids: NDArray[np.int64]
    design: str
    share: bool = False
    pool: NDArray[np.bool_] | None = None
    clusters: NDArray[np.int64] | None = None
    known: bool = False
    chosen_by: NDArray[np.float64] | None = None

    @property
    def members(self) -> NDArray[np.bool_]:
        """Which replicates are in the pool."""
        return np.ones(len(self.values), dtype=np.bool_) if self.pool is None else self.pool

    def by_cluster(self) -> Values:
        """Return the mean of each cluster, of a share in percent; a cluster without any is NaN."""
        if self.clusters is None:
            return self
        ids, place = np.unique(self.clusters, return_inverse=True)
        sums = np.bincount(place, np.where(self.members, self.values, 0.0), len(ids))
        counts = np.bincount(place, self.members, len(ids))
        means = np.divide(sums, counts, out=np.full(len(ids), np.nan), where=counts > 0)
        scaled = 100.0 * means if self.share else means
        return Values(scaled, ids, self.design)

    def chosen(self, ids: NDArray[np.int64]) -> Values:
        """Return the replicates of some ids, in the order of the ids, as members of no cluster.

        One that is not there has no value.
        """
        there = np.isin(ids, self.ids)
        order = np.argsort(self.ids)
        place = order[np.searchsorted(self.ids, ids[there], sorter=order)]
        values, chosen_by = np.full((2, len(ids)), np.nan)
        values[there] = self.values[place]
        if self.chosen_by is not None:
            chosen_by[there] = self.chosen_by[place]
        pool = None
        if self.pool is not None:
            pool = np.ones(len(ids), dtype=np.bool_)
            pool[there] = self.pool[place]
        by = None if self.chosen_by is None else chosen_by
        return replace(self, values=values, ids=ids, pool=pool, clusters=None, chosen_by=by)


@dataclass(frozen=True)
class Compared:
    """A comparison, and how much of what it needs was there.

    Attributes
    ----------
    evidence : Evidence or None
        None where no replicate has a value.
    values, replicates : int
        How many replicates have one, of how many.
    """

    evidence: Evidence | None
    values: int
    replicates: int

    @property
    def complete(self) -> bool:
        """Whether every replicate has a value; which lack one is no accident."""
        return 0 < self.replicates == self.values


def differences(left: Values, right: Values, ratio: bool) -> NDArray[np.float64]:
    """Return left less right for each replicate that one of them has.

    Parameters
    ----------
    left, right : Values
        Of one design.
    ratio : bool
        Take 100 ln(left / right) instead, in percent.

    Returns
    -------
    ndarray, shape (n,)
        NaN or infinite where one of them has no value, or no logarithm; in the order of ids where
        these differ.
    """
    left, right = aligned(left, right)
    with np.errstate(all="ignore"):
        if ratio:
            return 100.0 * (np.log(left.values) - np.log(right.values))
        return left.values - right.values


def count_values(side: Values) -> int:
    """Count the independent replicates of a side that have a value."""
    return int(np.isfinite(side.by_cluster().values).sum())


def compare(
    part: Part,
    label: str,
    left: Values,
    right: Values | float,
    level: float,
    runs: int | None = None,
) -> Compared:
    """Compare a side with another one or with a number.

    Parameters
    ----------
    part : Part
        Its relation, margin and unit.
    label : str
        How a reader knows the part.
    left : Values
    right : Values or float
    level : float
        At which the part alone would decide against its setting: where runs are too few for a
        median to do so, their mean is judged.
    runs : int, optional
        How many runs of the left side that is asked of; those given by default.
    """
    clustered = left.clusters is not None and left.share
    left = left.by_cluster()
    if isinstance(right, Values):
        right = right.by_cluster()
    if part.compared == "signs":
        return _signs(part, label, left, right)
    if left.share:
        return _shares(part, label, left, right)
    return _means(part, label, left, right, "points of share" if clustered else "", level, runs)


def aligned(left: Values, right: Values) -> tuple[Values, Values]:
    """Return two sides of one design with the same replicates in the same order."""
    if np.array_equal(left.ids, right.ids):
        return left, right
    # what one side lacks is not left out: it has no value there, as a run that failed has none
    either = np.union1d(left.ids, right.ids)
    return left.chosen(either), right.chosen(either)


def _signs(part: Part, label: str, left: Values, right: Values | float) -> Compared:
    """Compare pair by pair: only those that differ say anything about the difference."""
    if isinstance(right, Values):
        difference = differences(left, right, ratio=False)
    else:
        difference = left.values - right
    there = difference[np.isfinite(difference)]
    n = len(there)
    if not n:
        return Compared(None, 0, len(difference))
    shares = Share(int((there > 0).sum()), n), Share(int((there < 0).sum()), n)
    found = Comparison(
        *shares,
        part.direction,
        part.margin / 100,
        label,
        replicates=n,
        paired=True,
        beyond=part.beyond / 100,
    )
    return Compared(found, n, len(difference))


def _shares(part: Part, label: str, left: Values, right: Values | float) -> Compared:
    if isinstance(right, Values) and left.design == right.design:
        left, right = aligned(left, right)
        whole = left.members.all() and right.members.all()
        return (_signs if whole else _conditional)(part, label, left, right)
    ours, there = _share(left)
    n = len(left.values)
    theirs: Share | float
    if isinstance(right, Values):
        theirs, theirs_there = _share(right)
        n, there = max(n, len(right.values)), min(there, theirs_there)
    else:
        theirs = right / 100
    found = Comparison(
        ours,
        theirs,
        part.direction,
        part.margin / 100,
        label,
        replicates=n,
        beyond=part.beyond / 100,
    )
    return Compared(found, there, n)


def _conditional(part: Part, label: str, left: Values, right: Values) -> Compared:
    """Compare two shares among pools start by start; replicates without a value are in neither."""
    there = np.isfinite(left.values) & np.isfinite(right.values)
    ours, theirs = ((side.values[there] == 1.0, side.members[there]) for side in (left, right))
    if not there.any():
        return Compared(None, 0, len(there))
    found = ConditionalShares.from_starts(
        ours, theirs, part.direction, part.margin / 100, label, part.beyond / 100
    )
    return Compared(found, int(there.sum()), len(there))


def _share(side: Values) -> tuple[Share, int]:
    there = np.isfinite(side.values)
    pool = side.members & there
    # with nobody in the pool nothing is known: one trial leaves the interval as wide as can be
    share = Share(int(side.values[pool].sum()), max(int(pool.sum()), 1))
    return share, int(there.sum())


def _means(
    part: Part,
    label: str,
    left: Values,
    right: Values | float,
    unit: str,
    level: float,
    runs: int | None,
) -> Compared:
    if isinstance(right, Values):
        values, threshold = differences(left, right, part.compared == "ratio"), part.beyond
    else:
        values, threshold = left.values, right
    there = tuple(float(value) for value in values[np.isfinite(values)])
    if not there:
        return Compared(None, 0, len(values))
    unit = part.unit or unit
    found: Evidence
    if isinstance(right, Values) or left.known:
        found = MeanComparison(
            tuple(value - threshold for value in there),
            part.direction,
            part.margin,
            label,
            known=left.known,
            unit=unit,
            threshold=threshold,
            within_margin=part.within_margin,
        )
    else:
        found = against_constant(
            there, right, part.direction, part.margin, label, level, unit, runs
        )
    return Compared(found, len(there), len(values))
