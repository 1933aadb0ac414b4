"""The cells of each part of the study, as the settings have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.walks.cell import make_walk_cell
from escaping_minima.parts.registry import read_problem
from escaping_minima.studies.modality.costs import DESCENTS_SECONDS, curvature_seconds

if TYPE_CHECKING:
    from escaping_minima.kinds.cell import Cell
    from escaping_minima.studies.modality.settings import Settings

#: Units of each hidden layer (h, 2 h and 10 h) and hidden layers.
WIDTHS = {"xor": (2, 4, 20), "mnist": (10, 20, 100)}
DEPTHS = (1, 2, 3)
#: Starts are uniform within -bound and bound: [-1, 1] and [-10, 10].
BOUNDS = (1, 10)
#: The largest step of a coordinate, as a share of the range of starts.
SHARES = {"micro": 0.01, "macro": 0.1}
#: Blocks of a sample on XOR: a block has as many walks as the network has weights.
SAMPLE = 10
#: Images that each version of MNIST has: training and test.
IMAGES = {"generated": (240, 120), "sample": (10_000, 2_000), "full": (60_000, 10_000)}
#: Networks of at most so many units a layer have their curvature taken point by point.
SMALL = 4
#: Of 20 units in one layer, each so many points of a walk, and all of lower gradient norm.
EVERY, LOW_GRADIENT = 10, 0.05
#: What share of their points has so low a gradient, as runs have shown.
LOW_SHARES = {"micro": 0.7, "macro": 0.03}
#: Where every point of a small network is looked at, each so many have float32 as well. Points lie
#: step by step: the number shares no divisor with that of a block's walks (9, 15, 21, 17, 37, 57),
#: so that it comes by all of them alike.
FLOAT32_EVERY = 11
#: Of wider networks of several layers so many points a block, each of another walk.
DRAWN = 20
#: Random walks and second minibatches are of no wider networks on MNIST.
RANDOM_WIDTH, TWO_DRAWS_WIDTH = 10, 20
#: Steps from [-1, 1] as long as micro steps from [-10, 10]: they separate range from step.
LONG_BOUND, LONG_STEP = 1, 0.2


@dataclass(frozen=True)
class Item:
    """A cell with what the study calls it, and the core-seconds that a block of it takes."""

    cell: Cell
    labels: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Place:
    """A network with its range of starts and its steps.

    Attributes
    ----------
    data_set : str
        "xor" or "mnist".
    width, depth : int
    bound : int
    granularity : str
        "micro" or "macro".
    """

    data_set: str
    width: int
    depth: int
    bound: int
    granularity: str

    @property
    def step(self) -> float:
        """The largest step of a coordinate."""
        return 2 * self.bound * SHARES[self.granularity]

    @property
    def is_large(self) -> bool:
        """Whether it is one of the two largest networks on XOR."""
        return self.data_set == "xor" and self.width > SMALL and self.depth > 1

    def labels(self, role: str) -> dict[str, Any]:
        """Return what the study calls a cell of this place."""
        return {"role": role, **asdict(self)}


class Layout:
    """Makes the cells of a study of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def xor_small_walks(self) -> list[Item]:
        """Return the gradient walks on XOR of all networks but the two largest."""
        return [self._walk(place) for place in self._places("xor") if not place.is_large]

    def xor_large_walks(self) -> list[Item]:
        """Return those of the two largest networks."""
        return [self._walk(place) for place in self._places("xor") if place.is_large]

    def xor_curvature(self, large: bool) -> list[Item]:
        """Return the classes of curvature at points of them, of the two largest or of others."""
        return [self._curvature(place) for place in self._places("xor") if place.is_large == large]

    def xor_descents(self) -> list[Item]:
        """Return descents from points of low gradient of small networks."""
        return [self._descent(place) for place in self._places("xor", SMALL)]

    def xor_random(self) -> list[Item]:
        """Return random walks of small networks on XOR."""
        return [self._random(place) for place in self._places("xor", SMALL)]

    def mnist_walks(self) -> list[Item]:
        """Return the gradient walks on MNIST of every network and setting."""
        return [self._walk(place) for place in self._places("mnist")]

    def mnist_random(self) -> list[Item]:
        """Return random walks of the narrowest networks on MNIST."""
        return [self._random(place) for place in self._places("mnist", RANDOM_WIDTH)]

    def mnist_two_draws(self) -> list[Item]:
        """Return walks whose recorded loss is of a second minibatch."""
        return [self._two_draws(place) for place in self._places("mnist", TWO_DRAWS_WIDTH)]

    def mnist_long_steps(self) -> list[Item]:
        """Return walks from the small range in steps as long as those from the large one."""
        return [
            self._make(place, "long_steps", "gradient_walk", step=LONG_STEP)
            for place in self._places("mnist")
            if (place.bound, place.granularity) == (LONG_BOUND, "micro")
        ]

    def _places(self, data_set: str, widest: int | None = None) -> Iterator[Place]:
        """Yield networks and settings, the smallest first."""
        own = getattr(self._settings, f"{data_set}_width")
        deepest = getattr(self._settings, f"{data_set}_depth")
        widths = [width for width in WIDTHS[data_set] if width <= min(own, widest or own)]
        depths = [depth for depth in DEPTHS if depth <= deepest]
        for width, depth, bound, granularity in product(widths, depths, BOUNDS, SHARES):
            yield Place(data_set, width, depth, bound, granularity)

    def _walk(self, place: Place) -> Item:
        points = self._points(place) if place.data_set == "xor" else None
        return self._make(place, "walk", "gradient_walk", points=points)

    def _random(self, place: Place) -> Item:
        return self._make(place, "random", "random_walk")

    def _two_draws(self, place: Place) -> Item:
        return self._make(place, "two_draws", "gradient_walk", {"draws": "two"})

    def _make(
        self,
        place: Place,
        role: str,
        method: str,
        problem: Mapping[str, Any] | None = None,
        points: Mapping[str, Any] | None = None,
        step: float | None = None,
    ) -> Item:
        named = {"xor": "xor", "mnist": "mnist_walk"}[place.data_set]
        steps = self._steps(place)
        settings = {**self._problem(place), **(problem or {})}
        own = {"largest_step": place.step if step is None else step}
        cell = make_walk_cell(named, method, steps, settings, own, points)
        return Item(cell, {**place.labels(role), "steps": steps}, cell.cost)

    def _steps(self, place: Place) -> int:
        return int(getattr(self._settings, f"{place.granularity}_steps"))

    def _problem(self, place: Place) -> dict[str, Any]:
        network = {"width": place.width, "depth": place.depth, "bound": float(place.bound)}
        if place.data_set == "xor":
            return network
        train, test = IMAGES[self._settings.data]
        images = {"train_images": train, "test_images": test}
        return {**network, "data": self._settings.data, **images}

    def _points(self, place: Place) -> dict[str, Any]:
        """Return which points keep their coordinates: of the first sample alone."""
        if place.is_large:
            return {"drawn": DRAWN, "blocks": SAMPLE}
        if place.width > SMALL:
            return {"every": EVERY, "low_gradient": LOW_GRADIENT, "blocks": SAMPLE}
        return {"every": self._settings.curvature_every, "blocks": SAMPLE}

    def _curvature(self, place: Place) -> Item:
        thinned = place.width > SMALL or self._settings.curvature_every > 1
        every = 1 if thinned else FLOAT32_EVERY
        walk = self._walk(place)
        cell = make_probe_cell(walk.cell, "points", "curvature_classes", {"float32_every": every})
        weights = read_problem(cell.problem, cell.problem_settings).weights
        seconds = curvature_seconds(weights, self._count_points(place, weights), every)
        return Item(cell, {**walk.labels, "role": "curvature"}, seconds)

    def _count_points(self, place: Place, walks: int) -> float:
        """Return how many points of a block keep their coordinates, about."""
        if place.is_large:
            return DRAWN
        share = 1 / self._settings.curvature_every
        if place.width > SMALL:
            share = 1 / EVERY + LOW_SHARES[place.granularity]
        return walks * self._steps(place) * share

    def _descent(self, place: Place) -> Item:
        walk = self._walk(place)
        cell = make_probe_cell(walk.cell, "points", "descent")
        return Item(cell, {**walk.labels, "role": "descent"}, DESCENTS_SECONDS)
