"""A map of the plane by where the gradient flow leads: a fine grid, refined along its borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escaping_minima.landscape.evaluated import gradients_at, values_at

#: Nodes along each axis of the first grid, whose flows are all followed, and how often it is
#: doubled: then flows are followed between nodes that differ alone.
FIRST = 65
DOUBLINGS = 3
#: A step of the flow is at most this share of what the curvature around allows, and of the extent.
#: How time passes along a flow line does not change where it leads.
_STABLE = 0.5
_LONGEST = 2e-3
#: Steps after which a point has no minimum: it lies on a ridge.
_PATIENCE = 20_000
#: Nodes along each axis where the curvature is taken down.
_CURVATURES = 129
#: Shares of the extent: two ends of flow lines are one minimum; a flow line has arrived.
_SAME = 1e-3
_ARRIVED = 5e-3
#: The flow has ended where a step is this share of the extent.
_ENDED = 1e-9
#: Steps between two looks at which flow lines have arrived.
_LOOK = 10
_NONE = -1


@dataclass(frozen=True)
class FlowMap:
    """Labels of a grid.

    Attributes
    ----------
    low, high : ndarray of shape (2,)
        Corners.
    labels : ndarray of shape (n, n), int16
        By x and y: the index of the minimum, or -1.
    passes : ndarray of shape (m,)
        Height of the lowest way out of each region into another; infinite where there is none.
    minima : ndarray of shape (m, 2)
        From the lowest.
    values : ndarray of shape (m,)
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    labels: NDArray[np.int16]
    passes: NDArray[np.float64]
    minima: NDArray[np.float64]
    values: NDArray[np.float64]

    def label(self, points: NDArray[np.float64]) -> NDArray[np.int16]:
        """Return the label of the node next to each point (n, 2), shape (n,)."""
        x, y = _nodes(points, self.low, self.high, len(self.labels))
        found: NDArray[np.int16] = self.labels.ravel()[x * len(self.labels) + y]
        return found


