"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.modality.drawing.attractors import attractors
from escaping_minima.studies.modality.drawing.class_clouds import figure_2, figure_3
from escaping_minima.studies.modality.drawing.courses import courses
from escaping_minima.studies.modality.drawing.figure_1 import figure_1, zero_rules
from escaping_minima.studies.modality.drawing.figure_4 import figure_4
from escaping_minima.studies.modality.drawing.overlap import overlap
from escaping_minima.studies.modality.drawing.saturation import saturation
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.drawing.test_loss_clouds import figure_5, figure_6

__all__ = [
    "Sources",
    "attractors",
    "courses",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_5",
    "figure_6",
    "overlap",
    "saturation",
    "zero_rules",
]
