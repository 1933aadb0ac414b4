"""How long a training may take, with what it must keep back to save its states."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from escaping_minima.errors import UserError

#: What is kept back before any state was saved: this share of the time, at most so many seconds.
SHARE = 0.05
LARGEST_RESERVE = 10.0
#: Saving may take so many times what it took before.
CAUTION = 2.0


class TimeLimit:
    """A limit of time, counted from its construction.

    Parameters
    ----------
    seconds : float, optional
        None sets no limit.
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(
        self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.is_set = seconds is not None
        self._clock = clock
        self._end = clock() + (math.inf if seconds is None else seconds)
        self._reserve = min(LARGEST_RESERVE, SHARE * (seconds or 0.0))
        self._saving: dict[str, float] = {}

    def is_over(self) -> bool:
        """Whether what is left of the time is needed to save the states of what runs."""
        reserve = self._reserve + CAUTION * sum(self._saving.values())
        return self._clock() >= self._end - reserve

    def saved(self, key: str, seconds: float) -> None:
        """Take note of how long the state of ``key`` took to save; 0 once it has ended."""
        self._saving[key] = seconds


def read_minutes(text: str | None) -> TimeLimit:
    """Return the limit that a number of minutes sets, none for None.

    Raises
    ------
    UserError
        If it is no number above 0.
    """
    if text is None:
        return TimeLimit()
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise UserError(f"--minutes: found {text!r}; allowed: a number above 0, such as 9")
    return TimeLimit(60 * minutes)
