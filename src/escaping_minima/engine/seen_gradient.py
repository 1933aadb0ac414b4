"""The gradient that a method sees: that of the loss, and what modifiers add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from escaping_minima.engine.run import Run
    from escaping_minima.methods.protocol import Noise, Objective, State


class SeenGradient:
    """Adds to a gradient of the loss what the modifiers of a run add, without a further pass.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._asking: Any = _Asking()
        for modifier in run.plan.modifiers:
            self._asking = modifier.around(self._asking)
        self._state = {"g": torch.empty_like(run.network.w)} if run.plan.modifiers else {}

    def of(self, w: Tensor, gradient: Tensor) -> Tensor:
        """Return what a method sees at ``w`` where the loss has this gradient, both (1, d).

        It is valid until the next call.
        """
        if not self._state:
            return gradient
        given: Any = _Given(self._run.objective, gradient)
        self._asking.step(w, self._state, given, self._run.noise)
        return self._state["g"]


class _Asking:
    """A method that asks for one gradient, and leaves it in its state."""

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        objective.gradient(w, state["g"])


class _Given:
    """An objective of which one gradient is known."""

    def __init__(self, objective: Any, gradient: Tensor) -> None:
        self._objective = objective
        self._gradient = gradient

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
        out.copy_(self._gradient)
