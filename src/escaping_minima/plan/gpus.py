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
