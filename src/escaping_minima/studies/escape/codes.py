"""How what single starts came to is packed, a byte a start: which region, and after which cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

#: Costs are counted by so many bins a decade, over so many decades below the budget.
BINS_A_DECADE, DECADES = 8, 4
#: The last bin ends at the budget.
LAST = BINS_A_DECADE * DECADES
#: What never happened within the budget.
NEVER = 255
#: Regions are counted from -1, which is none.
_NONE = 1


def cost_codes(costs: NDArray[np.float64], budget: float) -> NDArray[np.uint8]:
    """Return the bin of each cost, the least whose end it does not pass.

    Parameters
    ----------
    costs : ndarray, shape (n,)
        Below 0 where something never happened.
    budget : float

    Returns
    -------
    ndarray, shape (n,), uint8
        A cost of at most ``budget * share_of(code)``; `NEVER` where there is none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        decades = DECADES + np.log10(costs / budget)
    # a cost that is the end of a bin to a rounding error lies in it
    bins = np.ceil(np.round(BINS_A_DECADE * decades, 9))
    found = np.clip(np.nan_to_num(bins, neginf=0.0), 0, LAST).astype(np.uint8)
    return np.where(costs < 0, np.uint8(NEVER), found)


def share_of(code: ArrayLike) -> NDArray[np.float64]:
    """Return the end of a bin as a share of the budget; infinity for what never happened."""
    codes = np.asarray(code, dtype=np.float64)
    return np.where(codes == NEVER, np.inf, 10.0 ** (codes / BINS_A_DECADE - DECADES))


def code_by(percent: float) -> int:
    """Return the last bin that ends within so many percent of the budget."""
    return int(np.floor(np.round(BINS_A_DECADE * (DECADES + np.log10(percent / 100.0)), 1)))


def pack_regions(regions: NDArray[np.int64]) -> bytes:
    """Return regions, -1 for none, as a byte each."""
    return bytes((regions + _NONE).astype(np.uint8))


def unpack_regions(packed: bytes) -> NDArray[np.int64]:
    """Return regions as they were packed."""
    return np.frombuffer(packed, np.uint8).astype(np.int64) - _NONE


def pack_flags(flags: NDArray[np.bool_]) -> bytes:
    """Return yes and no as a bit each."""
    return np.packbits(flags).tobytes()


def unpack_flags(packed: bytes, count: int) -> NDArray[np.bool_]:
    """Return so many of them as they were packed."""
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=count).astype(np.bool_)


def kept_losses(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the loss at each end; one above its start, or no number, counts as the start's."""
    loss, start = (table[name].to_numpy(np.float64) for name in ("loss", "start_loss"))
    found: NDArray[np.float64] = np.fmin(np.where(np.isfinite(loss), loss, start), start)
    return found
