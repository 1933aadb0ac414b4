"""The replicates that would decide a comparison."""

from __future__ import annotations

import math
from functools import lru_cache

from escaping_minima.statistics.evidence import Evidence


@lru_cache(maxsize=10_000)
def replicates_needed(
    evidence: Evidence,
    a: float,
    power: float = 0.8,
    block: int = 500,
    maximum: int = 10**7,
    minimum: int = 0,
) -> int | None:
    """Replicates at which the comparison would have the wanted power at its margin.

    What is not the effect (a share, a standard deviation) is taken from the data, the effect never.

    Parameters
    ----------
    evidence : Evidence
        What is compared, with the replicates behind it.
    a : float
        Level of the decision.
    power : float
        Wanted power, in (0, 1).
    block : int
        Replicates come in whole blocks of this size.
    maximum : int
        Largest number of replicates considered.
    minimum : int
        Smallest number considered, rounded up to blocks: a caller that wants the largest of many
        passes what it has so far, and is spared the search where less would do.

    Returns
    -------
    int or None
        A multiple of `block` with the wanted power, one block less not having it (or being less
        than `minimum`); None if no number up to `maximum` has it, or the data do not say how
        the power grows.

    Raises
    ------
    ValueError
        If `power` lies outside (0, 1), or `block` outside [1, maximum].
    """
    if not 0.0 < power < 1.0 or not 1 <= block <= maximum:
        raise ValueError(f"power {power} or block {block} is out of range")
    if not evidence.can_plan:
        return None

    def enough(blocks: int) -> bool:
        return evidence.power_at_margin(blocks * block, a) >= power

    most = maximum // block
    least = min(max(1, math.ceil(minimum / block)), most)
    low, high = least - 1, least
    while high < most and not enough(high):
        low, high = high, min(2 * high, most)
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high * block
