"""A small fully connected network: how many weights it has, and where each tensor lies in a row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

#: The four patterns of XOR and their targets.
XOR_INPUTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
XOR_TARGETS = (0.0, 1.0, 1.0, 0.0)


@dataclass(frozen=True)
class Layer:
    """Where one layer's weights lie in a row of all weights.

    Attributes
    ----------
    outputs, inputs : int
    start : int
        Column of the first weight; the bias follows the matrix, which is row by row.
    """

    outputs: int
    inputs: int
    start: int

    @property
    def matrix(self) -> slice:
        """Columns of the weight matrix, (outputs, inputs) row by row."""
        return slice(self.start, self.start + self.outputs * self.inputs)

    @property
    def bias(self) -> slice:
        """Columns of the bias."""
        return slice(self.matrix.stop, self.matrix.stop + self.outputs)


@dataclass(frozen=True)
class SmallNetwork:
    """Hidden layers of ELU units, all of one width, one sigmoid output, and what it is to learn.

    Attributes
    ----------
    width : int
        Units of a hidden layer.
    depth : int
        Hidden layers.
    inputs : tuple of tuple of float
        The patterns; those of XOR if not given.
    targets : tuple of float
        0 or 1 for each pattern.
    """

    width: int
    depth: int
    inputs: tuple[tuple[float, ...], ...] = XOR_INPUTS
    targets: tuple[float, ...] = XOR_TARGETS

    def __post_init__(self) -> None:
        if min(self.width, self.depth) < 1:
            raise ValueError(f"width {self.width}, depth {self.depth}: each must be 1 or more")
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"{len(self.inputs)} patterns with {len(self.targets)} targets")

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers from the first hidden one to the output."""
        sizes = [len(self.inputs[0]), *[self.width] * self.depth, 1]
        found: list[Layer] = []
        start = 0
        for inputs, outputs in pairwise(sizes):
            found.append(Layer(outputs, inputs, start))
            start = found[-1].bias.stop
        return tuple(found)

    @property
    def parameters(self) -> int:
        """How many weights and biases there are: m."""
        return int(self.layers[-1].bias.stop)

    @property
    def tensors(self) -> tuple[slice, ...]:
        """Columns of each tensor: matrix and bias of each layer in turn."""
        return tuple(part for layer in self.layers for part in (layer.matrix, layer.bias))
