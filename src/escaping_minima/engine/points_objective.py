"""A small problem as a method sees it: evaluated at k points at once, every evaluation counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.problems.plane import PlaneFunction
    from escaping_minima.problems.points import PointsProblem


class Rows:
    """Evaluates a problem at points (k, d)."""

    def __init__(self, problem: PointsProblem) -> None:
        self._problem = problem

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each point, shape (k, 1)."""
        return self._problem.values(w)

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each point, shape (k, d)."""
        return self._problem.gradients(w)

    def write_gradients(self, w: Tensor, out: Tensor) -> None:
        """Write the gradient at each point into ``out`` (k, d)."""
        out.copy_(self._problem.gradients(w))


class Columns:
    """Evaluates a function of the plane at points (k, 2) whose columns are contiguous."""

    def __init__(self, function: PlaneFunction) -> None:
        self._function = function

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each point, shape (k, 1)."""
        value: Tensor = self._function.value(*w.unbind(1)).unsqueeze(1)
        return value

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each point, shape (k, 2)."""
        return torch.stack(self._function.gradient(*w.unbind(1))).T

    def write_gradients(self, w: Tensor, out: Tensor) -> None:
        """Write the gradient at each point into ``out`` (k, 2), without a copy."""
        torch.stack(self._function.gradient(*w.unbind(1)), out=out.T)


def is_of_rows(problem: Any) -> bool:
    """Whether a problem is written for points (k, d), not for the columns of the plane."""
    return hasattr(problem, "values")


def evaluator(problem: Any) -> Rows | Columns:
    """Return what evaluates a problem, by the form that it is written in."""
    return Rows(problem) if is_of_rows(problem) else Columns(problem)


class PointsObjective:
    """Value and gradient of a block of points, with evaluations counted per replicate.

    See `escaping_minima.methods.protocol.Objective`; there are no running statistics.

    Parameters
    ----------
    problem : PointsProblem or PlaneFunction
    replicates : int
        k, the width of the block.
    device : torch.device

    Attributes
    ----------
    items : int
        1: the loss is no mean over items.
    gradient_evaluations, loss_evaluations : Tensor of shape (k, 1), float64
    """

    items = 1

    def __init__(self, problem: Any, replicates: int, device: torch.device) -> None:
        self.problem = problem
        self._evaluate = evaluator(problem)
        zeros = torch.zeros(replicates, 1, dtype=torch.float64, device=device)
        self.gradient_evaluations = zeros
        self.loss_evaluations = zeros.clone()
        # masks are read back on the CPU, where that costs nothing and saves an evaluation
        self.skips = device.type == "cpu"

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """Write the gradient at ``w`` (k, d) into ``out`` (k, d), in the rows of ``mask``.

        The loss of the same look is written into ``loss`` (k, 1), where that is given.
        """
        if mask is not None and self.skips and not mask.any():
            return
        if loss is not None:
            f = self._evaluate.values(w)
            loss.copy_(f if mask is None else f.where(mask, loss))
        if mask is None:
            self._evaluate.write_gradients(w, out)
            self.gradient_evaluations.add_(1)
        else:
            out.copy_(self._evaluate.gradients(w).where(mask, out))
            self.gradient_evaluations.add_(mask)

    def value(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        inference: bool = False,
        statistics: bool = False,
    ) -> None:
        """Write the value at ``w`` (k, d) into ``out`` (k, 1), in the rows of ``mask``."""
        if mask is not None and self.skips and not mask.any():
            return
        f = self._evaluate.values(w)
        if mask is None:
            out.copy_(f)
            self.loss_evaluations.add_(1)
        else:
            out.copy_(f.where(mask, out))
            self.loss_evaluations.add_(mask)

    def remember_statistics(self) -> None:
        """There are none."""

    def roll_back_statistics(self, mask: Tensor) -> None:
        """There are none."""
