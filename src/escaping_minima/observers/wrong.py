"""Which items of the test set a network gets wrong at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from escaping_minima.observers.watchers import TrainingWatcher

if TYPE_CHECKING:
    from escaping_minima.engine.run import Run


@dataclass(frozen=True)
class Wrong:
    """Column ``wrong``: one bit an item of the test set, in the last row alone."""

    def watch_training(self, run: Run) -> _Watcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(run)


class _Watcher(TrainingWatcher):
    def __init__(self, run: Run) -> None:
        self._run = run

    def last(self) -> Mapping[str, bytes]:
        """See `TrainingWatcher.last`."""
        wrong = self._run.evaluation("test").wrong
        return {"wrong": np.packbits(wrong.cpu().numpy()).tobytes()}


OBSERVER = Wrong
