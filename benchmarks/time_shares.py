"""What an update spends its time with, by kind of operation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

#: Kinds of operations by what their names hold; the first that fits counts.
KINDS = {
    "convolutions": ("conv",),
    "batch normalisation": ("batch_norm",),
    "ReLU": ("relu", "clamp_min", "threshold"),
    "casts and copies": ("copy", "cat"),
    "sums and products": ("add", "mul"),
}
REST = "the rest"


def time_shares(update: Callable[[], object], count: int, device: str) -> dict[str, float]:
    """Return the share of each kind of operation in the time of some updates.

    Parameters
    ----------
    update : callable
        Not captured: a graph that is replayed does not tell its operations' names.
    count : int
        Updates.
    device : str
        "cpu": time on the core; "cuda": time of kernels.

    Returns
    -------
    dict of str to float
        They sum to 1; empty where the profiler is not let near the GPU.
    """
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as found:
        for _ in range(count):
            update()
        if device == "cuda":
            torch.cuda.synchronize()
    seconds = dict.fromkeys([*KINDS, REST], 0.0)
    for event in found.key_averages():
        # operations alone: their kernels are told once more by their own names
        if event.device_type == DeviceType.CPU:
            on_gpu, on_core = event.self_device_time_total, event.self_cpu_time_total
            seconds[_kind(event.key)] += on_gpu if device == "cuda" else on_core
    whole = sum(seconds.values())
    return {kind: spent / whole for kind, spent in seconds.items() if whole}


def _kind(name: str) -> str:
    fits = (kind for kind, parts in KINDS.items() if any(part in name for part in parts))
    return next(fits, REST)
