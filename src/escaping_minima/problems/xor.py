"""Exclusive or, learnt by a small fully connected network of exponential linear units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.walked import count_weights

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.walked import Surface


@dataclass(frozen=True)
class Xor:
    """Mean cross-entropy of a network 2-h-...-h-1 with a sigmoid output over the four patterns.

    Weights and biases are one row, layer by layer, as
    `escaping_minima.problems.networks.elu_rows.EluRows` says. A block is as many replicates as
    there are weights, so that ten blocks are the ten walks a weight of the paper.

    Attributes
    ----------
    width : int
        h, units of each hidden layer.
    depth : int
        Hidden layers.
    bound : float
        Starts are uniform within -bound and bound.

    References
    ----------
    Bosman, Engelbrecht and Helbig 2020, sections III-A to III-C.
    """

    DATA_SET: ClassVar[str] = ""

    width: int = 2
    depth: int = 1
    bound: float = 1.0

    def __post_init__(self) -> None:
        require(self.width >= 1, "width", self.width, "1 or more")
        require(self.depth >= 1, "depth", self.depth, "1 or more")
        require(self.bound > 0, "bound", self.bound, "above 0")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, units of each hidden layer, outputs."""
        return (2, *(self.width,) * self.depth, 1)

    @property
    def weights(self) -> int:
        """How many weights and biases there are."""
        return count_weights(self.sizes)

    @property
    def BLOCK(self) -> int:  # noqa: N802 - a constant, of each architecture
        """Replicates in one block."""
        return self.weights

    @property
    def lower(self) -> tuple[float, ...]:
        """The least corner of the box of starts."""
        return (-self.bound,) * self.weights

    @property
    def upper(self) -> tuple[float, ...]:
        """The greatest corner of the box of starts."""
        return (self.bound,) * self.weights

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each row of ``w`` (k, m), shape (k, 1)."""
        from escaping_minima.problems.networks.xor_rows import XorRows

        return XorRows(self.sizes, w).values(w)

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, m), shape (k, m)."""
        from escaping_minima.problems.networks.xor_rows import XorRows

        out = w.new_empty(w.shape)
        XorRows(self.sizes, w).look(w, out)
        return out

    def select(self, data: Any) -> Any:
        """Return nothing: the four patterns are no data set."""

    def place(self, data: Any, device: torch.device) -> torch.device:
        """Return where the patterns are to be."""
        return device

    def surface(self, placed: torch.device, streams: Sequence[Streams]) -> Surface:
        """Return the surface, which is the same in every step."""
        import torch

        from escaping_minima.problems.networks.xor_rows import XorRows

        return XorRows(self.sizes, torch.empty(0, dtype=torch.float32, device=placed))


PROBLEM = Xor
