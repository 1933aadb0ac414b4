"""Shares of the curvature classes by reading, of all blocks together and block by block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.modality.curvature_counts import CLASSES
from escaping_minima.studies.modality.lookup import Lookup

#: Where points are counted that are there for no other reason than that they were drawn.
EVERYWHERE = "all"


class Reading(NamedTuple):
    """What is taken for the Hessian, in which precision, and which eigenvalue is zero.

    Attributes
    ----------
    hessian : {"block", "full"}
        One Hessian a weight tensor, or that of all weights.
    precision : {"float32", "float64"}
    rule : {"exact", "relative"}
        Zero itself, or at most 1e-6 of the largest magnitude.
    """

    hessian: str
    precision: str
    rule: str


#: The author's code.
MAIN = Reading("block", "float32", "exact")
#: The main reading and those beside it: each choice changed alone, and all together.
READINGS: Mapping[Reading, str] = {
    MAIN: "main",
    Reading("full", "float32", "exact"): "full Hessian",
    Reading("block", "float32", "relative"): "relative zero",
    Reading("block", "float64", "exact"): "float64",
    Reading("full", "float64", "relative"): "all three",
}
#: All three choices changed.
ALL_CHANGED = Reading("full", "float64", "relative")
COLUMNS = (
    "width",
    "depth",
    "bound",
    "granularity",
    "near",
    "reading",
    "points",
    "class",
    "n",
    "mean",
    "low",
    "high",
)


def counts_of(
    lookup: Lookup, cell: str | None, reading: Reading, near: str = EVERYWHERE
) -> pd.DataFrame:
    """Return the counts of the classes, a row a block.

    Parameters
    ----------
    lookup : Lookup
    cell : str or None
        Of a probe; without one there are no rows.
    reading : Reading
    near : str
        Near which level of the loss, everywhere by default.
    """
    rows = lookup.of("curvature.parquet", cell, **reading._asdict(), near=near)
    return rows.set_index("block")[list(CLASSES)].sort_index()


def pooled_shares(counts: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of each class over all points of all blocks, in percent.

    Parameters
    ----------
    counts : DataFrame
        As `counts_of` gives them.

    Returns
    -------
    ndarray, shape (4,)
        NaN where there are no points.
    """
    total = counts.to_numpy(float).sum(axis=0)
    with np.errstate(invalid="ignore"):
        shares: NDArray[np.float64] = 100.0 * total / total.sum()
    return shares


def curvature_shares(lookup: Lookup) -> pd.DataFrame:
    """Return the mean share of every class over blocks, with its 95 percent interval.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        ``points`` of all blocks; ``n`` blocks that have any, ``mean``, ``low``, ``high`` (percent).
    """
    rows = []
    for network, setting, cell in lookup.each("curvature", "xor"):
        levels = dict.fromkeys(lookup.of("curvature.parquet", cell)["near"])
        for near in levels:
            for reading, words in READINGS.items():
                counts = counts_of(lookup, cell, reading, near).to_numpy(float)
                points = counts.sum(axis=1)
                shares = 100.0 * counts[points > 0] / points[points > 0, None]
                same = {**network._asdict(), **setting._asdict(), "near": near, "reading": words}
                rows += [
                    same
                    | {"points": int(points.sum()), "class": name}
                    | mean_columns(shares[:, number].tolist())
                    for number, name in enumerate(CLASSES)
                ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
