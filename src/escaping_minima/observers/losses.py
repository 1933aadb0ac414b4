"""Losses and scores of every split after each epoch, and the loss while training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.observers.watchers import TrainingWatcher

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run


@dataclass(frozen=True)
class Losses:
    """Columns ``running_loss``, and ``<split>_<score>`` for every split and score of the task.

    ``running_loss`` is the mean over the epoch's items of the first loss of each update, in
    training mode (of a method that makes no such pass, in inference mode); the others are of
    inference mode over a whole split.
    """

    def watch_training(self, run: Run) -> _Watcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(run)


class _Watcher(TrainingWatcher):
    def __init__(self, run: Run) -> None:
        self._run = run

    def row(self) -> Mapping[str, Tensor | float]:
        """See `TrainingWatcher.row`."""
        run = self._run
        running: Tensor | float = run.running / run.task.size if run.at.rows else math.nan
        found = {"running_loss": running}
        for split in run.task.splits:
            for score, value in run.evaluation(split).scores.items():
                found[f"{split}_{score}"] = value
        return found


OBSERVER = Losses
