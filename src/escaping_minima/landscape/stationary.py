"""All stationary points of a function of the plane, computed and checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from escaping_minima.problems.plane import PlaneFunction

#: Newton starts along each axis; the checks below fail if this were too few.
GRID = 121


@dataclass(frozen=True)
class StationaryPoint:
    """A point where the gradient vanishes.

    Attributes
    ----------
    label : str
        GM1.., LM1.. (global first, then local, flatter first), S1.., MAX1..
    kind : {"minimum", "saddle", "maximum"}
    x, y, value : float
    eigenvalue_min, eigenvalue_max : float
        Of the Hessian.
    """

    label: str
    kind: str
    x: float
    y: float
    value: float
    eigenvalue_min: float
    eigenvalue_max: float

    @property
    def trace(self) -> float:
        """Trace of the Hessian: the flatness by which the paper orders minima."""
        return self.eigenvalue_min + self.eigenvalue_max


@lru_cache(maxsize=32)
def stationary_points(function: PlaneFunction) -> tuple[StationaryPoint, ...]:
    """Find every stationary point in the start box widened by a tenth, by Newton's method.

    Newton's method starts from a grid of GRID x GRID points; roots are merged. As the functions
    here grow in every direction, minima + maxima - saddles must be 1 (Poincaré-Hopf), which is
    checked.

    Parameters
    ----------
    function : PlaneFunction
        A frozen dataclass; results are cached by its settings.

    Returns
    -------
    tuple of StationaryPoint
        Minima (global first, then by Hessian trace, then by x), saddles by value, maxima by value.

    Raises
    ------
    ArithmeticError
        If the count is impossible: a point was missed.

    References
    ----------
    Milnor, Topology from the Differentiable Viewpoint, 1965, section 6, for the index sum.
    """
    roots = _newton_roots(function)
    raw = [_classify(function, x, y) for x, y in roots]
    index = sum(-1 if p.kind == "saddle" else 1 for p in raw)
    if index != 1:
        raise ArithmeticError(f"{function}: the indices of {len(raw)} points sum to {index}, not 1")
    lowest = min(p.value for p in raw)
    minima = sorted(
        (p for p in raw if p.kind == "minimum"),
        key=lambda p: (p.value > lowest + 1e-6, round(p.trace, 6), round(p.x, 6)),
    )
    ordered, counts = [], {"GM": 0, "LM": 0, "S": 0, "MAX": 0}
    rest = sorted(
        (p for p in raw if p.kind != "minimum"),
        key=lambda p: (p.kind != "saddle", round(p.value, 6), p.x),
    )
    for p in [*minima, *rest]:
        prefix = {"saddle": "S", "maximum": "MAX"}.get(p.kind) or (
            "GM" if p.value <= lowest + 1e-6 else "LM"
        )
        counts[prefix] += 1
        ordered.append(
            StationaryPoint(
                f"{prefix}{counts[prefix]}",
                p.kind,
                p.x,
                p.y,
                p.value,
                p.eigenvalue_min,
                p.eigenvalue_max,
            )
        )
    return tuple(ordered)


def _newton_roots(function: PlaneFunction) -> NDArray[np.float64]:
    axes = [
        np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), GRID)
        for low, high in zip(function.lower, function.upper, strict=True)
    ]
    x, y = (a.ravel().copy() for a in np.meshgrid(*axes))
    with np.errstate(all="ignore"):
        for _ in range(60):
            gx, gy = function.gradient(x, y)
            fxx, fxy, fyy = function.hessian(x, y)
            determinant = fxx * fyy - fxy * fxy
            x = x - (fyy * gx - fxy * gy) / determinant
            y = y - (fxx * gy - fxy * gx) / determinant
        residual = np.hypot(*function.gradient(x, y))
        inside = (
            (residual < 1e-9)
            & (np.abs(x) < np.abs(axes[0]).max())
            & (np.abs(y) < np.abs(axes[1]).max())
        )
    found = np.stack([x[inside], y[inside]], axis=1)
    _, first = np.unique(np.round(found, 6) + 0.0, axis=0, return_index=True)
    return _merge(found[first])


def _merge(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Drop points that rounding has kept apart although they are one."""
    kept: list[NDArray[np.float64]] = []
    for point in points:
        if all(np.hypot(*(point - other)) > 1e-4 for other in kept):
            kept.append(point)
    return np.array(kept)


def _classify(function: PlaneFunction, x: float, y: float) -> StationaryPoint:
    fxx, fxy, fyy = function.hessian(x, y)
    low, high = np.linalg.eigvalsh(np.array([[fxx, fxy], [fxy, fyy]]))
    kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
    value = float(function.value(x, y))
    return StationaryPoint("", kind, float(x), float(y), value, float(low), float(high))
