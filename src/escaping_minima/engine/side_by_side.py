"""One method for blocks that differ in their radius, so that a sweep runs in one tensor."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from escaping_minima.engine.scheduled import with_tensor

if TYPE_CHECKING:
    from escaping_minima.methods.protocol import Method

#: The setting that may differ between blocks side by side: methods use it by multiplication
#: alone, where a column of values does to each row what a single one does to all.
OWN_SETTING = "radius"


def join(methods: Sequence[Method], replicates: int, device: torch.device) -> Method:
    """Return a method that does to the rows of each block what the block's own method does.

    Parameters
    ----------
    methods : sequence of Method
        One for each block; equal but for their radius.
    replicates : int
        Rows of one block.
    device : torch.device

    Raises
    ------
    ValueError
        If they differ in anything else.
    """
    first, *others = methods
    if all(other == first for other in others):
        return first
    radii = [getattr(method, OWN_SETTING, None) for method in methods]
    shared = [_without_own(method) for method in methods]
    if None in radii or any(other != shared[0] for other in shared):
        raise ValueError(f"methods side by side differ in more than {OWN_SETTING}: {methods}")
    column = torch.tensor(radii, dtype=torch.float64, device=device).repeat_interleave(replicates)
    joined: Method = with_tensor(first, OWN_SETTING, column.unsqueeze(1))
    return joined


def _without_own(method: Any) -> tuple[type, dict[str, Any]]:
    settings = {f.name: getattr(method, f.name) for f in dataclasses.fields(method)}
    settings.pop(OWN_SETTING, None)
    return type(method), settings
