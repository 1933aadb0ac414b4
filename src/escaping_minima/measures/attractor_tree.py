"""A disconnectivity graph of where descents on a small problem end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.critical import go_down
from escaping_minima.landscape.disconnectivity import disconnectivity, joining_heights
from escaping_minima.landscape.smooth import Smooth, smooth
from escaping_minima.landscape.ways import bend, highest, straight_ways
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams

#: How far from a known level an end may be to belong to it.
AT_LEVEL = 0.01
#: Ways that bend side by side: what they take stays small.
_TOGETHER = 256
#: Core-seconds of an image in a step, and of each of its dimensions.
_SECONDS = (1e-6, 1e-7)


@dataclass(frozen=True)
class AttractorTree:
    """Ends of descents from points uniform in the box, and how high the ways between them lead.

    Tables:

    - ``""``, a row a descent: ``replicate``; ``loss``; ``gradient_norm``; ``norm`` of the weights;
      ``level``: which of the problem's known levels the end is at, -1 for none; ``attractor``: the
      lowest end with which it is joined, by bent ways, no more than ``same`` above the higher.
    - ``ways``, a row a pair: ``first``, ``second``; ``straight``, ``bent``: the highest loss on the
      straight way between them, and on that way once it has slid down, or where it lies lower than
      the straight one. It bounds the lowest pass from above.
    - ``tree``, a row a merge, for each kind of way (``bent`` 0 or 1): ``height``; ``left``,
      ``right``: ends by their replicate, or earlier merges counted on from the number of ends.

    Attributes
    ----------
    starts : int
        Descents.
    iterations : int
        Of a descent, at most.
    gradient_tolerance : float
        Norm of the gradient at which one ends.
    images : int
        Points of a way.
    steps : int
        In which a way slides down.
    rate : float
        Of these.
    same : float
        See ``attractor``.

    References
    ----------
    Becker and Karplus 1997, for the graph; E, Ren and Vanden-Eijnden 2007, for the bent ways.
    """

    starts: int = 20
    iterations: int = 1500
    gradient_tolerance: float = 1e-7
    images: int = 15
    steps: int = 300
    rate: float = 0.1
    same: float = 0.01

    def __post_init__(self) -> None:
        require(self.starts >= 2, "starts", self.starts, "2 or more")
        require(self.images >= 3, "images", self.images, "3 or more")
        for name in ("iterations", "steps"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("gradient_tolerance", "rate", "same"):
            require(getattr(self, name) > 0, name, getattr(self, name), "above 0")

    def seconds(self, problem: Any) -> float:
        """Return about how long a block takes."""
        image, dimension = _SECONDS
        bends = self.starts * (self.starts - 1) // 2 * self.images * self.steps
        looks = self.starts * self.iterations * 2
        items = getattr(problem, "items", 1)
        return (bends + looks) * items * (image + dimension * len(problem.lower))

    def examine(
        self, problem: Any, streams: Streams, method: Any
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return the tables; see `escaping_minima.engine.examining`."""
        import numpy as np

        from escaping_minima.draws.boxes import draw_in_box

        function = smooth(problem)
        starts = draw_in_box(problem, streams, "attractors", self.starts)
        ends = go_down(function, starts, self.iterations, self.gradient_tolerance)
        losses = function.values(ends)[:, 0].numpy()
        first, second = np.triu_indices(self.starts, 1)
        straight, bent = self._heights(function, ends[first], ends[second])
        trees = []
        for kind, heights in enumerate((straight, bent)):
            barriers = np.full((self.starts, self.starts), -np.inf)
            barriers[first, second] = barriers[second, first] = heights
            merges = disconnectivity(losses, barriers)
            trees.append([(kind, merge.height, merge.left, merge.right) for merge in merges])
        joined = joining_heights(self.starts, merges)
        own = {
            "replicate": np.arange(self.starts, dtype=np.int32),
            "loss": losses,
            "gradient_norm": function.gradients(ends).norm(dim=1).numpy(),
            "norm": ends.norm(dim=1).numpy(),
            "level": _levels(losses, getattr(problem, "levels", ())),
            "attractor": _attractors(losses, joined, self.same),
        }
        ways = {"first": first.astype(np.int32), "second": second.astype(np.int32)}
        return {"": own, "ways": {**ways, "straight": straight, "bent": bent}, "tree": _tree(trees)}

    def _heights(
        self, function: Smooth, begins: Tensor, ends: Tensor
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the highest loss on straight and on bent ways."""
        import torch

        found: tuple[list[Tensor], list[Tensor]] = ([], [])
        for part in range(0, len(begins), _TOGETHER):
            some = slice(part, part + _TOGETHER)
            ways = straight_ways(begins[some], ends[some], self.images)
            heights = highest(function, ways)
            slid = highest(function, bend(function, ways, self.steps, self.rate))
            found[0].append(heights)
            found[1].append(torch.minimum(heights, slid))
        return torch.cat(found[0]).numpy(), torch.cat(found[1]).numpy()


def _levels(losses: NDArray[np.float64], levels: tuple[float, ...]) -> NDArray[np.int8]:
    import numpy as np

    if not levels:
        return np.full(len(losses), -1, np.int8)
    apart = np.abs(losses[:, None] - np.array(levels))
    nearest = apart.argmin(1)
    return np.where(apart.min(1) <= AT_LEVEL, nearest, -1).astype(np.int8)


def _attractors(
    losses: NDArray[np.float64], joined: NDArray[np.float64], same: float
) -> NDArray[np.int32]:
    """Return for each end the lowest one that it belongs with."""
    import numpy as np

    found = np.arange(len(losses), dtype=np.int32)
    order = np.argsort(losses, kind="stable")
    for place, end in enumerate(order):
        for lower in order[:place]:
            if joined[end, lower] <= losses[end] + same:
                found[end] = found[lower]
                break
    return found


def _tree(trees: list[list[tuple[int, float, int, int]]]) -> dict[str, Any]:
    import numpy as np

    rows = [row for tree in trees for row in tree]
    names = {"bent": "int8", "height": "float64", "left": "int32", "right": "int32"}
    return {n: np.array([row[i] for row in rows], t) for i, (n, t) in enumerate(names.items())}


MEASURE = AttractorTree
