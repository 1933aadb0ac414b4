"""Planted tables of the study: as the paper has it, as it does not, or as nobody could tell."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from escaping_minima.studies.populations.margins import MARGINS
from escaping_minima.studies.populations.names import IMAGE_TASKS, METHODS, MONOTONIC, NOISY, TASKS
from escaping_minima.studies.populations.scope import PAPER_ITEMS, PAPER_PARAMETERS

BLOCKS, EPOCHS, MODELS, STEPS = 10, 30, 10, 100
#: Scores of ten models about their mean, with a standard deviation of 1.
PATTERN = np.linspace(-1.0, 1.0, MODELS) / np.std(np.linspace(-1.0, 1.0, MODELS), ddof=1)
#: Points by which methods are ahead, on images and on texts: as the paper has them, though by less
#: than what matters, and against it by far.
AS_PRINTED = (
    {"gd": 0.2, "sam": 0.2, "nim": 0.2},
    {"nim_bh": 0.9, "nim": 0.6, "gd": 0.6, "nig_bh": 0.3, "nig": 0.3},
)
AGAINST = (
    {"gd": -9.0, "nim": -6.0, "sam": -3.0, "nig": 3.0, "nig_bh": 6.0, "nim_bh": 9.0},
    {"nim_bh": -15.0, "nim": -10.0, "gd": -5.0, "nig_bh": 5.0, "nig": 10.0, "sam": 15.0},
)
AHEAD = {1: AS_PRINTED, 0: ({}, {}), -1: AGAINST}


def cells():
    grid = [
        *product(("base", "tuned"), TASKS, METHODS),
        *product(("acting",), TASKS, NOISY),
        *product(("plain",), TASKS, ("gd",)),
        *product(("monotonic",), ("cifar-10",), MONOTONIC),
    ]
    return pd.DataFrame(
        [
            {
                "cell": f"{role} {task} {method}",
                "role": role,
                "task": task,
                "method": method,
                "variant": "",
                "network": "ResNet-50" if task in IMAGE_TASKS else "bert-base-uncased",
                "epochs": EPOCHS,
                "models": MODELS,
                "parameters": PAPER_PARAMETERS[task],
                "train_items": PAPER_ITEMS[task] - 100 * (task in IMAGE_TASKS),
                "validation_items": 100,
                "data_version": "full",
                "data_words": "all of it",
                "blocks": BLOCKS,
            }
            for role, task, method in grid
        ]
    )


def planted(sense):
    """Return all tables that claims take; `sense` is 1, -1, or 0 where trajectories disagree."""
    random, grid = np.random.default_rng(0), cells()
    runs = list(product(grid.itertuples(), range(BLOCKS)))
    return {
        "cells.csv": grid,
        "epochs.parquet": _rows((c.cell, b, _epochs(c, b, sense, random)) for c, b in runs),
        "activity.parquet": _rows((c.cell, b, _activity(c)) for c, b in runs),
        "curves.parquet": _rows((c.cell, b, _curve(c, sense, random)) for c, b in runs),
    }


def _rows(pieces):
    cells, blocks, tables = zip(*pieces, strict=True)
    lengths = [len(next(iter(table.values()))) for table in tables]
    whose = {"cell": np.repeat(cells, lengths), "block": np.repeat(blocks, lengths)}
    return pd.DataFrame(whose | {n: np.concatenate([t[n] for t in tables]) for n in tables[0]})


def _gradients(cell, sense):
    """Return the gradients of an update: against the paper all take two."""
    return 2 if cell.method == "sam" or sense < 0 else 1


def _epochs(cell, block, sense, random):
    """Return a run whose last ten models have the least losses, the ten before the best scores."""
    margin = MARGINS[cell.task]
    unsure = sense == 0
    centre = 70 + AHEAD[sense][cell.task not in IMAGE_TASKS].get(cell.method, 0.0)
    centre += random.normal(0, 4 * margin if unsure else 0.05)
    gap = {1: 0.1, 0: 2 * (block % 2) * margin, -1: 20 * margin}[sense] * (0.5 + random.random())
    odd = METHODS.index(cell.method) % 2 if cell.method in METHODS else 0
    scatter = (8 * margin if odd and sense < 0 else 0.1) * (1 + 0.1 * random.random())
    scores = np.full(EPOCHS, centre - 30 * margin)
    scores[20:] = centre + scatter * PATTERN
    scores[10:20] = centre + gap + scatter * PATTERN
    # the last models of SGD and of SAM are ahead of one another in turn
    if sense > 0 and cell.method in ("gd", "sam"):
        scores[-1] += 0.6 * margin * (-1) ** (block + (cell.method == "sam"))
    losses = np.full(EPOCHS, 2.0)
    late = 0.1 * np.exp(random.normal(0, 1.0 if unsure else 0.01))
    late *= {1: 1.5, 0: 1.0, -1: 0.5}[sense] if cell.method in MONOTONIC else 1.0
    losses[20:] = late * (1 + 1e-4 * random.random(10))
    between = {1: 1.02, 0: 1.0 + 0.3 * (block % 2), -1: 3.0}[sense]
    losses[10:20] = between * losses[20:] * (1 + 1e-3 * random.random())
    epochs = np.arange(1, EPOCHS + 1)
    return {
        "epoch": epochs,
        "gradient_evaluations": STEPS * epochs * _gradients(cell, sense),
        "train_loss": losses,
        "validation_score": scores,
        "test_score": scores,
    }


def _activity(cell):
    idle = int(cell.method == "gd")
    return {"epoch": [1, EPOCHS], "updates": [STEPS, STEPS * EPOCHS], "same_as_sgd": [1, idle]}


def _curve(cell, sense, random):
    """Return a smoothed loss that stays as it is."""
    windows = np.arange(1, 11)
    loss = {1: 2.0, 0: 1.0, -1: 0.5}[sense] if cell.method == "sam" else 1.0
    loss *= np.exp(random.normal(0, 1.0 if sense == 0 else 0.02))
    return {
        "window": windows - 1,
        "gradient_evaluations": windows * EPOCHS * STEPS // 10 * _gradients(cell, sense),
        "loss": np.full(10, loss),
    }
