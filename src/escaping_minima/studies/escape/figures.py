"""The figures of the study by name, as its notebook draws them."""

from __future__ import annotations

from escaping_minima.studies.escape.drawing.annealing import annealing, metropolis
from escaping_minima.studies.escape.drawing.arena import arena
from escaping_minima.studies.escape.drawing.batches import batches
from escaping_minima.studies.escape.drawing.clouds import clouds
from escaping_minima.studies.escape.drawing.courses import survival, targets
from escaping_minima.studies.escape.drawing.networks import sources, widths
from escaping_minima.studies.escape.drawing.reset import reset
from escaping_minima.studies.escape.drawing.restarts import restarts
from escaping_minima.studies.escape.drawing.saddles import attractors, saddles
from escaping_minima.studies.escape.drawing.stuck import stuck
from escaping_minima.studies.escape.skip_figures import skip_training, skips

__all__ = [
    "annealing",
    "arena",
    "attractors",
    "batches",
    "clouds",
    "metropolis",
    "reset",
    "restarts",
    "saddles",
    "skip_training",
    "skips",
    "sources",
    "stuck",
    "survival",
    "targets",
    "widths",
]
