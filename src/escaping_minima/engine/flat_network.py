"""A network whose weights are one vector, as methods see it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_DENSE = (nn.Conv2d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)

#: Bytes of whose multiples the address of weights must be one: kernels of cuDNN load vectors of
#: four floats, and fail elsewhere.
_ALIGNMENT = {"cuda": 16}


class FlatNetwork:
    """A network on a device, its parameters laid out one after another in a vector ``w`` (1, d).

    The parameters are views of that vector, so that a method moves the network by moving ``w``.
    Once a vector is bound, those that the device could not read where they lie, as some of narrow
    networks on a GPU, are copies, made anew each time.

    Parameters
    ----------
    network : Module
    device : torch.device
    layout : torch.memory_format

    Attributes
    ----------
    module : Module
    w : Tensor of shape (1, d), float32
    """

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:
        self.module = network.to(device, memory_format=layout)  # type: ignore[call-overload]
        self.parameters: list[nn.Parameter] = list(self.module.parameters())
        self._shapes = [(p.numel(), p.shape, p.stride()) for p in self.parameters]
        self.w = torch.empty(1, sum(n for n, _, _ in self._shapes), device=device)
        for parameter, view in zip(self.parameters, self.views(self.w), strict=True):
            view.copy_(parameter.detach())
            # whoever draws the weights of the start writes into the vector
            parameter.data = view
        self._copies = self._make_copies()
        self._stray: list[tuple[Tensor, Tensor]] = []
        self._bound = 0
        kept = set(self.module.state_dict())
        self._buffers = {n: b for n, b in self.module.named_buffers() if n in kept}

    def views(self, vector: Tensor) -> list[Tensor]:
        """Return views of a vector (1, d), one shaped and strided as each parameter."""
        parts = torch.split(vector[0], [n for n, _, _ in self._shapes])
        return [
            part.as_strided(shape, stride, part.storage_offset())
            for part, (_, shape, stride) in zip(parts, self._shapes, strict=True)
        ]

    def bind(self, vector: Tensor) -> None:
        """Let the network's weights be those of a vector (1, d), without a copy where one can."""
        # the parameters keep the bound memory alive, so its address names it
        if self._bound != vector.data_ptr():
            views = self.views(vector)
            for parameter, view, copy in zip(self.parameters, views, self._copies, strict=True):
                parameter.data = view if copy is None else copy
            pairs = zip(self._copies, views, strict=True)
            self._stray = [(copy, view) for copy, view in pairs if copy is not None]
            self._bound = vector.data_ptr()
        for copy, view in self._stray:
            copy.copy_(view)

    def _make_copies(self) -> list[Tensor | None]:
        """Return memory for each parameter that lies where the device cannot read it."""
        multiple = _ALIGNMENT.get(self.w.device.type, 1)
        copies: list[Tensor | None] = []
        for view, (_, shape, stride) in zip(self.views(self.w), self._shapes, strict=True):
            is_stray = view.storage_offset() * view.element_size() % multiple
            made = torch.empty_strided(shape, stride, device=self.w.device) if is_stray else None
            copies.append(made)
        return copies

    def buffers(self) -> dict[str, Tensor]:
        """Return what the network remembers besides its weights: batch-norm statistics."""
        return self._buffers

    def norms(self) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
        """Return the batch-norm layers."""
        return [m for m in self.module.modules() if isinstance(m, _NORMS)]

    def dense_parameters(self) -> dict[str, list[Tensor]]:
        """Return the weights and the biases of convolutions and dense layers, apart."""
        layers = [m for m in self.module.modules() if isinstance(m, _DENSE)]
        biases = [m.bias for m in layers if m.bias is not None]
        return {"weights": [m.weight for m in layers], "biases": biases}
