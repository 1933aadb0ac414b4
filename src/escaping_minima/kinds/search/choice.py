"""Which trial of a search is taken: part of what decides the numbers of tuned runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: What a score can be best at.
LOWEST, HIGHEST = "lowest", "highest"


def best_trial(scores: Sequence[float], best: str) -> int | None:
    """Return the index of the best score, the first of equal ones.

    Parameters
    ----------
    scores : sequence of float
        In the order of the trials; not finite for one that diverged, which is never taken.
    best : str
        "lowest" or "highest".

    Returns
    -------
    int or None
        None if every trial diverged.
    """
    known = [index for index, score in enumerate(scores) if math.isfinite(score)]
    # both take the first of equal ones
    take = min if best == LOWEST else max
    return take(known, key=lambda index: scores[index], default=None)
