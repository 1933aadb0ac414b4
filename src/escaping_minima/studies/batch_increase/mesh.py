"""Which cells of a mesh a run goes through, epoch by epoch (section 4.5 of the paper).

The mesh cuts an interval of each of some coordinates into equal sections; a cell is a tuple of
sections. A snapshot is taken after each epoch, the start left out, so that no count can be larger
than the number of epochs it is taken from: that is its bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.draws.streams import Streams
from escaping_minima.observers.coordinates import LAYOUT
from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase.mesh_measures import window_ends
from escaping_minima.studies.batch_increase.mesh_visits import compact

#: The domain of every coordinate, and the sections of Figures 10 to 12.
LOW, HIGH = -0.3, 0.3
SECTIONS = (10, 20, 30)
#: The sections of Figure 9. The paper's list is lost; this one spans 2 to 100.
SWEEP = (2, 5, 10, 15, 20, 25, 30, 40, 50, 70, 100)
#: Windows of equal length that a run is cut into, and what stands for all of it.
WINDOWS = 10
ALL = 0
#: Share of the epochs, at the end, whose steps say how large the jitter of the control is.
JITTER_SHARE = 0.1
#: The further table of a block that the observer writes.
_RECORDED = "coordinates"

_Points = NDArray[np.float32]
_Visited = NDArray[np.int32]


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of the coordinates of one run.

    Parameters
    ----------
    block : Block

    Returns
    -------
    dict of DataFrame
        ``visits.parquet``, as `mesh_visits.compact` makes it, and ``mesh.parquet``, as
        `mesh_counts` does, with ``cell`` and ``seed``. Empty where the cell has no such observer,
        and of a run that diverged, whose weights need not be numbers.
    """
    if _RECORDED not in block.kept or block.manifest["outcome"] == "diverged":
        return {}
    coordinates = block.kept[_RECORDED].table()
    loss = block.table["train_loss"].to_numpy(np.float32)
    streams = Streams(block.cell.problem, block.index)
    found = {
        "visits.parquet": compact(visits(coordinates, loss)),
        "mesh.parquet": mesh_counts(coordinates, streams),
    }
    for rows in found.values():
        rows.insert(0, "seed", np.int32(block.index))
        rows.insert(0, "cell", block.cell.id)
    return found


def read_points(coordinates: pd.DataFrame) -> _Points:
    """Return the points that an observer recorded.

    Parameters
    ----------
    coordinates : DataFrame
        ``epoch, subset, values``, epoch 0 being the start.

    Returns
    -------
    ndarray, shape (subsets, epochs + 1, size)
    """
    rows = coordinates.sort_values(["subset", "epoch"], kind="stable")
    values = np.frombuffer(b"".join(rows["values"]), LAYOUT)
    return values.reshape(rows["subset"].nunique(), rows["epoch"].nunique(), -1)


def cells_of(points: NDArray[np.floating], sections: int, low: float, high: float) -> _Visited:
    """Return which cell each point lies in, numbered in the order of the first visits.

    Parameters
    ----------
    points : ndarray, shape (snapshots, size)
    sections : int
        Of each coordinate, at most 256.
    low, high : float
        The domain; what lies outside counts as in the section at that end.

    Returns
    -------
    ndarray of int32, shape (snapshots,)
    """
    place = np.floor((points.astype(np.float64) - low) / (high - low) * sections)
    tuples = np.clip(place, 0, sections - 1).astype(np.uint8)
    known: dict[bytes, int] = {}
    # all sections of a point are compared, so that no two cells count as one
    numbers = [known.setdefault(cell.tobytes(), len(known)) for cell in tuples]
    return np.array(numbers, np.int32)


def visits(
    coordinates: pd.DataFrame,
    train_loss: Sequence[float] | NDArray[np.floating],
    sections: Sequence[int] = SECTIONS,
    low: float = LOW,
    high: float = HIGH,
) -> pd.DataFrame:
    """Return which cell a run is in after each epoch.

    Parameters
    ----------
    coordinates : DataFrame
        As `read_points` takes them.
    train_loss : sequence of float, length epochs + 1
        Entry 0 is of the start.
    sections : sequence of int
        The meshes.
    low, high : float
        The domain.

    Returns
    -------
    DataFrame
        ``subset``, ``sections``, ``epoch`` (from 1), ``visited`` (the cell, numbered in the order
        of the first visits of this subset and mesh) and ``train_loss``.
    """
    points = read_points(coordinates)
    epochs = points.shape[1] - 1
    parts = [
        pd.DataFrame(
            {
                "subset": np.int32(subset),
                "sections": np.int32(count),
                "epoch": np.arange(1, epochs + 1, dtype=np.int32),
                "visited": cells_of(path[1:], count, low, high),
                "train_loss": np.asarray(train_loss, np.float32)[1:],
            }
        )
        for subset, path in enumerate(points)
        for count in sections
    ]
    return pd.concat(parts, ignore_index=True)


def mesh_counts(
    coordinates: pd.DataFrame,
    streams: Streams,
    sections: Sequence[int] = SWEEP,
    low: float = LOW,
    high: float = HIGH,
) -> pd.DataFrame:
    """Count the cells that a run visits, and those that jitter alone would.

    The control stands at the point where the run ends, and has as many snapshots, each with
    Gaussian noise of its own: see `jitter`.

    Parameters
    ----------
    coordinates : DataFrame
        As `read_points` takes them.
    streams : Streams
        Of the problem and the block: names the draws of the control.
    sections : sequence of int
        The meshes.
    low, high : float
        The domain.

    Returns
    -------
    DataFrame
        ``subset``, ``sections``, ``control`` (1 for the jitter), ``window`` (ALL, or 1 .. WINDOWS),
        ``cells``, the number of distinct ones, and ``snapshots``, its bound.
    """
    points = read_points(coordinates)
    epochs = points.shape[1] - 1
    # the whole run, then its windows
    spans = [(0, epochs), *pairwise(window_ends(epochs, WINDOWS))]
    rows = []
    for subset, path in enumerate(points):
        paths = (path[1:], jitter(path, streams.generator("mesh jitter", subset)))
        for control, snapshots in enumerate(paths):
            for count in sections:
                cells = cells_of(snapshots, count, low, high)
                for number, (begin, end) in enumerate(spans):
                    found = len(np.unique(cells[begin:end]))
                    rows.append((subset, count, control, number, found, end - begin))
    names = ("subset", "sections", "control", "window", "cells", "snapshots")
    return pd.DataFrame(rows, columns=list(names)).astype(np.int32)


def jitter(path: _Points, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return snapshots of a point that stands where a run ends and only jitters.

    The standard deviation is that of each coordinate's own, such that its steps from epoch to epoch
    are as large as those of the run's last tenth: the difference of two independent jitters has
    twice the variance of one.

    Parameters
    ----------
    path : ndarray, shape (epochs + 1, size)
        With the start.
    rng : Generator

    Returns
    -------
    ndarray, shape (epochs, size)
    """
    steps = np.diff(path.astype(np.float64), axis=0)
    last = steps[-max(1, round(JITTER_SHARE * len(steps))) :]
    deviation = np.sqrt((last**2).mean(axis=0) / 2)
    noise: NDArray[np.float64] = deviation * rng.standard_normal(steps.shape)
    centre: NDArray[np.float64] = path[-1].astype(np.float64)
    return centre + noise
