"""Attractors: losses at which walks find points of low gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Gradient norms below which a point counts, by their index in the table.
THRESHOLDS = (0.01, 0.02, 0.05, 0.1)
#: Bins of the loss up to a loss of 1.
BINS = 1000
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
        Their least loss: the lower end of its bin.
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
        return self.loss < ZERO


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
    bins, blocks, points, walks = counted[["loss_bin", "block", "points", "walks"]].to_numpy(int).T
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - BINS) > round(rule.gap * BINS))
    parts = zip(
        *(np.split(column, starts[1:]) for column in (bins, blocks, points, walks)), strict=True
    )
    found = (Attractor(float(b[0]) / BINS, int(p.sum()), _walks(k, w)) for b, k, p, w in parts)
    return [a for a in found if a.points >= rule.points and a.walks >= rule.walks]


def _walks(blocks: NDArray[np.int64], walks: NDArray[np.int64]) -> int:
    # the walks of two bins may be the same ones, those of two blocks never are
    most = np.zeros(int(blocks.max()) + 1, dtype=np.int64)
    np.maximum.at(most, blocks, walks)
    return int(most.sum())
