"""How many steps a method needs to leave a strict saddle, and a minimum that is as curved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.critical import find_critical, go_down, name_points
from escaping_minima.landscape.curvature import signs
from escaping_minima.landscape.smooth import Smooth, hessians, smooth
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams

#: Norm at which a gradient has vanished, and how near zero an eigenvalue has no sign.
VANISHED, FLAT = 1e-9, 1e-6
#: Norm at which a descent has come near enough to a minimum for the search to find it.
SLIGHT = 1e-3
#: Distance, times the square root of the dimension, within which two ends are one point.
NEAR = 1e-4
#: Core-seconds of a start and the cube of the dimension, and of a step of a pair.
_SECONDS = (4e-3, 4e-7, 4e-6)


@dataclass(frozen=True)
class SaddleEscape:
    """Two rows a pair: a strict saddle, and the minimum whose curvature is nearest to its own.

    Saddles are found by minimising the squared gradient norm from points uniform in the box, minima
    by following the gradient down from others. They are paired by ``scale``, the largest magnitude
    of an eigenvalue of the Hessian, each used once, none where scales differ by more than
    ``ratio``. The method of the cell starts at the very point.

    Columns: ``pair``; ``saddle``, 1 or 0; ``scale``; ``lowest``, the lowest eigenvalue; ``index``;
    ``loss``; ``escape_step``, the step after which the method was first as far away as asked for,
    -1 where it never was; ``end_distance``; ``end_loss``.

    Attributes
    ----------
    starts : int
        Of each kind of search.
    iterations : int
        Of a search for a vanishing gradient, at most; a descent may take ten times as many.
    pairs : int
        At most; those of the nearest scales.
    strict : float
        A saddle counts if its lowest eigenvalue is below minus this share of its scale.
    ratio : float
        Of scales, at most.
    farthest : float
        Points count whose coordinates are within this multiple of the box.
    steps : int
        Of the method.
    away : float
        Distance at which a point is left, times the square root of the dimension.
    """

    starts: int = 200
    iterations: int = 200
    pairs: int = 50
    strict: float = 0.1
    ratio: float = 1.5
    farthest: float = 2.0
    steps: int = 1000
    away: float = 0.3

    def __post_init__(self) -> None:
        for name in ("starts", "iterations", "pairs", "steps"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        require(0 < self.strict < 1, "strict", self.strict, "above 0, below 1")
        require(self.ratio >= 1, "ratio", self.ratio, "1 or more")
        require(self.farthest > 0, "farthest", self.farthest, "above 0")
        require(self.away > 0, "away", self.away, "above 0")

    def seconds(self, problem: Any) -> float:
        """Return about how long a block takes."""
        start, cube, step = _SECONDS
        searches = self.starts * (start + cube * len(problem.lower) ** 3)
        return searches + self.steps * (1e-3 + step * self.pairs)

    def examine(
        self, problem: Any, streams: Streams, method: Any
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return the table; see `escaping_minima.engine.examining`.

        Raises
        ------
        ValueError
            If the cell names no method.
        """
        import numpy as np
        import torch

        require(method is not None, "method", None, "one that can leave a point")
        function = smooth(problem)
        saddles, minima = self._points(problem, function, streams)
        pairs = _pair(saddles.scales(), minima.scales(), self.ratio)[: self.pairs]
        first, second = pairs[:, 0], pairs[:, 1]
        w = torch.cat([saddles.w[first], minima.w[second]])
        spectra = torch.cat([saddles.spectra[first], minima.spectra[second]])
        count = len(pairs)
        columns = {
            "pair": np.tile(np.arange(count, dtype=np.int32), 2),
            "saddle": np.repeat(np.array([1, 0], np.int8), count),
            "scale": spectra.abs().amax(1).numpy(),
            "lowest": spectra[:, 0].numpy(),
            "index": signs(spectra, FLAT).negative.to(torch.int16).numpy(),
            "loss": function.values(w)[:, 0].numpy(),
        }
        return {"": columns | self._leave(problem, function, method, w, streams)}

    def _points(self, problem: Any, function: Smooth, streams: Streams) -> tuple[_Points, _Points]:
        """Return strict saddles and minima without a flat direction."""
        from escaping_minima.draws.boxes import draw_in_box

        starts = draw_in_box(problem, streams, "saddles", self.starts)
        found = self._critical(problem, function, starts)
        counts = signs(found.spectra, FLAT)
        strict = found.spectra[:, 0] < -self.strict * found.scales()
        saddles = found.some((strict & (counts.positive > 0)).numpy())
        downhill = draw_in_box(problem, streams, "minima", self.starts)
        ends = go_down(function, downhill, 10 * self.iterations, SLIGHT)
        found = self._critical(problem, function, ends)
        return saddles, found.some((found.spectra[:, 0] > FLAT * found.scales()).numpy())

    def _critical(self, problem: Any, function: Smooth, w: Tensor) -> _Points:
        """Return the critical points within reach that searches lead to, each once."""
        import numpy as np
        import torch

        found = find_critical(function, w, self.iterations, VANISHED)
        widest = max(map(abs, (*problem.lower, *problem.upper)))
        kept = (found.norms <= VANISHED) & (found.w.abs().amax(1) <= self.farthest * widest)
        some = found.w[kept]
        names = name_points(some.numpy(), NEAR * w.shape[1] ** 0.5)
        some = some[torch.from_numpy(names == np.arange(len(names)))]
        return _Points(some, torch.linalg.eigvalsh(hessians(function, some)))

    def _leave(
        self, problem: Any, function: Smooth, method: Any, points: Tensor, streams: Streams
    ) -> dict[str, Any]:
        """Let the method go from the points, and say when it was away."""
        import torch

        from escaping_minima.draws.noise import PagedNoise
        from escaping_minima.engine.points_objective import PointsObjective

        count, size = points.shape
        w, device = points.clone(), points.device
        objective = PointsObjective(problem, count, device)
        noise = PagedNoise([streams], count, size, device, in_rows=True)
        state = method.start(w)
        left = torch.full((count,), -1, dtype=torch.int64)
        border = self.away * size**0.5
        for step in range(self.steps if count else 0):
            noise.begin(step)
            method.step(w, state, objective, noise)
            is_new = (left < 0) & ~((w - points).norm(dim=1) <= border)
            left.masked_fill_(is_new, step + 1)
        method.finish(w, state, objective)
        return {
            "escape_step": left.to(torch.int32).numpy(),
            "end_distance": (w - points).norm(dim=1).numpy(),
            "end_loss": function.values(w)[:, 0].numpy(),
        }


@dataclass(frozen=True)
class _Points:
    """Critical points (n, d), and the eigenvalues of their Hessians, (n, d), ascending."""

    w: Tensor
    spectra: Tensor

    def scales(self) -> Tensor:
        """Return the largest magnitude of an eigenvalue of each, (n,)."""
        return self.spectra.abs().amax(1)

    def some(self, which: NDArray[np.bool_]) -> _Points:
        """Return some of them."""
        return _Points(self.w[which], self.spectra[which])


def _pair(first: Tensor, second: Tensor, ratio: float) -> NDArray[np.int64]:
    """Return pairs of indices, (n, 2), of the nearest scales first, each index used once."""
    import numpy as np

    apart = (first.log().unsqueeze(1) - second.log().unsqueeze(0)).abs().numpy()
    found: list[tuple[int, int]] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for flat in np.argsort(apart, axis=None, kind="stable"):
        a, b = divmod(int(flat), max(apart.shape[1], 1))
        if apart[a, b] > np.log(ratio):
            break
        if a not in used[0] and b not in used[1]:
            found.append((a, b))
            used[0].add(a)
            used[1].add(b)
    return np.array(found, np.int64).reshape(-1, 2)


MEASURE = SaddleEscape
