"""A row of measurements that is computed on the device and read when it is there."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class PendingRow:
    """Scalars on their way to the host: the host does not wait, so other runs go on.

    Parameters
    ----------
    values : Mapping of str to Tensor or float
        Scalars, of any type that float64 holds.
    device : torch.device
    """

    def __init__(self, values: Mapping[str, Tensor | float], device: torch.device) -> None:
        self._values = dict(values)
        self._names = [name for name, value in values.items() if isinstance(value, Tensor)]
        scalars = [values[name].detach().double().view(()) for name in self._names]  # type: ignore[union-attr]
        self._event: torch.cuda.Event | None = None
        self._read = torch.stack(scalars) if scalars else torch.empty(0)
        if device.type == "cuda":
            pinned = torch.empty(self._read.shape, dtype=torch.float64, pin_memory=True)
            self._read = pinned.copy_(self._read, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()

    def is_ready(self) -> bool:
        """Whether the values have arrived."""
        return self._event is None or bool(self._event.query())  # type: ignore[no-untyped-call]

    def row(self) -> dict[str, float]:
        """Return the values by name, in the order given; only once they are ready."""
        read = dict(zip(self._names, self._read.tolist(), strict=True))
        return {
            name: read[name] if name in read else float(value)
            for name, value in self._values.items()
        }
