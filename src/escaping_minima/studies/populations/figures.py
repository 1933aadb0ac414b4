"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.populations.drawing.activity import activity
from escaping_minima.studies.populations.drawing.courses import courses, monotonic
from escaping_minima.studies.populations.drawing.error_rates import error_rates
from escaping_minima.studies.populations.drawing.figure_4 import figure_4, figure_4_all
from escaping_minima.studies.populations.drawing.lines import Sources
from escaping_minima.studies.populations.drawing.model_sets import set_losses, sets
from escaping_minima.studies.populations.drawing.optimisers import optimisers
from escaping_minima.studies.populations.drawing.single_models import single_models

__all__ = [
    "Sources",
    "activity",
    "courses",
    "error_rates",
    "figure_4",
    "figure_4_all",
    "monotonic",
    "optimisers",
    "set_losses",
    "sets",
    "single_models",
]
