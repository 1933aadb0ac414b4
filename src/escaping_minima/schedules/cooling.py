"""A factor that falls geometrically with the epochs, as temperatures do in annealing."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.require import require


@dataclass(frozen=True)
class Cooling:
    """alpha^(epoch - 1).

    Attributes
    ----------
    alpha : float

    References
    ----------
    Kirkpatrick, Gelatt and Vecchi 1983, Science 220, 671-680: a geometric cooling.
    """

    alpha: float = 0.9

    def __post_init__(self) -> None:
        require(0 < self.alpha <= 1, "alpha", self.alpha, "above 0, at most 1")

    def factor(self, epoch: int, epochs: int, done: float) -> float:
        """See `escaping_minima.schedules.protocol.Schedule`."""
        return float(self.alpha ** (epoch - 1))


SCHEDULE = Cooling
