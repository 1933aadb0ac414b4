"""Where noise acts: how often it is applied, how large it is, and how long gradients are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.observers.watchers import TrainingWatcher

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run

#: Methods that add their draws in the ball to the gradient; all others add them to the weights.
IN_GRADIENT = ("nig", "nig_bh", "nig_mbh")
#: Percent of the updates of an epoch of which the gradient is at most as long as the column says.
QUANTILES = (10, 50, 90)


@dataclass(frozen=True)
class NoiseActivity:
    """Columns of an epoch about noise drawn in the ball, and about the length of gradients.

    - ``fired``: the share of updates in which such noise was applied;
    - ``searches``: how many local searches ended, 0 of methods that have none (the last search of
      a run, which the budget cuts off, is none that ended);
    - ``noise_ratio``: the mean over the updates that fired of how far the noise moved the weights,
      relative to how far a step of gradient descent would have moved them, learning rate times
      |g|; NaN where none fired;
    - ``gradient_norm_10``, ``_50``, ``_90``: quantiles of |g| over the updates, interpolated as
      NumPy does;
    - ``gradient_evaluations`` so far, as the engine counts them.

    g is the first gradient of an update as the method sees it: with weight decay, without noise.
    It is what a method compares with its tolerance. Where steps follow a velocity, that is left
    out: it carries the noise of earlier updates too. The ascent of SAM is no noise.

    In the row of the start all are NaN but the evaluations.
    """

    def watch_training(self, run: Run) -> TrainingWatcher:
        """See `escaping_minima.observers.watchers`."""
        return _Watcher(run)


class _Watcher(TrainingWatcher):
    def __init__(self, run: Run) -> None:
        import torch

        from escaping_minima.engine.overheard import Listeners, Overheard, present_method
        from escaping_minima.engine.seen_gradient import SeenGradient

        method = present_method(run)
        self._run = run
        self._radius = float(getattr(method, "radius", 0.0))
        self._rate: Tensor | float = 1.0
        if type(method).__module__.rpartition(".")[2] not in IN_GRADIENT:
            self._rate = getattr(method, "learning_rate", math.nan)
        self._has_searches = "searched" in run.state
        self._seen_gradient = SeenGradient(run)
        self._is_first = True
        numbers = torch.zeros(4, _most_updates(run), dtype=torch.float64, device=run.device)
        #: Of each update of the epoch: |g|, the ratio, whether it fired, whether a search ended.
        self._updates = numbers
        self._place = torch.zeros(1, dtype=torch.int64, device=run.device)
        self._gradients = self._place.new_zeros(())
        self._norm, self._ball = numbers.new_full((), math.nan), numbers.new_zeros(())
        run.method = Overheard(run.method, Listeners(self._hear_gradient, self._hear_ball))

    def _hear_gradient(self, w: Tensor, out: Tensor, mask: Tensor | None) -> None:
        self._gradients.add_(1 if mask is None else mask.view(()))
        if self._is_first:
            self._norm.copy_(_length(self._seen_gradient.of(w, out)))
            self._is_first = False

    def _hear_ball(self, drawn: Tensor) -> None:
        self._ball.copy_(_length(drawn))

    def updated(self) -> None:
        """See `TrainingWatcher.updated`."""
        import torch

        noise = self._ball * self._radius
        drawn = (self._ball > 0).double()
        ended = drawn if self._has_searches else torch.zeros_like(drawn)
        seen = [self._norm, noise / (self._norm * self._rate), (noise > 0).double(), ended]
        self._updates.index_copy_(1, self._place, torch.stack(seen)[:, None])
        self._place.add_(1)
        self._norm.fill_(math.nan)
        self._ball.zero_()
        self._is_first = True

    def row(self) -> Mapping[str, Tensor | float]:
        """See `TrainingWatcher.row`."""
        if not self._run.at.rows:
            names = ("fired", "searches", "noise_ratio", *map(_quantile_name, QUANTILES))
            return {"gradient_evaluations": 0.0, **dict.fromkeys(names, math.nan)}
        self._place.zero_()
        done = self._updates[:, : _count_updates(self._run, self._run.at.epoch)]
        norms, ratios, fired, ended = done
        acted = fired.sum()
        return {
            "gradient_evaluations": self._gradients,
            "fired": acted / len(fired),
            "searches": ended.sum(),
            # 0 / 0 is the NaN that is meant
            "noise_ratio": ratios.masked_fill(fired == 0, 0.0).sum() / acted,
            **{_quantile_name(q): norms.quantile(q / 100) for q in QUANTILES},
        }

    def state(self) -> dict[str, Tensor]:
        """See `TrainingWatcher.state`."""
        return {"updates": self._updates, "place": self._place, "gradients": self._gradients}


def _length(vector: Tensor) -> Tensor:
    """Return the norm; that of millions of float32 values needs more digits than they have."""
    import torch

    norm: Tensor = torch.linalg.vector_norm(vector, dtype=torch.float64)
    return norm


def _quantile_name(percent: int) -> str:
    return f"gradient_norm_{percent}"


def _most_updates(run: Run) -> int:
    return max(_count_updates(run, epoch) for epoch in range(1, run.plan.epochs + 1))


def _count_updates(run: Run, epoch: int) -> int:
    from escaping_minima.schedules.batch_sizes import batch_bounds

    return len(batch_bounds(run.task.size, run.plan.sizes.size(epoch, run.plan.epochs)))


OBSERVER = NoiseActivity
