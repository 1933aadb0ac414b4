"""What a method is: frozen settings, a dictionary of tensors, and one step in place.

Shapes everywhere: ``w`` and gradients are (k, d), k replicates of d weights side by side; decisions
and counters are (k, 1). A network is the case k = 1. A method never reads a tensor back to the
host: decisions are masks, so the same step runs batched and inside a captured graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    State = dict[str, Tensor]
else:
    State = dict


class Noise(Protocol):
    """The draw that belongs to the present step."""

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw uniform in the unit ball, (k, d); rows outside ``mask`` are zero."""


class Objective(Protocol):
    """What a method may ask of a problem; the engine behind it counts every evaluation."""

    def gradient(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the gradient at ``w`` into ``out``, only in the rows of ``mask`` if given."""

    def value(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the loss at ``w`` into ``out`` (k, 1), only in the rows of ``mask`` if given."""


class Method(Protocol):
    """One optimisation method; its dataclass fields are its settings."""

    def start(self, w: Tensor) -> State:
        """Allocate the state that belongs to the start ``w``."""

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one iteration, changing ``w`` and ``state`` in place."""

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Settle what is pending after the last step, so that ``w`` is the end point."""


def require(condition: bool, key: str, found: Any, allowed: str) -> None:
    """Raise ValueError, naming the setting, unless ``condition`` holds."""
    if not condition:
        raise ValueError(f"{key} is {found!r}; allowed: {allowed}")


def row_norm(x: Tensor) -> Tensor:
    """Return the Euclidean norm of each row, shape (k, 1)."""
    # square-sum-sqrt: on the column-major (k, 2) blocks torch's own norm is ten times slower
    return x.square().sum(1, keepdim=True).sqrt_()
