"""The trainable parameters of a network as the one vector that a method moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from escaping_minima.methods.protocol import State


class FlatParameters:
    """Parameters side by side in a vector of shape (1, d).

    Parameters
    ----------
    params : sequence of Tensor
        In their order in the vector; at least one.

    Attributes
    ----------
    params : list of Tensor
    w : Tensor of shape (1, d)
        As `read` last found it, or as a method has moved it since.
    moving : list of bool
        Which parameters had a gradient at the last evaluation.

    Raises
    ------
    ValueError
        If the parameters cannot be one vector of real numbers on one device.
    """

    def __init__(self, params: Sequence[Tensor]) -> None:
        _check(params)
        self.params = list(params)
        self.sizes = [p.numel() for p in params]
        self.w = torch.cat([p.detach().reshape(-1) for p in params]).unsqueeze(0)
        self.moving = [True] * len(self.params)
        self._views: list[Tensor] | None = None

    def holds(self, params: Sequence[Tensor]) -> bool:
        """Return whether these are the parameters, in number format and place as they were."""
        return self.is_of(params) and all(
            p.dtype == self.w.dtype and p.device == self.w.device for p in params
        )

    def is_of(self, params: Sequence[Tensor]) -> bool:
        """Return whether these are the parameters, in this order."""
        return list(map(id, params)) == list(map(id, self.params))

    def read(self) -> None:
        """Copy the parameters into the vector."""
        torch.cat([p.data.reshape(-1) for p in self.params], out=self.w[0])

    def write(self, w: Tensor) -> None:
        """Copy a vector of shape (1, d) into the parameters."""
        if w is self.w:
            views = self._views = self._views or self._split(w)
        else:
            views = self._split(w)
        # through .data: the copy must not enter the graph of a closure
        torch._foreach_copy_([p.data for p in self.params], views)

    def gradient(self, out: Tensor) -> None:
        """Copy the gradients into ``out`` (1, d): zero where there is none.

        Raises
        ------
        ValueError
            If a gradient is sparse.
        """
        gradients = [p.grad for p in self.params]
        if any(g is not None and g.layout != torch.strided for g in gradients):
            raise ValueError(
                "a gradient is sparse; methods move one dense vector: "
                "build the layer without sparse=True"
            )
        self.moving = [g is not None for g in gradients]
        pairs = zip(self.params, gradients, strict=True)
        full = [torch.zeros_like(p) if g is None else g for p, g in pairs]
        torch.cat([g.reshape(-1) for g in full], out=out[0])

    def take_over(self, state: State, old: FlatParameters, old_state: State) -> None:
        """Fill the state of these parameters with what another vector's state says of them.

        Parameters
        ----------
        state : dict of Tensor
            As the method starts it on these parameters.
        old, old_state : FlatParameters and dict of Tensor
            Where other parameters joined or left, what is known of each weight that stays is kept;
            counters and losses belong to the whole vector and begin anew.
        """
        if self.is_of(old.params):
            for name, tensor in state.items():
                tensor.copy_(old_state[name])
            return
        places = old._places()
        for name, tensor in state.items():
            before = old_state[name]
            if tensor.shape == self.w.shape and before.shape == old.w.shape:
                for key, place in self._places().items():
                    if key in places:
                        tensor[:, place] = before[:, places[key]].to(tensor)

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the views, which in a copy would be of another vector."""
        return vars(self) | {"_views": None}

    def _split(self, w: Tensor) -> list[Tensor]:
        parts = torch.split(w[0], self.sizes)
        return [part.view(p.shape) for part, p in zip(parts, self.params, strict=True)]

    def _places(self) -> dict[int, slice]:
        ends = torch.tensor(self.sizes).cumsum(0).tolist()
        return {
            id(p): slice(end - size, end)
            for p, size, end in zip(self.params, self.sizes, ends, strict=True)
        }


def _check(params: Sequence[Tensor]) -> None:
    kinds = {(p.dtype, p.device) for p in params}
    if len(kinds) != 1:
        found = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
        raise ValueError(
            f"all parameters must have one dtype and one device, found {found}: "
            "a method moves one vector"
        )
    if not params[0].dtype.is_floating_point:
        raise ValueError(f"parameters are {params[0].dtype}; allowed: real floating point")
    if any(hasattr(p, "device_mesh") for p in params):
        raise ValueError(
            "parameters are sharded over processes, where lengths of vectors would be those of a "
            "shard: use DistributedDataParallel"
        )
