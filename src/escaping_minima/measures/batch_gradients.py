"""The gradient of minibatches where that of all items vanishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.critical import find_critical, name_points
from escaping_minima.landscape.curvature import signs
from escaping_minima.landscape.smooth import hessians
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.sums import SumProblem

#: Norm at which the gradient of all items has vanished, and how near zero an eigenvalue has no
#: sign.
VANISHED, FLAT = 1e-9, 1e-6
#: Distance, times the square root of the dimension, within which two ends are one point.
NEAR = 1e-4
#: Core-seconds of an item of a minibatch.
_SECONDS = 2e-7


@dataclass(frozen=True)
class BatchGradients:
    """A row a stationary point, batch size, way of drawing, and replicate.

    Stationary points of the mean over all items are found from points uniform in the box; those
    within it are taken, each once, the lowest first. Columns:

    - ``point``, from 0; ``loss``; ``negative``: the index of the point; ``full_norm``: of the
      gradient over all items; ``item_norm``: root mean square over single items.
    - ``batch``; ``replacement``, 1 or 0; ``replicate``.
    - ``rms_norm``, ``mean_norm``: of the gradients of the replicate's minibatches.
    - ``expected``: the root mean square that sampling theory gives, item_norm / sqrt(B) with
      replacement and item_norm sqrt((M - B) / (B (M - 1))) without.

    Replicates are groups of draws of their own; all points see the same minibatches.

    Attributes
    ----------
    sizes : tuple of int
        Batch sizes; those above the number of items are left out.
    draws : int
        Minibatches of a replicate.
    replicates : int
    starts, iterations : int
        Of the searches for stationary points, and of each, at most.
    points : int
        At most.

    References
    ----------
    Cochran, Sampling Techniques, 1977, theorem 2.2, for what is expected.
    """

    sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    draws: int = 100
    replicates: int = 20
    starts: int = 50
    iterations: int = 200
    points: int = 4

    def __post_init__(self) -> None:
        require(len(self.sizes) >= 1, "sizes", self.sizes, "one or more")
        require(min(self.sizes, default=0) >= 1, "sizes", self.sizes, "all 1 or more")
        for name in ("draws", "replicates", "starts", "iterations", "points"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")

    def seconds(self, problem: Any) -> float:
        """Return about how long a block takes."""
        seen = 2 * self.points * self.draws * self.replicates * sum(self._sizes(problem.items))
        return 1.0 + _SECONDS * seen

    def examine(
        self, problem: SumProblem, streams: Streams, method: Any
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return the table; see `escaping_minima.engine.examining`."""
        import numpy as np

        points = self._stationary(problem, streams)
        described = self._describe(problem, points)
        parts = []
        for batch, replacement, chosen in self._minibatches(problem, streams):
            for index, point in enumerate(points):
                of_point = {name: values[index] for name, values in described.items()}
                found = self._norms(problem, point, chosen)
                item_norm = of_point["item_norm"]
                expected = item_norm * _factor(problem.items, batch, replacement)
                ways = {"batch": batch, "replacement": replacement, "expected": expected}
                same = {**of_point, "point": index, **ways}
                parts.append({n: np.full(self.replicates, v) for n, v in same.items()} | found)
        names = _DTYPES if not parts else parts[0]
        empty = [np.empty(0)]
        columns = {n: np.concatenate([p[n] for p in parts] or empty) for n in names}
        return {"": {n: columns[n].astype(dtype) for n, dtype in _DTYPES.items()}}

    def _sizes(self, items: int) -> list[int]:
        return [size for size in self.sizes if size <= items]

    def _stationary(self, problem: SumProblem, streams: Streams) -> Tensor:
        import numpy as np
        import torch

        from escaping_minima.draws.boxes import draw_in_box

        starts = draw_in_box(problem, streams, "stationary", self.starts)
        found = find_critical(problem, starts, self.iterations, VANISHED)
        low, high = (torch.tensor(side).to(starts) for side in (problem.lower, problem.upper))
        inside = ((found.w >= low) & (found.w <= high)).all(1) & (found.norms <= VANISHED)
        some = found.w[inside]
        names = name_points(some.numpy(), NEAR * starts.shape[1] ** 0.5)
        some = some[torch.from_numpy(names == np.arange(len(names)))]
        order = problem.values(some)[:, 0].argsort(stable=True)
        return some[order[: self.points]]

    def _describe(self, problem: SumProblem, points: Tensor) -> dict[str, Any]:
        import torch

        norms = []
        for point in points:
            each = torch.arange(problem.items).unsqueeze(1)
            gradients = problem.mean_gradients(point.expand(problem.items, -1), each)
            norms.append(float(gradients.square().sum(1).mean().sqrt()))
        spectra = torch.linalg.eigvalsh(hessians(problem, points))
        return {
            "loss": problem.values(points)[:, 0].tolist(),
            "negative": signs(spectra, FLAT).negative.tolist(),
            "full_norm": problem.gradients(points).norm(dim=1).tolist(),
            "item_norm": norms,
        }

    def _minibatches(
        self, problem: SumProblem, streams: Streams
    ) -> Iterator[tuple[int, int, Tensor]]:
        """Yield a batch size, whether with replacement, and minibatches (replicates draws, B)."""
        import numpy as np
        import torch

        count = self.replicates * self.draws
        for batch in self._sizes(problem.items):
            rng = streams.generator("batches with replacement", batch)
            drawn = rng.integers(0, problem.items, (count, batch))
            yield batch, 1, torch.from_numpy(drawn)
            order = streams.generator("batches without", batch).random((count, problem.items))
            yield batch, 0, torch.from_numpy(np.argsort(order, axis=1)[:, :batch].copy())

    def _norms(self, problem: SumProblem, point: Tensor, chosen: Tensor) -> dict[str, Any]:
        import numpy as np

        gradients = problem.mean_gradients(point.expand(len(chosen), -1), chosen)
        norms = gradients.norm(dim=1).view(self.replicates, self.draws)
        return {
            "replicate": np.arange(self.replicates),
            "rms_norm": norms.square().mean(1).sqrt().numpy(),
            "mean_norm": norms.mean(1).numpy(),
        }


_DTYPES = {
    **dict.fromkeys(("point", "batch", "replicate", "negative"), "int32"),
    "replacement": "int8",
    **dict.fromkeys(("loss", "full_norm", "item_norm", "rms_norm", "mean_norm"), "float64"),
    "expected": "float64",
}


def _factor(items: int, batch: int, replacement: int) -> float:
    """Return the root mean square of a batch mean, in deviations of single items."""
    if replacement:
        return float(batch**-0.5)
    return float(((items - batch) / (batch * (items - 1))) ** 0.5)


MEASURE = BatchGradients
