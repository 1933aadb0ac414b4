"""Numbers that were rounded to float32, as the decimals that they were before."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def shortest_decimals(column: pd.Series[float]) -> NDArray[np.float64]:
    """Return numbers in float64, as the shortest decimals that give their float32.

    An error of 67 images of 10,000 is then 0.67 percent and not 0.67000002, and runs that differ
    by as many images differ by the same number: an interval must not take rounding for a spread.
    """
    # few numbers of images occur, and a text takes long
    different, place = np.unique(np.asarray(column, dtype=np.float32), return_inverse=True)
    return np.asarray(different.astype(str).astype(float)[place], dtype=np.float64)
