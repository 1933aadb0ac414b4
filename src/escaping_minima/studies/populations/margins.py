"""The smallest differences of a score that would matter, by task."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.studies.populations.names import IMAGE_TASKS, TEXT_TASKS

#: Points of accuracy, and of macro-F1, whose spread between trajectories is larger.
MARGINS: Mapping[str, float] = {
    **dict.fromkeys(IMAGE_TASKS, 0.5),
    **dict.fromkeys(TEXT_TASKS, 2.0),
}
