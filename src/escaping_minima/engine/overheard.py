"""A method whose evaluations and draws others hear of: what observers put around a run's method.

Nothing is changed on the way: weights, draws and counts are those without it. What listeners do
may be part of a captured graph, so it must stay on the device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.run import Run
    from escaping_minima.methods.protocol import Method, Noise, Objective, State


def present_method(run: Run) -> Any:
    """Return the method of a run as it steps now: settings that a schedule moves are tensors.

    A captured graph reads them where they are.
    """
    return run._moved[-1].method if run._moved else run.plan.method


@dataclass(frozen=True)
class Listeners:
    """What is told of each call that a method makes.

    Attributes
    ----------
    gradient : callable
        (w, gradient, mask) after each gradient: where, what was written, and the mask or None. It
        is the gradient of the loss: what modifiers add comes later.
    ball : callable, optional
        (drawn) after each draw in the ball, (1, d); zero where the mask of the draw was off.
    """

    gradient: Callable[[Tensor, Tensor, Tensor | None], None]
    ball: Callable[[Tensor], None] | None = None


class Overheard:
    """A method with listeners.

    Parameters
    ----------
    method : Method
    listeners : Listeners
    """

    def __init__(self, method: Method, listeners: Listeners) -> None:
        self._method = method
        self._listeners = listeners
        self.capturable = getattr(method, "capturable", False)

    def start(self, w: Tensor) -> State:
        """See `Method.start`."""
        return self._method.start(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """See `Method.step`."""
        heard: Any = _HeardObjective(objective, self._listeners)
        drawn: Any = noise if self._listeners.ball is None else _HeardNoise(noise, self._listeners)
        self._method.step(w, state, heard, drawn)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """See `Method.finish`."""
        self._method.finish(w, state, objective)


class _HeardObjective:
    def __init__(self, objective: Objective, listeners: Listeners) -> None:
        self._objective = objective
        self._listeners = listeners

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objective, name)

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """See `Objective.gradient`."""
        self._objective.gradient(w, out, mask, statistics, loss)
        self._listeners.gradient(w, out, mask)


class _HeardNoise:
    def __init__(self, noise: Noise, listeners: Listeners) -> None:
        self._noise = noise
        self._listeners = listeners

    def __getattr__(self, name: str) -> Any:
        return getattr(self._noise, name)

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """See `Noise.__call__`."""
        drawn = self._noise(mask)
        if self._listeners.ball is not None:
            self._listeners.ball(drawn)
        return drawn
