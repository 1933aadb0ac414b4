"""What the collected tables hold of the flatness at states that runs kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.results.blocks import Block

_COUNTS: Mapping[str, Any] = {"image_set": np.int8, "products": np.int16}
#: Steps along a direction and factors are settings, which are looked up by value.
_SET = ("rescaled", "alpha")


def of_block(block: Block) -> pd.DataFrame:
    """Return the rows of a probe ``flatness`` for ``flatness.parquet``.

    Parameters
    ----------
    block : Block
        Of a cell whose measure is ``flatness``.

    Returns
    -------
    DataFrame
        A row for each set of images and factor, with the measure's columns
        (`escaping_minima.measures.flatness.Flatness`), measured numbers in float32.
    """
    return _narrow(block.table, _COUNTS)


def slices_of_block(block: Block) -> pd.DataFrame:
    """Return the rows of a probe ``loss_slice`` for ``slices.parquet``.

    Parameters
    ----------
    block : Block
        Of a cell whose measure is ``loss_slice``.

    Returns
    -------
    DataFrame
        ``direction``, ``alpha`` and ``loss``, the last in float32.
    """
    return _narrow(block.table, {"direction": np.int8})


def _narrow(table: pd.DataFrame, counts: Mapping[str, Any]) -> pd.DataFrame:
    types = {name: np.float64 if name in _SET else np.float32 for name in table}
    return table.astype(types | dict(counts)).reset_index(drop=True)
