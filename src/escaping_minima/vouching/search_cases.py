"""Searches, and runs that they tune, as they are run at both commits."""

from __future__ import annotations

from dataclasses import replace

from escaping_minima.kinds.search.cell import SearchCell, make_search_cell, tuned_by
from escaping_minima.kinds.training.cell import TrainingCell, make_training_cell

#: A network that can hold images out, what its channels are divided by, and a method.
NETWORK, DIVISOR, METHOD = "vgg16", 8, "gd"
#: Images that are held out.
HELD_OUT = 10
SPACE = {"learning_rate": {"uniform": (0.01, 0.1)}}


def short_search(images: int, test_images: int, batch: int, epochs: int) -> SearchCell:
    """Return a search on so many images that are trained on."""
    settings = {
        "data": "sample",
        "train_images": images + HELD_OUT,
        "test_images": test_images,
        "validation_images": HELD_OUT,
        "divisor": DIVISOR,
    }
    sizes = {"first": batch, "last": batch, "line": "epochs"}
    return make_search_cell(make_training_cell(NETWORK, METHOD, epochs, sizes, settings), SPACE)


def tuned(search: SearchCell) -> TrainingCell:
    """Return a run that takes what the first trial drew."""
    return replace(search.trial(0), tuned_by=tuned_by(search, 1))
