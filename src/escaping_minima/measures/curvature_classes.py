"""Curvature classes of small networks at kept points, under every reading of the Hessian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.landscape.curvature import (
    batch_first,
    block_spectrum,
    classify,
    full_spectrum,
    portions,
    signs,
)
from escaping_minima.landscape.derivatives import Pass, gradients_of, lower_hessians, passes
from escaping_minima.landscape.small_network import SmallNetwork
from escaping_minima.landscape.structural_rank import branches_of, structural_ranks
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

_SPECTRA = {"block": block_spectrum, "full": full_spectrum}
#: Hidden layers that have a column of their own.
_HIDDEN = 3


@dataclass(frozen=True)
class CurvatureClasses:
    """Classes of the Hessian, its rank, and what is saturated, point by point.

    Columns, a row a point:

    - ``block_float32_exact``, ``full_float64_relative`` and so on, for every Hessian (block: one a
      tensor, eigenvalues pooled; full), precision, and rule for zero (exact: 0.0; relative: at
      most ``tolerance`` of the largest magnitude): an index into
      `escaping_minima.landscape.curvature.CLASSES`, or -1 where it was not computed. Eigenvalues
      are LAPACK's in the precision named, of a Hessian computed in it.
    - ``rank``, ``negative``: how many eigenvalues of the full Hessian are not zero, and below
      zero, in float64 by the relative rule; -1 where the Hessian is not finite.
    - ``structural_rank``: what the branches of the units allow
      (`escaping_minima.landscape.structural_rank`).
    - ``output_saturated``: share of the patterns with p (1 - p) exactly 0 in float32.
    - ``hidden_saturated_1`` to ``_3``: share of a hidden layer's units, over all patterns, whose
      derivative is exactly 0 in float32; NaN where there is no such layer.
    - ``idle_weights``: share of the weights whose entry of the gradient and whole row of the
      Hessian are exactly 0 in float32; NaN where float32 was not computed.

    Attributes
    ----------
    tolerance : float
        Of the relative rule.
    float32_every : int
        Float32 is computed at every so manieth row, the first included.
    """

    tolerance: float = 1e-6
    float32_every: int = 10

    def __post_init__(self) -> None:
        require(0 < self.tolerance < 1, "tolerance", self.tolerance, "above 0, below 1")
        require(self.float32_every >= 1, "float32_every", self.float32_every, "1 or more")

    def at_points(self, problem: Any, w: Tensor) -> Mapping[str, Any]:
        """Measure at each row of ``w`` (n, m) of a problem that has a ``width`` and a ``depth``."""
        network = SmallNetwork(problem.width, problem.depth)
        columns = _Columns(len(w))
        for rows, part in portions(network, w):
            self._double(network, part, columns, rows)
        chosen = slice(None, None, self.float32_every)
        single = w[chosen].float()
        some = _Columns(len(single))
        for rows, part in portions(network, single):
            self._single(network, part, some, rows)
        columns.place(some, chosen)
        self._saturation(network, w.float(), columns)
        return columns.finished()

    def _double(self, network: SmallNetwork, w: Tensor, columns: _Columns, rows: slice) -> None:
        lower = batch_first(lower_hessians(network, passes(network, w)))
        full = self._classes(network, lower, "float64", columns, rows)
        found = signs(full, self.tolerance)
        known = full.isfinite().all(1)
        columns.put("rank", rows, (found.negative + found.positive).where(known, -1), "int16")
        columns.put("negative", rows, found.negative.where(known, -1), "int16")

    def _single(self, network: SmallNetwork, w: Tensor, columns: _Columns, rows: slice) -> None:
        found = passes(network, w)
        lower = batch_first(lower_hessians(network, found))
        self._classes(network, lower, "float32", columns, rows)
        columns.put("idle_weights", rows, _idle(network, found, lower), "float64")

    def _classes(
        self, network: SmallNetwork, lower: Tensor, precision: str, columns: _Columns, rows: slice
    ) -> Tensor:
        """Put the classes of one precision; return the eigenvalues of the full Hessian."""
        spectra = {name: spectrum(network, lower) for name, spectrum in _SPECTRA.items()}
        for name, values in spectra.items():
            for rule, tolerance in (("exact", None), ("relative", self.tolerance)):
                classes = classify(signs(values, tolerance))
                columns.put(f"{name}_{precision}_{rule}", rows, classes, "int8")
        return spectra["full"]

    def _saturation(self, network: SmallNetwork, w: Tensor, columns: _Columns) -> None:
        import torch

        for layer in range(_HIDDEN):
            columns.put(f"hidden_saturated_{layer + 1}", slice(0, 0), torch.empty(0), "float64")
        branches = []
        for rows, part in portions(network, w):
            found = passes(network, part)
            branches.append(branches_of(found)[: rows.stop - rows.start])
            saturated = (found.curvatures == 0).double().mean(0)
            columns.put("output_saturated", rows, saturated, "float64")
            for layer, slope in enumerate(found.slopes[:_HIDDEN]):
                share = (slope == 0).double().mean((0, 1))
                columns.put(f"hidden_saturated_{layer + 1}", rows, share, "float64")
        ranks = structural_ranks(network, torch.cat(branches))
        columns.put("structural_rank", slice(0, len(w)), ranks, "int16")


def _idle(network: SmallNetwork, found: Pass, lower: Tensor) -> Tensor:
    """Return the share of weights, (K,), with neither a gradient nor a row of the Hessian."""
    below = lower.tril() != 0
    still = ~(below.any(1) | below.any(2)) & (gradients_of(network, found).T == 0)
    return still.double().mean(1)


class _Columns:
    """Columns of a table that are filled in portions; what is never filled is -1 or NaN."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._found: dict[str, Any] = {}

    def put(self, name: str, rows: slice, values: Tensor, dtype: str) -> None:
        """Put the first of some values into rows of a column."""
        self._column(name, dtype)[rows] = values[: rows.stop - rows.start].numpy()

    def place(self, others: _Columns, rows: slice) -> None:
        """Put whole columns of a shorter table into rows of this one."""
        for name, values in others.finished().items():
            self._column(name, values.dtype.name)[rows] = values

    def finished(self) -> dict[str, Any]:
        """Return the columns by name."""
        return self._found

    def _column(self, name: str, dtype: str) -> Any:
        import numpy as np

        if name not in self._found:
            absent = np.nan if dtype == "float64" else -1
            self._found[name] = np.full(self._rows, absent, dtype)
        return self._found[name]


MEASURE = CurvatureClasses
