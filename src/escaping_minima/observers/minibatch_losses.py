"""The loss while training against what it cost, in windows of updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.observers.watchers import Columns, TrainingWatcher
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run


@dataclass(frozen=True)
class MinibatchLosses:
    """Table ``curve``: ``window, updates, gradient_evaluations, loss``, one row a window.

    The updates of a run are cut into windows of equal length, the last of which may be shorter.
    ``loss`` is the mean over the window's updates of the first loss of each: before the step, in
    training mode. ``updates`` and ``gradient_evaluations`` are those of the run so far, at the
    window's end; a second gradient of an update (SAM's, one after a perturbation) counts.

    Attributes
    ----------
    windows : int
        At most so many a run.
    """

    windows: int = 100

    def __post_init__(self) -> None:
        require(self.windows >= 1, "windows", self.windows, "1 or more")

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(self.windows, run)


class _Watcher(TrainingWatcher):
    def __init__(self, windows: int, run: Run) -> None:
        import torch

        from escaping_minima.engine.overheard import Listeners, Overheard
        from escaping_minima.schedules.batch_sizes import count_updates

        self._run = run
        self._width = -(-count_updates(run.plan.sizes, run.task.size, run.plan.epochs) // windows)
        self._losses = torch.zeros(windows, dtype=torch.float64, device=run.device)
        self._evaluations = torch.zeros(windows, dtype=torch.int64, device=run.device)
        self._place = self._evaluations.new_zeros(1)
        self._gradients = self._evaluations.new_zeros(1)
        run.method = Overheard(run.method, Listeners(self._hear_gradient))

    def _hear_gradient(self, w: Tensor, out: Tensor, mask: Tensor | None) -> None:
        self._gradients.add_(1 if mask is None else mask.view(1))

    def updated(self) -> None:
        """See `TrainingWatcher.updated`."""
        window = self._place.div(self._width, rounding_mode="floor")
        self._losses.index_add_(0, window, self._run.objective.first_loss.double().view(1))
        self._evaluations.index_copy_(0, window, self._gradients)
        self._place.add_(1)

    def tables(self) -> Mapping[str, Columns]:
        """See `TrainingWatcher.tables`."""
        import numpy as np

        # a run that diverged ends earlier, within a window
        done = self._run.at.updates
        begins = np.arange(0, done, self._width)
        ends = np.minimum(begins + self._width, done)
        windows = len(begins)
        curve = {
            "window": np.arange(windows),
            "updates": ends,
            "gradient_evaluations": self._evaluations[:windows].cpu().numpy(),
            "loss": self._losses[:windows].cpu().numpy() / (ends - begins),
        }
        return {"curve": curve}

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {
            "losses": self._losses,
            "evaluations": self._evaluations,
            "place": self._place,
            "gradients": self._gradients,
        }


OBSERVER = MinibatchLosses
