"""The eigenvalues of the Hessian at points of a small problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Curvature:
    """Columns ``lowest``, ``highest``, and ``negative``, ``positive``: how many of each sign.

    The Hessian is that of autograd; eigenvalues are LAPACK's, in float64.

    Attributes
    ----------
    tolerance : float
        An eigenvalue within this of zero, as a share of the largest magnitude, has no sign.
    """

    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        require(self.tolerance >= 0, "tolerance", self.tolerance, "0 or more")

    def at_points(self, problem: Any, w: Tensor) -> Mapping[str, Any]:
        """Measure at each row of ``w`` (n, d)."""
        import torch

        from escaping_minima.engine.points_objective import evaluator

        evaluate = evaluator(problem)

        def value(point: Tensor) -> Tensor:
            return evaluate.values(point.unsqueeze(0))[0, 0]

        hessians = torch.func.vmap(torch.func.hessian(value))(w)
        eigenvalues = torch.linalg.eigvalsh(hessians)
        border = self.tolerance * eigenvalues.abs().amax(1, keepdim=True)
        return {
            "lowest": eigenvalues[:, 0].numpy(),
            "highest": eigenvalues[:, -1].numpy(),
            "negative": (eigenvalues < -border).sum(1).numpy(),
            "positive": (eigenvalues > border).sum(1).numpy(),
        }


MEASURE = Curvature
