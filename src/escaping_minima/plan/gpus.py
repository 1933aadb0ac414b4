"""How many GPUs there are, without importing torch."""

from __future__ import annotations

import os
from pathlib import Path

#: Where the driver lists one folder for each GPU.
DRIVER = Path("/proc/driver/nvidia/gpus")


def count_gpus() -> int:
    """Return the number of NVIDIA GPUs that this process may use: named and there."""
    there = len(list(DRIVER.glob("*")))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return there
    named = 0
    # a list of numbers or names; from the first that there is not, all are hidden, as CUDA reads it
    for word in filter(None, map(str.strip, visible.split(","))):
        if word.lstrip("+-").isdigit() and not 0 <= int(word) < there:
            break
        named += 1
    return min(named, there)


def uses_gpus(device: str) -> bool:
    """Whether networks train on GPUs: where they are asked for, or there is one here.

    Parameters
    ----------
    device : str
        "auto", "cpu" or "cuda".
    """
    return device == "cuda" or (device == "auto" and count_gpus() > 0)
