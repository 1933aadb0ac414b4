"""What a saved state of `MethodOptimizer` must be, before anything of it is taken up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from escaping_minima.methods.lifted.groups import make_checked, settings_of_groups
from escaping_minima.methods.protocol import Method

#: The key of a state dictionary under which is what a method needs to go on.
KEY = "method"
_PARTS = ("name", "seed", "taken", "weights", "state")


def checked(
    packed: Mapping[str, Any], name: str, params: Sequence[torch.Tensor]
) -> Mapping[str, Any]:
    """Return what a saved state says of its method, once it is sure to fit.

    Parameters
    ----------
    packed : Mapping
        As `MethodOptimizer.state_dict` gives it.
    name : str
        The method that is to go on.
    params : sequence of Tensor
        Of all groups, in order.

    Raises
    ------
    ValueError
        If it is no such state, or that of another method or of other parameters.
    UserError
        If a setting in it has an impossible value.
    """
    saved = packed.get(KEY)
    if not isinstance(saved, Mapping) or any(part not in saved for part in _PARTS):
        raise ValueError("not a state of MethodOptimizer: save one with its state_dict()")
    if saved["name"] != name:
        raise ValueError(
            f"the state is one of {saved['name']!r}, this optimizer runs {name!r}: "
            f"build it as MethodOptimizer(params, {saved['name']!r})"
        )
    settings = settings_of_groups(name, packed["param_groups"])[0]
    if saved["weights"]:
        _check_shapes(saved, make_checked(name, settings), params)
    return saved


def _check_shapes(saved: Mapping[str, Any], method: Method, params: Sequence[torch.Tensor]) -> None:
    if max(saved["weights"]) >= len(params):
        raise ValueError(
            f"the state is one of {max(saved['weights']) + 1} parameters or more, "
            f"this optimizer has {len(params)}"
        )
    count = sum(params[index].numel() for index in saved["weights"])
    started = method.start(torch.empty((1, count), device="meta"))
    wanted = {n: tuple(t.shape) for n, t in started.items()}
    found = {n: tuple(t.shape) for n, t in saved["state"].items()}
    if wanted != found:
        name = next(n for n in {**wanted, **found} if wanted.get(n) != found.get(n))
        raise ValueError(
            f"the state does not fit these parameters: {name!r} has the shape {found.get(name)}, "
            f"allowed: {wanted.get(name)}"
        )
