"""The small problems of the study, and the units in which settings of methods are searched.

What stands here is fixed beforehand and is no result: how wide a problem is, how high its starts
lie above its global minimum, and how steep its minima are. The tests take each number anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

#: The local minima of the curve and of the scattered sum, and the curvature of the second at a
#: barrier of 0.1.
WELL, LOCAL, LOCAL_CURVATURE = 4.067673954211661, -1.0, 1.172
#: How far the median start of random waves lies above low points, by dimension.
WAVE_HEIGHTS = {2: 3.6, 5: 8.1, 10: 11.2, 20: 17.8, 50: 32.0}

#: What share of the budget, in passes over its items, a run on a problem has.
SHARES = {"function": 1.0, "waves": 1.0, "sum": 0.1, "network": 1.0, "images": 0.02}


@dataclass(frozen=True)
class Terrain:
    """A small problem as this study knows it.

    Attributes
    ----------
    title : str
    problem : str
        A module of ``problems``.
    settings : Mapping
        Of it, where they are not its defaults.
    length : float
        How wide it is: the unit of weights.
    height : float
        How far the median start lies above the global minimum: the unit of the loss.
    lowest : float or None
        Loss of the global minimum; None where it is not known.
    steepest : float
        The largest eigenvalue of the Hessian at a minimum; 0 where it is not known.
    low, high : float
        The box in which a method that draws new starts draws them, of every coordinate.
    items : int
        Of how many items the loss is a mean; 1 where there are none.
    kind : str
        "function", "waves", "sum", "network" or "images": which budget and how many starts it has.
    variables : int
        Of how many it is a function.
    """

    title: str
    problem: str
    length: float
    height: float
    lowest: float | None
    steepest: float
    low: float
    high: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    items: int = 1
    kind: str = "function"
    variables: int = 2

    def budget(self, evaluations: int) -> int:
        """Return the sample evaluations of a run, given those of a run on a function."""
        return max(1, round(SHARES[self.kind] * evaluations)) * self.items

    @property
    def rate(self) -> float:
        """The unit of a learning rate: what takes a step of the height down a slope."""
        return self.length**2 / self.height

    @property
    def slope(self) -> float:
        """The unit of a gradient."""
        return self.height / self.length


def _curve(title: str, low: float, high: float) -> Terrain:
    own = {"lower": (low,), "upper": (high,)}
    return Terrain(title, "gentle_curve", 7.0, 2.45, 0.0, 6.971, 0.0, 12.0, own, variables=1)


def _scattered(
    title: str, low: float, high: float, barrier: float = 0.1, steepest: float = 1.758, **own: Any
) -> Terrain:
    """Return a sum whose height and curvature go with its barrier."""
    scale = barrier / 0.1
    settings = {"barrier": barrier, "lower": (low,), "upper": (high,), **own}
    return Terrain(
        *(title, "scattered_sum", 3.2, 0.222 * scale, 0.0, steepest * scale, -1.6, 1.6, settings),
        items=64,
        kind="sum",
        variables=1,
    )


def _camel(name: str, humps: str, length: float, height: float, x: float, y: float) -> Terrain:
    """Return a camel in a smaller box, where its walls are no steeper than its minima by much."""
    lowest, steepest = {"three": (0.0, 12.25), "six": (-1.0316, 22.7)}[humps]
    own = {"lower": (-x, -y), "upper": (x, y)}
    return Terrain(name, f"{humps}_hump_camel", length, height, lowest, steepest, -x, x, own)


def _waves(dimension: int) -> Terrain:
    title = f"Random waves, {dimension} dimensions"
    return Terrain(
        *(title, "random_waves", 6.0, WAVE_HEIGHTS[dimension], None, 0.0, -3.0, 3.0),
        settings={"dimension": dimension},
        kind="waves",
        variables=dimension,
    )


def _network(
    title: str, problem: str, inputs: int, outputs: int, own: Mapping[str, Any]
) -> Terrain:
    sizes = [inputs, *[own["width"]] * own["depth"], outputs]
    weights = sum((a + 1) * b for a, b in pairwise(sizes))
    is_xor = problem == "xor_sum"
    return Terrain(
        *(title, problem, 2.0, 0.74 if is_xor else 2.3, 0.0 if is_xor else None, 0.0, -1.0, 1.0),
        settings=own,
        items=4 if is_xor else 1000,
        kind="network" if is_xor else "images",
        variables=weights,
    )


def _xor(width: int, depth: int) -> Terrain:
    layers = "" if depth == 1 else f", {depth} layers"
    title = f"XOR, {width} units{layers}"
    return _network(title, "xor_sum", 2, 1, {"width": width, "depth": depth})


def _images(depth: int, width: int) -> Terrain:
    layers = "1 layer" if depth == 1 else f"{depth} layers"
    title = f"MNIST, {layers} of {width}"
    return _network(title, "small_mnist", 49, 10, {"width": width, "depth": depth})


#: How near a start beside a minimum is to it.
BESIDE = 1e-3
#: Ends of the starts that all lie about the local minimum of the scattered sum.
TRAPPED = (-1.4, -0.6)
#: Barriers of the scattered sum that escapes are measured against.
BARRIERS = {"low": 0.05, "middle": 0.1, "high": 0.2}
#: Random functions, by dimension.
WAVES = {"waves": 2, "waves_5": 5, "waves_10": 10, "waves_20": 20, "waves_50": 50}
XOR_WIDTHS, DEPTHS, IMAGE_WIDTHS, IMAGE_WIDTH = (2, 4, 8, 16), (1, 2, 3), (5, 10, 20), 10

TERRAIN: Mapping[str, Terrain] = {
    "curve": _curve("The curve of the question", 1.5, 2.5),
    "curve_wide": _curve("The same, starts everywhere", 0.0, 12.0),
    "curve_beside": _curve(
        "The same, starts beside the local minimum", WELL - BESIDE, WELL + BESIDE
    ),
    "plane": Terrain("Its plane form", "gentle_plane", 7.0, 2.52, 0.0, 7.6, -3.0, 10.0),
    "himmelblau": Terrain("Himmelblau", "himmelblau", 10.0, 111.0, 0.0, 133.8, -5.0, 5.0),
    "three_hump": _camel("Three-hump camel", "three", 10.0, 26.2, 5.0, 5.0),
    "three_hump_near": _camel("Three-hump camel, near", "three", 4.0, 1.5, 2.0, 2.0),
    "six_hump": _camel("Six-hump camel", "six", 6.0, 9.6, 3.0, 2.0),
    "six_hump_near": _camel("Six-hump camel, near", "six", 4.0, 2.3, 2.0, 1.2),
    "scattered": _scattered("Scattered sum", -1.6, 1.6),
    **{
        f"trapped_{name}": _scattered(
            f"Scattered sum, trapped, {name} barrier",
            *TRAPPED,
            barrier,
            # one learning rate for all barriers: that of the middle one
            LOCAL_CURVATURE * BARRIERS["middle"] / barrier,
        )
        for name, barrier in BARRIERS.items()
    },
    "scattered_at": _scattered(
        "Scattered sum, starts at the local minimum", LOCAL, LOCAL, steepest=LOCAL_CURVATURE
    ),
    "interpolating": _scattered("Interpolating sum", -1.6, 1.6, interpolates="local"),
    **{key: _waves(dimension) for key, dimension in WAVES.items()},
    **{f"xor_{width}": _xor(width, 1) for width in XOR_WIDTHS},
    **{f"xor_2_deep_{depth}": _xor(2, depth) for depth in DEPTHS[1:]},
    **{f"mnist_{depth}": _images(depth, IMAGE_WIDTH) for depth in DEPTHS},
    **{f"mnist_wide_{width}": _images(1, width) for width in IMAGE_WIDTHS if width != IMAGE_WIDTH},
}

#: What every method meets.
ARENA = (
    *("curve", "plane", "himmelblau", "three_hump", "six_hump", "scattered", "interpolating"),
    *("waves", "xor_2", "xor_4"),
)
#: Those whose minima are all global: where a run ends says nothing there.
ALL_GLOBAL = ("himmelblau",)
