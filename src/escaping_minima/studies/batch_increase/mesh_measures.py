"""How many cells of a mesh a run visits: in all, before and after a time, at a low loss.

A count can reach the number of snapshots that it is taken from, and there it says nothing of how
wide a search was: it is at its bound. `mesh_orders` sets two counts against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: What the loss of a cell is: the least or the mean of its visits, or that of any single visit.
Rule = Literal["least", "mean", "any"]
RULES: tuple[Rule, ...] = ("least", "mean", "any")
#: Room for the rounding of a share of the epochs.
_ROUNDING = 1e-9

_Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Count:
    """A number of distinct cells.

    Attributes
    ----------
    cells : float
        The mean over the subsets of coordinates, which are no replicates.
    snapshots : int
        From how many it is taken: its bound.
    at_bound : bool
        Whether that of any subset is at the bound; also where there are no snapshots.
    """

    cells: float
    snapshots: int
    at_bound: bool


@dataclass(frozen=True)
class Walk:
    """A run as it goes through one mesh.

    Attributes
    ----------
    visited : ndarray of int, shape (subsets, epochs)
        The cell after each epoch, by a number.
    loss : ndarray, shape (epochs,)
        Training loss.
    """

    visited: NDArray[np.int32]
    loss: NDArray[np.float64]

    @property
    def epochs(self) -> int:
        """Epochs of the run."""
        return int(self.visited.shape[1])

    @property
    def epoch(self) -> NDArray[np.int64]:
        """The number of each epoch, from 1."""
        return np.arange(1, self.epochs + 1)


def walks_of(visits: pd.DataFrame) -> dict[int, Walk]:
    """Return a run's walk through each mesh, by its sections.

    Parameters
    ----------
    visits : DataFrame
        As `mesh.visits` makes them, of one run.
    """
    found = {}
    for sections, rows in visits.groupby("sections", sort=False):
        parts = [part.sort_values("epoch") for _, part in rows.groupby("subset")]
        visited = np.stack([part["visited"].to_numpy(np.int32) for part in parts])
        found[int(str(sections))] = Walk(visited, parts[0]["train_loss"].to_numpy(float))
    return found


def count(walk: Walk, chosen: _Chosen) -> Count:
    """Count the distinct cells of some snapshots.

    Parameters
    ----------
    walk : Walk
    chosen : ndarray of bool, shape (epochs,)
    """
    each = [len(np.unique(cells[chosen])) for cells in walk.visited]
    return _count(each, int(chosen.sum()))


def _count(each: Sequence[int], snapshots: int) -> Count:
    return Count(float(np.mean(each)), snapshots, max(each) >= snapshots)


def all_epochs(walk: Walk) -> Count:
    """Count the cells of the whole run (Figure 9)."""
    return count(walk, walk.epoch > 0)


def last_of_first_part(share: float, epochs: int) -> int:
    """Return the last epoch of the first part of a run, which the epoch T1 itself belongs to.

    The paper does not say to which part it belongs.

    Parameters
    ----------
    share : float
        T1 as a share of all epochs.
    epochs : int
        T.
    """
    return math.floor(share * epochs + _ROUNDING)


def before(walk: Walk, share: float) -> Count:
    """Count the cells of the first part (Figure 11); see `last_of_first_part`."""
    return count(walk, walk.epoch <= last_of_first_part(share, walk.epochs))


def after(walk: Walk, share: float) -> Count:
    """Count the cells of the latter part afresh (Figure 10); see `last_of_first_part`."""
    return count(walk, walk.epoch > last_of_first_part(share, walk.epochs))


def window_ends(epochs: int, windows: int) -> list[int]:
    """Return the last epoch of each of some windows of equal length, the first one behind a 0.

    Parameters
    ----------
    epochs, windows : int
        Where the epochs are no multiple of the windows, some have an epoch more than others.
    """
    return [last_of_first_part(k / windows, epochs) for k in range(windows + 1)]


def in_windows(walk: Walk, windows: int) -> list[Count]:
    """Count the cells of windows of equal length, each afresh; see `window_ends`."""
    pairs = pairwise(window_ends(walk.epochs, windows))
    return [count(walk, (walk.epoch > begin) & (walk.epoch <= end)) for begin, end in pairs]


def loss_range(walk: Walk, share: float, rule: Rule) -> tuple[float, float]:
    """Return the least and the largest loss of the cells of the first part, over all subsets.

    Parameters
    ----------
    walk : Walk
    share : float
        T1 as a share of all epochs; 1 takes in the whole run.
    rule : {"least", "mean", "any"}
    """
    chosen = walk.epoch <= last_of_first_part(share, walk.epochs)
    loss = walk.loss[chosen]
    if rule == "any":
        return _ends(loss)
    return _ends(np.concatenate([_cell_losses(c, loss, rule) for c in walk.visited[:, chosen]]))


def low_loss(
    walk: Walk,
    share: float,
    levels: Sequence[float],
    rule: Rule,
    common: tuple[float, float] | None = None,
) -> list[Count]:
    """Count the cells of the first part whose loss is low (Figure 12), a count a level.

    A cell counts where its loss is below Emin + E1 (Emax - Emin). The bound is the number of
    snapshots below that: each of these cells has one at least.

    Parameters
    ----------
    walk : Walk
    share : float
        T1 as a share of all epochs.
    levels : sequence of float
        E1, between 0 and 1.
    rule : {"least", "mean", "any"}
        What the loss of a cell is. Least and any differ in Emax alone: the largest loss of a cell,
        or of a visit.
    common : tuple of float, optional
        Emin and Emax over several runs; by default they are those of this run and subset.
    """
    chosen = walk.epoch <= last_of_first_part(share, walk.epochs)
    loss = np.sort(walk.loss[chosen])
    each, bounds = [], []
    for cells in walk.visited[:, chosen]:
        losses = np.sort(_cell_losses(cells, walk.loss[chosen], rule))
        low, high = common or _ends(loss if rule == "any" else losses)
        thresholds = low + np.asarray(levels) * (high - low)
        each.append(np.searchsorted(losses, thresholds, side="left"))
        bounds.append(np.searchsorted(loss, thresholds, side="left"))
    full = np.any(np.array(each) >= np.array(bounds), axis=0).tolist()
    # subsets have bounds of their own where they have ranges of their own
    found = zip(np.mean(each, axis=0), np.max(bounds, axis=0), full, strict=True)
    return [Count(float(cells), int(most), at) for cells, most, at in found]


def _cell_losses(
    cells: NDArray[np.int32], loss: NDArray[np.float64], rule: Rule
) -> NDArray[np.float64]:
    """Return the loss of each distinct cell; where any visit counts, the least one decides."""
    _, place = np.unique(cells, return_inverse=True)
    visits = np.bincount(place)
    if rule == "mean":
        means: NDArray[np.float64] = np.bincount(place, loss) / visits
        return means
    least = np.full(len(visits), np.inf)
    np.minimum.at(least, place, loss)
    return least


def _ends(losses: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least and the largest of some losses; 0 where there are none."""
    return (float(losses.min()), float(losses.max())) if len(losses) else (0.0, 0.0)


def evenly(walk: Walk, within: int, snapshots: int) -> Count:
    """Count the cells of so many snapshots, evenly spread over the first epochs.

    Runs of fixed batch sizes are compared at equal updates so: each within the epochs in which it
    makes them, at as many snapshots as the run with the smallest batches has there.

    Parameters
    ----------
    walk : Walk
    within : int
        Epochs.
    snapshots : int
        At most as many.
    """
    epochs = [within * k // snapshots for k in range(1, snapshots + 1)]
    return count(walk, np.isin(walk.epoch, epochs))
