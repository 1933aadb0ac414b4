"""Critical points of a small problem, of every index, found from random points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.critical import find_critical, name_points
from escaping_minima.landscape.curvature import signs
from escaping_minima.landscape.smooth import hessians, smooth
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams

#: Two ends within this, times the square root of the dimension, are one point.
NEAR = 1e-4
#: Core-seconds a start, and what is multiplied by the cube of the dimension.
_SECONDS = (2e-3, 2e-7)


@dataclass(frozen=True)
class CriticalPoints:
    """A row a start, uniform in the problem's box: where the squared gradient norm has a minimum.

    Columns: ``replicate``; ``converged``, 1 where the gradient vanished, else a minimum of its norm
    was found that is no critical point, or the iterations ran out; ``iterations``; ``loss``;
    ``gradient_norm``; ``negative``, ``zero``, ``positive``: how many eigenvalues of the Hessian
    are, so that the first is the index; ``lowest``, ``highest``: eigenvalues; ``farthest``: the
    largest coordinate as a multiple of the largest of the box, since gradients also vanish far out;
    ``point``: the first start that ended there, so that points can be counted once.

    Searches find points of the index that lies about where they start more often than others: a
    share of indices is one among points so found.

    Attributes
    ----------
    starts : int
    iterations : int
        Of a search, at most.
    gradient_tolerance : float
        Norm at which a gradient has vanished.
    tolerance : float
        An eigenvalue within this of zero, as a share of the largest magnitude, has no sign.
    """

    starts: int = 200
    iterations: int = 200
    gradient_tolerance: float = 1e-9
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        require(self.starts >= 1, "starts", self.starts, "1 or more")
        require(self.iterations >= 1, "iterations", self.iterations, "1 or more")
        allowed = "above 0"
        name = "gradient_tolerance"
        require(self.gradient_tolerance > 0, name, self.gradient_tolerance, allowed)
        require(0 < self.tolerance < 1, "tolerance", self.tolerance, "above 0, below 1")

    def seconds(self, problem: Any) -> float:
        """Return about how long a block takes."""
        start, cube = _SECONDS
        return self.starts * (start + cube * len(problem.lower) ** 3)

    def examine(
        self, problem: Any, streams: Streams, method: Any
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return the table; see `escaping_minima.engine.examining`."""
        import numpy as np
        import torch

        from escaping_minima.draws.boxes import draw_in_box

        function = smooth(problem)
        w = draw_in_box(problem, streams, "critical", self.starts)
        found = find_critical(function, w, self.iterations, self.gradient_tolerance)
        spectra = torch.linalg.eigvalsh(hessians(function, found.w))
        counts = signs(spectra, self.tolerance)
        near = NEAR * w.shape[1] ** 0.5
        widest = max(map(abs, (*problem.lower, *problem.upper)))
        columns = {
            "replicate": np.arange(self.starts, dtype=np.int32),
            "converged": (found.norms <= self.gradient_tolerance).to(torch.int8).numpy(),
            "iterations": found.iterations.to(torch.int32).numpy(),
            "loss": function.values(found.w)[:, 0].numpy(),
            "gradient_norm": found.norms.numpy(),
            **{n: c.to(torch.int16).numpy() for n, c in counts._asdict().items()},
            "lowest": spectra[:, 0].numpy(),
            "highest": spectra[:, -1].numpy(),
            "farthest": (found.w.abs().amax(1) / widest).numpy(),
            "point": name_points(found.w.numpy(), near).astype(np.int32),
        }
        return {"": columns}


MEASURE = CriticalPoints
