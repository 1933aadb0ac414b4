"""Which minima a rising level of the loss joins: a tree, from the barriers between pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Merge:
    """A level at which two parts of a landscape become one.

    Attributes
    ----------
    height : float
        The level.
    left, right : int
        What is joined, the lower one first: a minimum by its index, or an earlier merge, counted
        on from the number of minima.
    """

    height: float
    left: int
    right: int


def disconnectivity(
    depths: NDArray[np.float64], barriers: NDArray[np.float64]
) -> tuple[Merge, ...]:
    """Return the merges of minima as a level rises, lowest first.

    Two minima are joined at the least height that some way over others has as its highest pass:
    what single linkage gives.

    Parameters
    ----------
    depths : ndarray of shape (n,)
        The values of the minima.
    barriers : ndarray of shape (n, n)
        The highest value on the way between each two, symmetric; what is on the diagonal does not
        count.

    Returns
    -------
    tuple of Merge, n - 1 of them

    References
    ----------
    Becker and Karplus 1997, The topology of multidimensional potential energy surfaces.
    """
    count = len(depths)
    owner = np.arange(count)
    lowest = {index: float(depths[index]) for index in range(count)}
    rows, columns = np.triu_indices(count, 1)
    order = np.argsort(barriers[rows, columns], kind="stable")
    merges: list[Merge] = []
    for edge in order:
        sides = {int(owner[rows[edge]]), int(owner[columns[edge]])}
        if len(sides) < 2:
            continue
        left, right = sorted(sides, key=lambda part: (lowest[part], part))
        height = float(barriers[rows[edge], columns[edge]])
        name = count + len(merges)
        merges.append(Merge(height, left, right))
        lowest[name] = lowest[left]
        owner[np.isin(owner, (left, right))] = name
    return tuple(merges)


def joining_heights(count: int, merges: tuple[Merge, ...]) -> NDArray[np.float64]:
    """Return the level at which each two minima are joined, (n, n); -inf on the diagonal."""
    heights = np.full((count, count), -np.inf)
    members = {index: [index] for index in range(count)}
    for number, merge in enumerate(merges):
        left, right = members.pop(merge.left), members.pop(merge.right)
        heights[np.ix_(left, right)] = merge.height
        heights[np.ix_(right, left)] = merge.height
        members[count + number] = left + right
    return heights
