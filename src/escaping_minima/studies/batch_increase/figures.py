"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.batch_increase.annealing_figures import annealing_curve, figure_3
from escaping_minima.studies.batch_increase.curve_figures import (
    equal_updates,
    figure_5,
    figure_6,
    figure_7,
    figure_8,
    section_4_5,
    sgd_control,
    weights,
)
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.differences import differences
from escaping_minima.studies.batch_increase.flatness_figures import (
    figure_1,
    figure_2,
    flatness,
    loss_slices,
    rescaling,
)
from escaping_minima.studies.batch_increase.horizon_figures import (
    horizon_batches,
    horizon_curves,
    horizon_mesh,
)
from escaping_minima.studies.batch_increase.mesh_figures import (
    figure_9,
    figure_10,
    figure_11,
    figure_12,
)
from escaping_minima.studies.batch_increase.order_figures import orders
from escaping_minima.studies.batch_increase.theory_figures import (
    figure_4,
    noise_split,
    normality_by_size,
    variance_by_size,
)

__all__ = [
    "Sources",
    "annealing_curve",
    "differences",
    "equal_updates",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_5",
    "figure_6",
    "figure_7",
    "figure_8",
    "figure_9",
    "figure_10",
    "figure_11",
    "figure_12",
    "flatness",
    "horizon_batches",
    "horizon_curves",
    "horizon_mesh",
    "loss_slices",
    "noise_split",
    "normality_by_size",
    "orders",
    "rescaling",
    "section_4_5",
    "sgd_control",
    "variance_by_size",
    "weights",
]
