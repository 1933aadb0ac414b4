"""Coupled weight decay: a multiple of the weights is added to every gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.methods.protocol import Method, Noise, Objective, State


@dataclass(frozen=True)
class WeightDecay:
    """g <- g + lambda w in every gradient that the method asks for.

    Attributes
    ----------
    rate : float
        lambda.

    References
    ----------
    ``weight_decay`` of torch.optim.SGD; Krogh and Hertz 1992.
    """

    rate: float = 5e-4

    def __post_init__(self) -> None:
        require(self.rate > 0, "rate", self.rate, "above 0")

    def around(self, method: Method) -> Method:
        """Return the method with it."""
        return _Decayed(self.rate, method)


class _Decayed:
    def __init__(self, rate: float, method: Method) -> None:
        self._rate = rate
        self._method = method
        self.capturable = getattr(method, "capturable", False)

    def start(self, w: Tensor) -> State:
        """See `Method.start`."""
        return self._method.start(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """See `Method.step`."""
        self._method.step(w, state, _DecayedObjective(self._rate, objective), noise)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """See `Method.finish`."""
        self._method.finish(w, state, _DecayedObjective(self._rate, objective))


class _DecayedObjective:
    def __init__(self, rate: float, objective: Objective) -> None:
        self._rate = rate
        self._objective = objective
        self.items = objective.items
        self.value = objective.value
        self.remember_statistics = objective.remember_statistics
        self.roll_back_statistics = objective.roll_back_statistics

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """See `Objective.gradient`; the decay is no part of the loss, as in torch."""
        if mask is None:
            self._objective.gradient(w, out, statistics=statistics, loss=loss)
            out.add_(w, alpha=self._rate)
        else:
            before = out.clone()
            self._objective.gradient(w, out, mask, statistics, loss)
            out.copy_(out.add(w, alpha=self._rate).where(mask, before))


MODIFIER = WeightDecay
