"""What lies below a level at which walks stay: a minimum, a saddle, or a valley without end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.curvature import eigenvalues, losses_and_gradients, signs
from escaping_minima.landscape.descents import Descents, descend
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

#: Losses at which XOR networks have stationary points: all patterns right; two right and two at
#: one half; three patterns of one logit and one right (found numerically, to four digits); none.
LEVELS = (0.0, log(2) / 2, 0.4774, log(2))
#: How far from a level a loss may be.
NEAR = 0.005
#: How large a gradient's norm may be at the start.
STATIONARY = 0.05
#: A gradient's norm below this has vanished; at a loss of 1 rounding leaves about 1e-8.
VANISHED = 1e-6
#: A drift above this is a valley's, where it is about 1; at a minimum it goes to zero with the
#: gradient (`escaping_minima.landscape.descents`).
DRIFTS = 0.1


@dataclass(frozen=True)
class Descent:
    """Short descents from the points of lowest gradient near each of `LEVELS`.

    A row a point; where no descent began, numbers are NaN, counts are -1 and ``kind`` is empty.
    Columns: ``level``; ``start_loss``, ``start_gradient``, ``end_loss``, ``end_gradient`` (norms);
    ``growth``, the norm of the weights at the end over that at the start; ``drift``, as
    `escaping_minima.landscape.descents` has it; ``negative``, ``zero``, ``positive``: eigenvalues
    of the full Hessian at the end, in float64, by the relative rule; and ``kind``, the first that
    holds:

    - "saddle": the loss fell more than `NEAR` below the level;
    - "valley": ``drift`` is above `DRIFTS`;
    - "saddle": an eigenvalue is negative;
    - "minimum": the gradient vanished;
    - "undecided": the iterations ran out.

    Attributes
    ----------
    points : int
        Descents a level, at most.
    iterations : int
        Steps tried in a descent.
    tolerance : float
        Of the relative rule.
    """

    points: int = 3
    iterations: int = 4000
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        require(self.points >= 1, "points", self.points, "1 or more")
        require(self.iterations >= 1, "iterations", self.iterations, "1 or more")
        require(0 < self.tolerance < 1, "tolerance", self.tolerance, "above 0, below 1")

    def at_points(self, problem: Any, w: Tensor) -> Mapping[str, Any]:
        """Measure at rows of ``w`` (n, m) of a problem that has a ``width`` and a ``depth``."""
        import numpy as np

        network = SmallNetwork(problem.width, problem.depth)
        losses, gradients = losses_and_gradients(network, w)
        norms = gradients.norm(dim=1)
        chosen = [(row, level) for level in LEVELS for row in self._near(level, losses, norms)]
        rows = np.array([row for row, _ in chosen], dtype=int)
        found = {"start_loss": losses[rows], "start_gradient": norms[rows]}
        found |= self._below(network, w[rows]) if chosen else {}
        columns = {"level": np.array([level for _, level in chosen])}
        columns |= {name: values.numpy() for name, values in found.items()}
        columns["kind"] = np.array(_kinds(columns), dtype=object)
        return {name: _spread(columns.get(name), rows, len(w), name) for name in _ABSENT}

    def _near(self, level: float, losses: Tensor, norms: Tensor) -> list[int]:
        near = ((losses - level).abs() <= NEAR) & (norms < STATIONARY)
        rows = near.nonzero().flatten()
        chosen: list[int] = rows[norms[rows].argsort(stable=True)][: self.points].tolist()
        return chosen

    def _below(self, network: SmallNetwork, w: Tensor) -> dict[str, Tensor]:
        ends: Descents = descend(network, w, self.iterations)
        counts = signs(eigenvalues(network, ends.w), self.tolerance)
        norms = ends.w.norm(dim=1)
        return {
            "end_loss": ends.losses,
            "end_gradient": ends.gradient_norms,
            "growth": norms / w.norm(dim=1),
            "drift": ends.drifts,
            "negative": counts.negative,
            "zero": counts.zero,
            "positive": counts.positive,
        }


#: What a column holds where no descent began; in the order of the table.
_ABSENT: dict[str, Any] = {
    **dict.fromkeys(("level", "start_loss", "start_gradient"), float("nan")),
    **dict.fromkeys(("end_loss", "end_gradient", "growth", "drift"), float("nan")),
    **dict.fromkeys(("negative", "zero", "positive"), -1),
    "kind": "",
}
_DTYPES: dict[type, Any] = {int: "int16", float: "float64", str: object}


def _kinds(columns: Mapping[str, Any]) -> list[str]:
    return [_kind(columns, row) for row in range(len(columns["level"]))]


def _kind(columns: Mapping[str, Any], row: int) -> str:
    if columns["end_loss"][row] < columns["level"][row] - NEAR:
        return "saddle"
    if columns["drift"][row] > DRIFTS:
        return "valley"
    if columns["negative"][row] > 0:
        return "saddle"
    return "minimum" if columns["end_gradient"][row] < VANISHED else "undecided"


def _spread(values: Any, rows: Any, count: int, name: str) -> Any:
    """Return a column of all points, with values at some rows."""
    import numpy as np

    absent = _ABSENT[name]
    found = np.full(count, absent, _DTYPES[type(absent)])
    if values is not None:
        found[rows] = values
    return found


MEASURE = Descent
