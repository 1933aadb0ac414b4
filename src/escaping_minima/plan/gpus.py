"""How many GPUs there are, without importing torch."""

from __future__ import annotations

import os
from pathlib import Path

#: Where the driver lists one folder for each GPU.
DRIVER = Path("/proc/driver/nvidia/gpus")


def count_gpus() -> int:
    """Return the number of NVIDIA GPUs that this process may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        # a list of numbers or names; what follows -1 is hidden, as the driver reads it
        return len([v for v in visible.split("-1")[0].split(",") if v.strip()])
    return len(list(DRIVER.glob("*")))


def uses_gpus(device: str) -> bool:
    """Whether networks train on GPUs: where they are asked for, or there is one here.

    Parameters
    ----------
    device : str
        "auto", "cpu" or "cuda".
    """
    return device == "cuda" or (device == "auto" and count_gpus() > 0)
