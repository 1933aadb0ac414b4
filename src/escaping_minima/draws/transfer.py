"""Bring what was drawn on the host to the device without waiting for it."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """Return values on a device; the copy to a GPU is queued on the current stream.

    Parameters
    ----------
    values : Tensor
        On the host; nobody else may write into it later, since the copy may still be queued.
    device : torch.device
    """
    if device.type == "cpu":
        return values
    return values.pin_memory().to(device, non_blocking=True)
