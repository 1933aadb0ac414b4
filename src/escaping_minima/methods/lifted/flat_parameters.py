"""The trainable parameters of a network as the one vector that a method moves."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from escaping_minima.methods.protocol import State

#: What all parameters of one vector have in common.
_KIND = operator.attrgetter("dtype", "device")


class FlatParameters:
    """Parameters side by side in a vector of shape (1, d).

    It is used under `torch.no_grad`: no graph of a closure may see what is copied.

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
        self._lasting: list[Tensor] = []
        self._views: dict[int, list[Tensor]] = {}

    def holds(self, params: Sequence[Tensor]) -> bool:
        """Return whether these are the parameters, in number format and place as they were."""
        kinds = set(map(_KIND, params))
        return self.is_of(params) and kinds == {(self.w.dtype, self.w.device)}

    def is_of(self, params: Sequence[Tensor]) -> bool:
        """Return whether these are the parameters, in this order."""
        return len(params) == len(self.params) and all(map(operator.is_, params, self.params))

    def expect(self, vectors: Sequence[Tensor]) -> None:
        """Say which vectors will come again: what they are of each parameter is then kept.

        Of a thousand small parameters that takes longer than all that is copied.
        """
        if len(vectors) != len(self._lasting) or not all(map(operator.is_, vectors, self._lasting)):
            self._lasting, self._views = list(vectors), {}

    def read(self) -> None:
        """Copy the parameters into the vector."""
        torch._foreach_copy_(self._split(self.w), self.params)

    def write(self, w: Tensor) -> None:
        """Copy a vector of shape (1, d) into the parameters."""
        torch._foreach_copy_(self.params, self._split(w))

    def gradient(self, out: Tensor) -> None:
        """Copy the gradients into ``out`` (1, d): zero where there is none.

        Raises
        ------
        ValueError
            If a gradient is sparse.
        """
        found = [p.grad for p in self.params]
        self.moving = [g is not None for g in found]
        pairs = zip(self.params, found, strict=True)
        gradients = [torch.zeros_like(p) if g is None else g for p, g in pairs]
        if {g.layout for g in gradients} != {torch.strided}:
            raise ValueError(
                "a gradient is sparse; methods move one dense vector: "
                "build the layer without sparse=True"
            )
        torch._foreach_copy_(self._split(out), gradients)

    def take_over(self, state: State, old: FlatParameters, old_state: State) -> None:
        """Fill the state of these parameters with what another vector's state says of them.

        Parameters
        ----------
        state : dict of Tensor
            As the method starts it on these parameters.
        old, old_state : FlatParameters and dict of Tensor
            Where other parameters joined or left, what is known of each weight that stays is kept,
            as are scalars, which belong to the run; counters and losses belong to the whole vector
            and begin anew.
        """
        if self.is_of(old.params):
            for name, tensor in state.items():
                tensor.copy_(old_state[name])
            return
        places = old._places()
        for name, tensor in state.items():
            before = old_state[name]
            if tensor.dim() == 0:
                tensor.copy_(before)
            if tensor.shape == self.w.shape and before.shape == old.w.shape:
                for key, place in self._places().items():
                    if key in places:
                        tensor[:, place] = before[:, places[key]].to(tensor)

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the views, which in a copy would be of another vector."""
        return vars(self) | {"_lasting": [], "_views": {}}

    def _split(self, vector: Tensor) -> list[Tensor]:
        """Return a view of a vector (1, d) for each parameter, in its shape."""
        if id(vector) in self._views:
            return self._views[id(vector)]
        parts = torch.split(vector[0], self.sizes)
        views = [part.view(p.shape) for part, p in zip(parts, self.params, strict=True)]
        # held, so that no other vector comes to bear its number
        if any(vector is lasting for lasting in self._lasting):
            self._views[id(vector)] = views
        return views

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
