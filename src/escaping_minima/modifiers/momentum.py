"""Momentum for any method: its descent steps follow a velocity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.methods.protocol import Method, Noise, Objective, State


@dataclass(frozen=True)
class Momentum:
    """v <- mu v + g; w <- w - eta v, wherever the method would do w <- w - eta g.

    See `escaping_minima.methods.protocol.descend`.

    Attributes
    ----------
    share : float
        mu.

    References
    ----------
    Polyak 1964; ``momentum`` of torch.optim.SGD.
    """

    share: float = 0.9

    def __post_init__(self) -> None:
        require(0 < self.share < 1, "share", self.share, "above 0, below 1")

    def around(self, method: Method) -> Method:
        """Return the method with it."""
        return _WithMomentum(self.share, method)


class _WithMomentum:
    def __init__(self, share: float, method: Method) -> None:
        self._share = share
        self._method = method
        self.capturable = getattr(method, "capturable", False)

    def start(self, w: Tensor) -> State:
        """Allocate also the velocity."""
        own = {"velocity": w.new_zeros(w.shape), "momentum": w.new_full((), self._share)}
        state: State = self._method.start(w) | own
        return state

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """See `Method.step`."""
        self._method.step(w, state, objective, noise)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """See `Method.finish`."""
        self._method.finish(w, state, objective)


MODIFIER = Momentum
