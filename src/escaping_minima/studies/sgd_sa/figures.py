"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.sgd_sa.drawing.ablations import ablations
from escaping_minima.studies.sgd_sa.drawing.acceptance import acceptance
from escaping_minima.studies.sgd_sa.drawing.effective_rate import effective_rate
from escaping_minima.studies.sgd_sa.drawing.equal_passes import equal_passes
from escaping_minima.studies.sgd_sa.drawing.fashion_curves import figure_1, figure_2, ssa_variants
from escaping_minima.studies.sgd_sa.drawing.figure_3 import figure_3
from escaping_minima.studies.sgd_sa.drawing.figure_4 import figure_4, figure_4_vgg16
from escaping_minima.studies.sgd_sa.drawing.gaps import gaps
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.seed_sources import seed_sources
from escaping_minima.studies.sgd_sa.drawing.small import small, small_moves
from escaping_minima.studies.sgd_sa.drawing.step_directions import step_directions
from escaping_minima.studies.sgd_sa.drawing.worsenings import worsenings

__all__ = [
    "Sources",
    "ablations",
    "acceptance",
    "effective_rate",
    "equal_passes",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_4_vgg16",
    "gaps",
    "seed_sources",
    "small",
    "small_moves",
    "ssa_variants",
    "step_directions",
    "worsenings",
]
