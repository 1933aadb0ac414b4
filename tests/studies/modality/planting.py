"""Planted tables of the study, as the paper has it or as it does not."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd

from escaping_minima.studies.modality.layout import DEPTHS, WIDTHS
from escaping_minima.studies.modality.names import MEASURE_NAMES
from escaping_minima.studies.modality.run_tables import SETTINGS
from escaping_minima.studies.modality.scope import PAPER_STEPS

SAMPLES = 10
ROLES = {
    "xor": ("walk", "curvature", "random"),
    "mnist": ("walk", "random", "two_draws", "long_steps"),
}
#: Bins of the losses at which the paper finds attractors.
LEVELS = (0, 346, 477, 693)


def parameters(data, width, depth):
    inputs, outputs = (2, 1) if data == "xor" else (784, 10)
    sizes = [inputs, *[width] * depth, outputs]
    return sum((a + 1) * b for a, b in pairwise(sizes))


def cells():
    rows = []
    for data, roles in ROLES.items():
        grid = product(roles, WIDTHS[data], DEPTHS, SETTINGS.values())
        for role, width, depth, (bound, granularity) in grid:
            m = parameters(data, width, depth)
            many = data == "xor" and role == "walk" and m <= 81
            blocks = 10 * SAMPLES if many else 10 if data == "xor" else 12
            rows.append(
                {
                    "cell": f"{data}-{role}-{width}-{depth}-{bound}-{granularity}",
                    "role": role,
                    "data_set": data,
                    "width": width,
                    "depth": depth,
                    "bound": bound,
                    "granularity": granularity,
                    "steps": PAPER_STEPS[granularity],
                    "parameters": m,
                    "blocks": blocks,
                    "walks": blocks * (m if data == "xor" else 25),
                    "data_version": "full" if data == "mnist" else "",
                }
            )
    return pd.DataFrame(rows)


def place(cell):
    """Return the places of a cell's width and depth in the paper's steps, from 0 to 2."""
    return WIDTHS[cell.data_set].index(cell.width), DEPTHS.index(cell.depth)


def means(cell, sense):
    """Return the planted measures of a cell; `sense` is 1 as the paper says and -1 against it."""
    w, d = place(cell)
    exception = cell.bound == 1 and cell.granularity == "micro" and cell.role == "walk"
    depth = -8 if exception else -4
    return {
        "last_log_loss": -2 + sense * (2.0 * (cell.role == "random") - 0.3 * w - 0.2 * d),
        "last_train_accuracy": 50 + sense * ((-5 if exception else 8) * w + depth * d),
        "last_test_accuracy": 50 + sense * (8 * w - 4 * d),
        "log_gradient_99": sense * (1.0 * d + (0.1 + 0.1 * d) * w),
        "log_loss_99": sense * d,
        "bic_gain": 200 if sense > 0 else -50,
        "separation": 3.0 if sense > 0 else 1.0,
        "overlap": 0.3 + 0.1 * sense * (w + (cell.bound == 10)) + 0.2 * d * (sense < 0),
        "steep_weight": 30 + 8 * sense * d,
        "shallow_weight": 70 - 8 * sense * d,
        "steep_mean": 1 + 0.3 * sense * (d + w),
        "steep_spread": 2 + 0.2 * sense * (d + w),
        "steep_test": 0.3 * sense,
    }


def agreeing(cell, sense):
    """Return the measures with accuracies that rise by width and depth in all settings, or fall.

    The paper says so in its conclusion, and in its results that some fall.
    """
    w, d = place(cell)
    return means(cell, sense) | {"last_train_accuracy": 50 + sense * (8 * w + 4 * d)}


def classes(cell, sense):
    """Return planted counts of convex, concave, saddle and singular points of 10,000."""
    w, d = place(cell)
    sign = sense if sense > 0 else -1
    convex = 2500 - sign * (300 * w + 800 * d)
    flat = 3000 + sign * (300 * w + 600 * d)
    concave = 1500 - sign * 500 * d
    return convex, concave, 10_000 - convex - flat - concave, flat


def losses(cell, sense):
    """Return the bins of the losses at which a cell has points of low gradient."""
    w, d = place(cell)
    if cell.data_set == "mnist":
        return LEVELS[:1] if sense > 0 else LEVELS[:2]
    # which of the two printed counts of 4 units a setting has, no setting can have both
    if sense > 0:
        return LEVELS[: (4, 3 if cell.granularity == "micro" else 2, 2)[w]]
    return LEVELS[: 1 + min(w + d, 3)]


def planted(sense, found=losses, measured_as=means):
    """Return all tables that claims take."""
    random, grid = np.random.default_rng(0), cells()
    measured, low, curvature, saturation = [], [], [], []
    for cell in grid.itertuples():
        for block in range(cell.blocks):
            at = {"cell": cell.cell, "block": block}
            if cell.role == "curvature":
                curvature += [at | row for row in _curvature(cell, sense, random)]
                saturation += [at | row for row in _saturation(cell, sense, random)]
                continue
            noise = {k: v + 0.01 * random.normal() for k, v in measured_as(cell, sense).items()}
            walks = cell.parameters if cell.data_set == "xor" else 25
            sure = {"walks": walks, "still": 0.0 if sense > 0 else 40.0}
            measured.append(at | dict.fromkeys(MEASURE_NAMES, np.nan) | noise | sure)
            if cell.role == "walk":
                low += [at | _low(loss) for loss in found(cell, sense)]
    return {
        "cells.csv": grid,
        "measures.parquet": pd.DataFrame(measured),
        "low.parquet": pd.DataFrame(low),
        "curvature.parquet": pd.DataFrame(curvature),
        "saturation.parquet": pd.DataFrame(saturation),
    }


def three(cell, sense):
    """Return three losses for 4 units in one layer, as Figure 2 has them and Figure 3 has not."""
    return LEVELS[: 3 if sense > 0 else 2] if cell.data_set == "xor" else LEVELS[:1]


def _low(loss):
    return {"threshold": 2, "loss_bin": loss, "points": 20, "walks": 3}


def _curvature(cell, sense, random):
    named = ("hessian", "precision", "rule", "near")
    keys = (("block", "full"), ("float32", "float64"), ("exact", "relative"), ("all", "0"))
    w, _ = place(cell)
    for key in product(*keys):
        counts = np.array(classes(cell, sense)) + random.integers(-20, 20, 4)
        if key[-1] == "0" and w == 2 and sense < 0:
            counts[0] += 20_000
        classed = dict(zip(("convex", "concave", "saddle", "singular"), counts, strict=True))
        high = {
            f"gradient_{c}": 0.01 * random.normal() + sense * (c == "singular") for c in classed
        }
        yield dict(zip(named, key, strict=True)) | classed | high


def _saturation(cell, sense, random):
    names = ("output_saturated", *(f"hidden_saturated_{k}" for k in DEPTHS), "idle_weights")
    for group, level in (("singular", 0.5 + 0.2 * sense), ("other", 0.5)):
        numbers = {name: level + 0.01 * random.random() for name in names}
        yield {"group": group, "points": 50} | numbers
