"""A factor on half a cosine, from 1 to 0 over the run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from escaping_minima.parts.require import require


@dataclass(frozen=True)
class Cosine:
    """(1 + cos(pi t)) / 2, t the share of the run that is done, after a straight warm-up.

    Attributes
    ----------
    warm_up : float
        The share of the run in which the factor grows straight from 0 to 1.

    References
    ----------
    Loshchilov and Hutter 2017, SGDR, equation 5 without restarts.
    """

    warm_up: float = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.warm_up < 1, "warm_up", self.warm_up, "0 or more, below 1")

    def factor(self, epoch: int, epochs: int, done: float) -> float:
        """See `escaping_minima.schedules.protocol.Schedule`."""
        if done < self.warm_up:
            return done / self.warm_up
        return (1.0 + math.cos(math.pi * (done - self.warm_up) / (1.0 - self.warm_up))) / 2.0


SCHEDULE = Cosine
