"""Visits of a mesh in a form that takes little room: most cells were never visited before."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_Visits = NDArray[np.int32]


def compact(visited: pd.DataFrame) -> pd.DataFrame:
    """Return visits in a form that takes little room: a row an epoch.

    Parameters
    ----------
    visited : DataFrame
        As `mesh.visits` makes them, of one run.

    Returns
    -------
    DataFrame
        ``epoch``, ``train_loss``, and of each mesh and subset ``since_<sections>_<subset>``: how
        many epochs ago the run was last in the cell of now, 0 where it never was.
    """
    table = visited.drop_duplicates("epoch")[["epoch", "train_loss"]].reset_index(drop=True)
    for (subset, sections), rows in visited.groupby(["subset", "sections"], sort=False):
        table[f"since_{sections}_{subset}"] = _since(rows["visited"].to_numpy())
    return table


def expand(table: pd.DataFrame) -> pd.DataFrame:
    """Return the visits of one run, as `mesh.visits` makes them, from their compact form.

    Parameters
    ----------
    table : DataFrame
        As `compact` makes it; further columns do not matter.
    """
    parts = []
    for name in (str(c) for c in table if str(c).startswith("since_")):
        _, sections, subset = name.split("_")
        parts.append(
            pd.DataFrame(
                {
                    "subset": np.int32(subset),
                    "sections": np.int32(sections),
                    "epoch": table["epoch"].to_numpy(np.int32),
                    "visited": _visited(table[name].to_numpy()),
                    "train_loss": table["train_loss"].to_numpy(np.float32),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _since(visited: _Visits) -> _Visits:
    last: dict[int, int] = {}
    since = np.zeros(len(visited), np.int32)
    for place, cell in enumerate(visited.tolist()):
        since[place] = place - last.get(cell, place)
        last[cell] = place
    return since


def _visited(since: NDArray[np.integer]) -> _Visits:
    visited = np.zeros(len(since), np.int32)
    new = np.cumsum(since == 0) - 1
    for place, back in enumerate(since.tolist()):
        visited[place] = visited[place - back] if back else new[place]
    return visited
