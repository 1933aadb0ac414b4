"""Attractors: losses at which walks find points of low gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Gradient norms below which a point counts, by their index in the table.
THRESHOLDS = (0.01, 0.02, 0.05, 0.1)
#: Width of a bin of the loss.
BIN = 0.001
#: Below this loss lies the attractor at 0.
ZERO = 0.005


@dataclass(frozen=True)
class Rule:
    """When points of low gradient make an attractor.

    The paper reads attractors off its figures, so every number here is ours.

    Attributes
    ----------
    threshold : float
        Points of a smaller gradient norm count; one of `THRESHOLDS`.
    gap : float
        Losses that lie no farther apart belong to one attractor.
    points, walks : int
        The least that one needs.
    """

    threshold: float = 0.05
    gap: float = 0.01
    points: int = 10
    walks: int = 2


@dataclass(frozen=True)
class Attractor:
    """Points of low gradient whose losses lie close together.

    Attributes
    ----------
    loss : float
        Their least loss, to the width of a bin.
    points : int
    walks : int
        At least so many different walks have one: a walk that is in several bins counts once.
    """

    loss: float
    points: int
    walks: int

    @property
    def is_zero(self) -> bool:
        """Whether it is the global one, at loss 0."""
        return self.loss < ZERO - BIN / 2


def find_attractors(low: pd.DataFrame, rule: Rule) -> list[Attractor]:
    """Return the attractors among the points of some walks, from the lowest loss on.

    Parameters
    ----------
    low : DataFrame
        One row a loss bin of a block: ``block``, ``threshold`` (an index), ``loss_bin``,
        ``points``, ``walks``.
    rule : Rule
    """
    counted = low[low["threshold"] == THRESHOLDS.index(rule.threshold)].sort_values("loss_bin")
    if counted.empty:
        return []
    bins = counted["loss_bin"].to_numpy(int)
    cluster = np.cumsum(np.diff(bins, prepend=bins[0]) > round(rule.gap / BIN))
    found = (_attractor(rows) for _, rows in counted.groupby(cluster))
    return [a for a in found if a.points >= rule.points and a.walks >= rule.walks]


def _attractor(rows: pd.DataFrame) -> Attractor:
    # the walks of two bins may be the same ones, those of two blocks never are
    walks = rows.groupby("block")["walks"].max().sum()
    return Attractor(float(rows["loss_bin"].min()) * BIN, int(rows["points"].sum()), int(walks))
