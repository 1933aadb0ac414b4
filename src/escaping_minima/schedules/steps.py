"""A factor that falls in steps at given epochs."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.require import require


@dataclass(frozen=True)
class Steps:
    """Multiply by ``by`` at the beginning of each of these epochs.

    Attributes
    ----------
    epochs : tuple of int
        The first epoch is 1.
    by : float
    """

    epochs: tuple[int, ...] = ()
    by: float = 0.1

    def __post_init__(self) -> None:
        require(self.by > 0, "by", self.by, "above 0")
        require(sorted(self.epochs) == list(self.epochs), "epochs", self.epochs, "in order")

    def factor(self, epoch: int, epochs: int, done: float) -> float:
        """See `escaping_minima.schedules.protocol.Schedule`."""
        passed = sum(epoch >= border for border in self.epochs)
        return float(self.by**passed)


SCHEDULE = Steps
