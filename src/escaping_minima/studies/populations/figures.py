"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.populations.drawing.activity import activity
from escaping_minima.studies.populations.drawing.courses import courses, monotonic
from escaping_minima.studies.populations.drawing.differences import against_sgd, differences
from escaping_minima.studies.populations.drawing.error_rates import error_rates
from escaping_minima.studies.populations.drawing.figure_4 import figure_4, figure_4_all
from escaping_minima.studies.populations.drawing.lines import Sources
from escaping_minima.studies.populations.drawing.scores import scores

__all__ = [
    "Sources",
    "activity",
    "against_sgd",
    "courses",
    "differences",
    "error_rates",
    "figure_4",
    "figure_4_all",
    "monotonic",
    "scores",
]