class _Flow:
    """Follows the gradient of a problem down, at the pace that the curvature around allows."""

    def __init__(
        self, problem: Any, low: NDArray[np.float64], high: NDArray[np.float64], side: int
    ) -> None:
        self._problem = problem
        self._low, self._high = low, high
        self.extent = float((high - low).max())
        self._pace = _STABLE / self._curvature(side)

    def _curvature(self, side: int) -> NDArray[np.float64]:
        """Return the largest curvature around each node, by differences of the gradient."""
        axes = [np.linspace(a, b, side) for a, b in zip(self._low, self._high, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        slopes = gradients_at(self._problem, grid.reshape(-1, 2)).reshape(side, side, 2)
        parts = [np.gradient(slopes[..., axis], *axes) for axis in (0, 1)]
        size = np.sqrt(sum(np.square(part) for pair in parts for part in pair))
        padded = np.pad(size, 1, mode="edge")
        shifts = [(i, j) for i in range(3) for j in range(3)]
        around: NDArray[np.float64] = np.max(
            [padded[i : i + side, j : j + side] for i, j in shifts], axis=0
        )
        return np.maximum(around, 1e-12)

    def step(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move points (n, 2) down, in place; return by how much, shape (n,)."""
        slopes = gradients_at(self._problem, points)
        x, y = _nodes(points, self._low, self._high, len(self._pace))
        size = np.hypot(slopes[:, 0], slopes[:, 1])
        longest = _LONGEST * self.extent / np.maximum(size, 1e-300)
        scale = np.minimum(self._pace[x, y], longest)
        points -= scale[:, None] * slopes
        return scale * size

    def ends(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the flow from points (n, 2) ends; those that do not are left out."""
        moving, ended = points.copy(), []
        for _ in range(_PATIENCE):
            moved = self.step(moving)
            is_still = moved < _ENDED * self.extent
            if is_still.any():
                ended.append(moving[is_still])
                moving = moving[~is_still]
                if not len(moving):
                    break
        return np.concatenate([*ended, np.empty((0, 2))])

    def follow(
        self,
        points: NDArray[np.float64],
        minima: NDArray[np.float64],
        cells: NDArray[np.int16] | None = None,
    ) -> NDArray[np.int16]:
        """Return the index of the minimum that the flow from each point reaches, or -1.

        Parameters
        ----------
        points : ndarray of shape (n, 2)
        minima : ndarray of shape (m, 2)
        cells : ndarray of shape (c, c), int16, optional
            Labels of the cells of a coarser grid, -1 of those that a border crosses: a flow line
            that has come into any other has the label of that one.
        """
        labels = np.full(len(points), _NONE, np.int16)
        moving, alive = points.copy(), np.arange(len(points))
        for step in range(_PATIENCE):
            if step % _LOOK == 0:
                found = self._arrived(moving, minima)
                if cells is not None:
                    found = np.maximum(found, self._in_cells(moving, cells))
                arrived = found != _NONE
                labels[alive[arrived]] = found[arrived]
                moving, alive = moving[~arrived], alive[~arrived]
                if not len(moving):
                    break
            if (self.step(moving) < _ENDED * self.extent).all():
                break
        return labels

    def _arrived(
        self, points: NDArray[np.float64], minima: NDArray[np.float64]
    ) -> NDArray[np.int16]:
        apart = np.hypot(*(points[:, None, axis] - minima[:, axis] for axis in (0, 1)))
        nearest = apart.argmin(axis=1)
        is_near = apart[np.arange(len(points)), nearest] < _ARRIVED * self.extent
        return np.where(is_near, nearest, _NONE).astype(np.int16)

    def _in_cells(self, points: NDArray[np.float64], cells: NDArray[np.int16]) -> NDArray[np.int16]:
        scale = len(cells) / (self._high - self._low)
        x, y = (
            ((points[:, axis] - self._low[axis]) * scale[axis]).astype(int).clip(0, len(cells) - 1)
            for axis in (0, 1)
        )
        found: NDArray[np.int16] = cells[x, y]
        return found


def draw_map(problem: Any, low: NDArray[np.float64], high: NDArray[np.float64]) -> FlowMap:
    """Return the map of a problem of two variables between two corners.

    Parameters
    ----------
    problem : PlaneFunction or PointsProblem
    low, high : ndarray of shape (2,)

    Raises
    ------
    ArithmeticError
        If no flow line ends at a minimum.
    """
    side = (FIRST - 1) * 2**DOUBLINGS + 1
    flow = _Flow(problem, low, high, _CURVATURES)
    minima = _find_minima(problem, flow, _grid(low, high, FIRST)[::2, ::2].reshape(-1, 2))
    grid = _grid(low, high, side)
    labels = np.full((side, side), _NONE, np.int16)
    known = np.zeros((side, side), bool)
    stride = 2**DOUBLINGS
    known[::stride, ::stride] = True
    labels[known] = flow.follow(grid[known], minima)
    while stride > 1:
        _refine(labels, grid, stride, flow, minima)
        stride //= 2
    passes = _lowest_passes(problem, grid, labels, len(minima))
    return FlowMap(low, high, labels, passes, minima, values_at(problem, minima))


def _lowest_passes(
    problem: Any, grid: NDArray[np.float64], labels: NDArray[np.int16], count: int
) -> NDArray[np.float64]:
    lowest = np.full(count, np.inf)
    for one, other in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
        a, b = labels[one], labels[other]
        between = (a != b) & (a != _NONE) & (b != _NONE)
        heights = [values_at(problem, grid[side][between]) for side in (one, other)]
        for label in (a[between], b[between]):
            np.minimum.at(lowest, label, np.maximum(*heights))
    return lowest


def _refine(
    labels: NDArray[np.int16],
    grid: NDArray[np.float64],
    stride: int,
    flow: _Flow,
    minima: NDArray[np.float64],
) -> None:
    """Fill in the nodes between those of a stride: their neighbours' label, where these agree."""
    coarse = labels[::stride, ::stride]
    # of every cell the four corners, and of every node the cells around it
    corners = np.stack([coarse[:-1, :-1], coarse[1:, :-1], coarse[:-1, 1:], coarse[1:, 1:]])
    is_crossed = (corners != corners[0]).any(axis=0)
    differ = np.pad(is_crossed, 1)
    near = differ[:-1, :-1] | differ[1:, :-1] | differ[:-1, 1:] | differ[1:, 1:]
    half = stride // 2
    side = 2 * len(coarse) - 1
    at = np.arange(side)
    low, up = at // 2, (at + 1) // 2
    fine = coarse[np.ix_(low, low)].copy()
    unsure = near[np.ix_(low, low)] | near[np.ix_(up, up)] | near[np.ix_(low, up)]
    unsure |= near[np.ix_(up, low)]
    # the nodes of the coarse grid are known
    unsure[::2, ::2] = False
    nodes = grid[::half, ::half]
    cells = np.where(is_crossed, np.int16(_NONE), corners[0])
    fine[unsure] = flow.follow(nodes[unsure], minima, cells)
    labels[::half, ::half] = fine


def _find_minima(problem: Any, flow: _Flow, starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where flow lines end, each once, from the lowest."""
    ends = flow.ends(starts)
    found: list[NDArray[np.float64]] = []
    for end in ends[np.argsort(values_at(problem, ends), kind="stable")]:
        if all(np.hypot(*(end - other)) > _SAME * flow.extent for other in found):
            found.append(end)
    minima = np.array([end for end in found if _is_minimum(problem, end, flow.extent)])
    if not len(minima):
        raise ArithmeticError(f"{problem}: found no minimum; give it a reach that holds one")
    # equal ones from the left
    order = np.lexsort((minima[:, 0], np.round(values_at(problem, minima), 6)))
    return minima[order]


def _is_minimum(problem: Any, point: NDArray[np.float64], extent: float) -> bool:
    """Whether the loss curves up in every direction: the flow ends on a ridge too, if exactly."""
    h = 1e-5 * extent
    shifted = point + h * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    slopes = gradients_at(problem, shifted)
    hessian = np.stack([slopes[0] - slopes[1], slopes[2] - slopes[3]]) / (2 * h)
    return bool(np.linalg.eigvalsh((hessian + hessian.T) / 2).min() > 0)


def _nodes(
    points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], side: int
) -> list[NDArray[np.int64]]:
    """Return the indices along each axis of the nodes next to points (n, 2)."""
    scale = (side - 1) / (high - low)
    # an axis after the other: NumPy goes through rows of two slowly
    return [
        ((points[:, axis] - low[axis]) * scale[axis] + 0.5).astype(np.int64).clip(0, side - 1)
        for axis in (0, 1)
    ]


def _grid(low: NDArray[np.float64], high: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return the nodes between two corners, shape (side, side, 2)."""
    axes = [np.linspace(a, b, side) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
