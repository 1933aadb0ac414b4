"""A small problem as a method sees it in the arena: every evaluation is charged, in items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from escaping_minima.draws.item_batches import ItemBatches
from escaping_minima.draws.item_draws import StepDraws
from escaping_minima.engine.points_objective import evaluator
from escaping_minima.problems.sums import with_data

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


def ready(problem: Any, data: Any, device: torch.device) -> Any:
    """Return what evaluates a problem; see `escaping_minima.problems.sums.with_data`."""
    return with_data(problem, data, device)


@dataclass
class BatchLine:
    """How many items a step looks at: on a straight line in the budget that is spent.

    It is the budget that a gradient a step would spend, the same for all methods and replicates: a
    step has one size of batch, whoever runs beside it.

    Attributes
    ----------
    first, last : int
        Items at the start, and once the budget is spent.
    budget, gradient_cost : float
        In sample evaluations; of the gradient of an item.
    """

    first: int
    last: int
    budget: float
    gradient_cost: float

    def __post_init__(self) -> None:
        self._sizes: list[int] = []
        self._spent = 0.0

    @property
    def largest(self) -> int:
        """The largest batch of any step."""
        return max(self.first, self.last)

    def size(self, step: int) -> int:
        """Return the items of a step."""
        while len(self._sizes) <= step:
            done = min(1.0, self._spent / self.budget)
            size = round(self.first + (self.last - self.first) * done)
            self._sizes.append(size)
            self._spent += self.gradient_cost * size
        return self._sizes[step]


class ArenaObjective:
    """Value and gradient at k points, on the batch of the step, with what each replicate spent.

    See `escaping_minima.methods.protocol.Objective`; there are no running statistics. All that is
    evaluated within a step sees one batch, and one draw of what makes a gradient noisy.

    Parameters
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    streams : sequence of Streams
        One for each lane.
    replicates : int
        Of one lane.
    device : torch.device
    gradient_cost : float
        What the gradient of an item counts; its loss counts 1.
    batches : BatchLine, optional
        None: all items, always.

    Attributes
    ----------
    all_items : int
        How many items the problem has; 1 of one without.
    items : int
        Over how many of them the loss of this step is a mean.
    tally : Tensor of shape (3, k, 1), float64
        Of each replicate: what it spent, and of how many items it asked for the gradient and for
        the loss.
    spent : Tensor of shape (k, 1), float64
        The first of them.
    """

    def __init__(
        self,
        problem: Any,
        streams: Sequence[Streams],
        replicates: int,
        device: torch.device,
        gradient_cost: float,
        batches: BatchLine | None = None,
    ) -> None:
        self.problem = problem
        self.all_items = int(getattr(problem, "items", 1))
        self.items = self.all_items
        self._evaluate = evaluator(problem)
        self._cost = gradient_cost
        self._line = batches
        self._chosen: Tensor | None = None
        if batches is not None:
            drawn = (streams, replicates, self.all_items, batches.largest, device)
            self._batches = ItemBatches(*drawn)
        is_noisy = getattr(problem, "source", "none") != "none"
        self._noise = StepDraws(streams, replicates, device) if is_noisy else None
        shape = (3, len(streams) * replicates, 1)
        self.tally = torch.zeros(shape, dtype=torch.float64, device=device)
        self.spent, self._gradients_seen, self._losses_seen = self.tally.unbind(0)
        # masks are read back on the CPU, where that costs nothing and saves an evaluation
        self.skips = device.type == "cpu"

    def begin(self, step: int) -> None:
        """Begin a step: its batch is looked at from now on."""
        if self._line is not None:
            self.items = self._line.size(step)
            self._chosen = self._batches.of_step(step, self.items)
        if self._noise is not None:
            self._noise.begin(step)

    def settle(self) -> None:
        """Look at all items from now on, without noise, as at the end of a run."""
        self._chosen, self._line, self._noise = None, None, None
        self.items = self.all_items

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
            _write(self._values(w), loss, mask)
        if mask is None and self._chosen is None and self._noise is None:
            self._evaluate.write_gradients(w, out)
        else:
            _write(self._gradients(w), out, mask)
        self._charge(self._gradients_seen, self._cost, mask, self.items)

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
        _write(self._values(w), out, mask)
        self._charge(self._losses_seen, 1.0, mask, self.items)

    def item_values(
        self, w: Tensor, out: Tensor, mask: Tensor | None = None, first: int = 0
    ) -> None:
        """Write the losses of some items of the batch into ``out`` (k, n), in rows of ``mask``.

        They are the ``first`` of the batch, from 0, and those after it, n in all; each counts.
        """
        if mask is not None and self.skips and not mask.any():
            return
        count = out.shape[1]
        if not hasattr(self.problem, "item_values"):
            found = self._values(w)
        elif self._chosen is None and count == self.items:
            found = self.problem.item_values(w, None)
        else:
            found = self.problem.item_values(w, self._some(len(w), first, count))
        _write(found, out, mask)
        self._charge(self._losses_seen, 1.0, mask, count)

    def _some(self, rows: int, first: int, count: int) -> Tensor:
        """Return some of the items of the batch, shape (k, count)."""
        if self._chosen is not None:
            return self._chosen[:, first : first + count].contiguous()
        every = torch.arange(first, first + count, device=self.spent.device)
        return every.expand(rows, count).contiguous()

    def remember_statistics(self) -> None:
        """There are none."""

    def roll_back_statistics(self, mask: Tensor) -> None:
        """There are none."""

    def _values(self, w: Tensor) -> Tensor:
        if self._chosen is None:
            return self._evaluate.values(w)
        mean: Tensor = self.problem.item_values(w, self._chosen).mean(1, keepdim=True)
        return mean

    def _gradients(self, w: Tensor) -> Tensor:
        if self._noise is not None:
            noisy: Tensor = self.problem.noisy_gradients(w, self._chosen, self._noise)
            return noisy
        if self._chosen is None:
            return self._evaluate.gradients(w)
        mean: Tensor = self.problem.mean_gradients(w, self._chosen)
        return mean

    def _charge(self, seen: Tensor, cost: float, mask: Tensor | None, items: int) -> None:
        for tensor, count in ((seen, items), (self.spent, cost * items)):
            if mask is None:
                tensor.add_(count)
            else:
                tensor.add_(mask, alpha=count)


def _write(found: Tensor, out: Tensor, mask: Tensor | None) -> None:
    out.copy_(found if mask is None else found.where(mask, out))
