"""A loss with a flat and a sharp minimum: what the paper's Figures 1 and 2 sketch, computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_Values = NDArray[np.float64]

#: Where the two wells are, and how wide; both are as deep.
CENTRES = {"flat": -2.0, "sharp": 2.0}
WIDTHS = {"flat": 1.0, "sharp": 0.25}
#: How far the test loss lies to the right of the training loss.
SHIFT = 0.2
#: The range that is drawn, and the points of a curve.
LIMITS = (-5.0, 3.5)
POINTS = 1701
#: How the other weight moves with the first, at most and at least: a factor and its inverse.
STRETCH = 4.0
#: A step of second differences, in the middle between rounding and the next term.
_STEP = 1e-3


def training_loss(w: _Values | float) -> _Values:
    """Return the training loss at weights: 1, less two wells of depth 1."""
    wells = [np.exp(-0.5 * ((w - CENTRES[n]) / WIDTHS[n]) ** 2) for n in CENTRES]
    found: _Values = 1.0 - np.sum(wells, axis=0)
    return found


def unseen_loss(w: _Values | float) -> _Values:
    """Return the test loss: that of training, moved aside."""
    return training_loss(w - SHIFT)


def stretched(w: _Values) -> _Values:
    """Return another weight for the same network, which grows all along with ``w``.

    Its slope against ``w`` is STRETCH ** tanh(w): little left of 0, much right of it.
    """
    grid = np.linspace(*LIMITS, 20 * POINTS)
    slope = STRETCH ** np.tanh(grid)
    steps = np.diff(grid) * (slope[1:] + slope[:-1]) / 2
    along = np.concatenate([[0.0], np.cumsum(steps)])
    found: _Values = np.interp(w, grid, along - np.interp(0.0, grid, along))
    return found


def curves() -> pd.DataFrame:
    """Return ``w``, ``v`` (the other weight), ``training`` and ``test`` losses along the range."""
    w = np.linspace(*LIMITS, POINTS)
    return pd.DataFrame(
        {"w": w, "v": stretched(w), "training": training_loss(w), "test": unseen_loss(w)}
    )


def minima() -> pd.DataFrame:
    """Return both minima of the training loss, found and differentiated numerically.

    Returns
    -------
    DataFrame
        By ``minimum``, "flat" and "sharp": ``w``, ``v``, ``training``, ``test``; ``curvature`` and
        ``other_curvature``, the second derivatives of the training loss by w and by v.
    """
    from scipy.optimize import minimize_scalar

    rows = []
    for name, centre in CENTRES.items():
        bounds = (centre - WIDTHS[name], centre + WIDTHS[name])
        found = minimize_scalar(
            lambda w: float(training_loss(w)),
            bounds=bounds,
            method="bounded",
            options={"xatol": 1e-9},
        )
        w = float(found.x)
        around = np.array([w - _STEP, w, w + _STEP])
        losses, v = training_loss(around), stretched(around)
        curvature = float(np.diff(losses, 2)[0]) / _STEP**2
        # at a minimum the first derivative is 0, so that the chain rule has one term
        slope = float(v[2] - v[0]) / (2 * _STEP)
        rows.append(
            {"minimum": name, "w": w, "v": float(v[1]), "training": float(losses[1])}
            | {"test": float(unseen_loss(w)), "curvature": curvature}
            | {"other_curvature": curvature / slope**2}
        )
    return pd.DataFrame(rows).set_index("minimum")
