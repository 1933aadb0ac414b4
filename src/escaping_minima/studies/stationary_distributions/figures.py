"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.stationary_distributions.drawing.else_split import else_split
from escaping_minima.studies.stationary_distributions.drawing.exploration import exploration
from escaping_minima.studies.stationary_distributions.drawing.figure_1 import figure_1
from escaping_minima.studies.stationary_distributions.drawing.figure_2 import figure_2
from escaping_minima.studies.stationary_distributions.drawing.figure_3 import figure_3
from escaping_minima.studies.stationary_distributions.drawing.paired import paired
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    ELSE,
    SWEPT,
    describe_runs,
)
from escaping_minima.studies.stationary_distributions.drawing.sweep import GROUPS, sweep
from escaping_minima.studies.stationary_distributions.drawing.table_1 import table_1

__all__ = [
    "ELSE",
    "GROUPS",
    "SWEPT",
    "describe_runs",
    "else_split",
    "exploration",
    "figure_1",
    "figure_2",
    "figure_3",
    "paired",
    "sweep",
    "table_1",
]
