"""Batches of texts of similar length: less of a batch is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Batches in a pool, within which texts are sorted by length.
POOL = 50


def arrange_by_length(
    order: NDArray[np.int64],
    lengths: NDArray[np.int64],
    bounds: Sequence[tuple[int, int]],
    draws: np.random.Generator,
) -> NDArray[np.int64]:
    """Rearrange the order of an epoch so that each batch holds texts of similar length.

    The order is cut into pools of `POOL` batches. Each pool is sorted by length and cut into
    batches, which then change places over the whole epoch. A last batch of another size stays the
    last; which part of its sorted pool it is, is drawn.

    Parameters
    ----------
    order : ndarray of int64, shape (n,)
        A permutation of the items.
    lengths : ndarray of int64, shape (n,)
        Of each item, by its number.
    bounds : sequence of (int, int)
        Where the batches of the epoch begin and end; all but the last are of one size.
    draws : Generator

    Returns
    -------
    ndarray of int64, shape (n,)
        A permutation of the items; batches lie at the bounds.
    """
    size = bounds[0][1] - bounds[0][0]
    last = bounds[-1][1] - bounds[-1][0]
    odd = last if last != size else 0
    batches: list[NDArray[np.int64]] = []
    rest: list[NDArray[np.int64]] = []
    for begin in range(0, len(bounds), POOL):
        some = bounds[begin : begin + POOL]
        pool = order[some[0][0] : some[-1][1]]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        if odd and begin + POOL >= len(bounds):
            place = size * int(draws.integers(len(some)))
            rest.append(pool[place : place + odd])
            pool = np.delete(pool, slice(place, place + odd))
        batches.extend(pool.reshape(-1, size))
    shuffled = [batches[place] for place in draws.permutation(len(batches))]
    return np.concatenate([*shuffled, *rest])
