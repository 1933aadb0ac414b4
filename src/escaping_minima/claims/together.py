"""Sides compared by what all their replicates have together: scatter, the best of a few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Part
from escaping_minima.claims.sides import (
    Compared,
    MissingRunsError,
    Values,
    aligned,
    differences,
)
from escaping_minima.statistics.jackknife import (
    BEST_OF,
    FEWEST_FOR_SPREAD,
    JackknifedComparison,
    best_values,
    spread_values,
)

#: How such sides are compared.
TOGETHER = ("spread", "best")


def compare_together(part: Part, label: str, left: Values, right: Values) -> Compared:
    """Compare what the replicates of two sides have together.

    Parameters
    ----------
    part : Part
        Compared as one of `TOGETHER`.
    label : str
        How a reader knows the part.
    left, right : Values
        Of one design.

    Raises
    ------
    MissingRunsError
        If the replicates are too few, or those of a side do not scatter.
    """
    values = pseudo_values(part, left, right)
    if not np.isfinite(values).all():
        # what one run has no value of, all of them together have none of
        there = np.isfinite(differences(left.by_cluster(), right.by_cluster(), ratio=False))
        return Compared(None, int(there.sum()), len(there))
    found = JackknifedComparison(
        tuple(float(value) - part.beyond for value in values),
        part.direction,
        part.margin,
        label,
        unit=part.unit,
        threshold=part.beyond,
        within_margin=part.within_margin,
    )
    return Compared(found, len(values), len(values))


def pseudo_values(part: Part, left: Values, right: Values) -> NDArray[np.float64]:
    """Return a pseudo-value for each replicate, of a part that compares all of them together.

    Raises
    ------
    MissingRunsError
        If the replicates are too few, or those of a side do not scatter.
    """
    left, right = aligned(left.by_cluster(), right.by_cluster())
    n = len(left.values)
    least = FEWEST_FOR_SPREAD if part.compared == "spread" else BEST_OF + 1
    if n < least:
        raise MissingRunsError(f"scale: as: {part.compared} needs {least} runs, there are {n}")
    if part.compared == "best":
        return best_values(left.values, right.values, left.chosen_by, right.chosen_by)
    found = spread_values(left.values, right.values)
    if np.isinf(found).any() or (np.isnan(found).any() and _finite(left, right)):
        raise MissingRunsError("measure: all runs of a side agree, so that its spread is unknown")
    return found


def _finite(left: Values, right: Values) -> bool:
    return bool(np.isfinite([left.values, right.values]).all())
