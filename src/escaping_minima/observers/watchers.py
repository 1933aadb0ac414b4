"""What an observer is: it watches a run and adds columns or tables to its block.

A cell names its observers. Each is a frozen dataclass, the settings, with ``watch_training(run)``,
which returns a `TrainingWatcher`, or ``watch_points(plan, replicates, device)``, which returns a
`PointsWatcher`, or both. What a watcher accumulates stays on the device; nothing is read back in a
loop. Both classes here do nothing, so that a watcher writes down only what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.methods.protocol import State

#: A table: columns of equal length by name.
Columns = Mapping[str, Any]


class TrainingWatcher:
    """Watches one run of network training."""

    def looks_at(self, begin: int, end: int) -> bool:
        """Return whether it does something of its own at an update, which is not captured then.

        Parameters
        ----------
        begin, end : int
            Places of the update's items in the order of the present epoch.
        """
        return False

    def updated(self) -> None:
        """Take note of an update that was done; it may be part of a captured graph."""

    def row(self) -> Mapping[str, Tensor | float]:
        """Return columns of the block's table for the epoch that has ended, scalars."""
        return {}

    def last(self) -> Mapping[str, bytes]:
        """Return columns that only the last row of the table has; the others have ``b""``."""
        return {}

    def tables(self) -> Mapping[str, Columns]:
        """Return further tables of the block by name."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Return what a resumed run must find again; it is written into in place."""
        return {}


class PointsWatcher:
    """Watches the replicates of blocks side by side, k rows in all."""

    def before_step(self, step: int, w: Tensor) -> None:
        """Look at the points (k, d) before a step is done."""

    def after_step(self, step: int, w: Tensor, state: State) -> None:
        """Look at the points and at the method's state after a step."""

    def columns(self, end: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """Return columns of the blocks' table, each of shape (k,), given the end points (k, d)."""
        return {}

    def pieces(self) -> Mapping[str, Columns]:
        """Return the tables that have grown since the last call, to be kept as pieces.

        A column ``replicate`` says whose a row is, 0 .. k - 1.
        """
        return {}

    def after_last(self) -> Mapping[str, Columns]:
        """Return tables that are only known after the last step; see `pieces`."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return what a resumed run must find again; nothing of it is in pieces that were taken."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
