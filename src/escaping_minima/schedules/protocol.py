"""What a schedule is: a factor for each epoch or update of a run."""

from __future__ import annotations

from typing import Protocol


class Schedule(Protocol):
    """How a setting goes, as multiples of its value in the method's settings."""

    def factor(self, epoch: int, epochs: int, done: float) -> float:
        """Return the factor of an update.

        Parameters
        ----------
        epoch : int
            1 .. epochs.
        epochs : int
            All epochs of the run.
        done : float
            The share of the run's training images that were seen before this update, in [0, 1).
        """
