"""Settings of a method as tensors: moved by a schedule, or different from row to row."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from escaping_minima.methods.protocol import Method
    from escaping_minima.schedules.protocol import Schedule


def with_tensor(method: Any, setting: str, values: Tensor) -> Any:
    """Return a method of which one setting is a tensor; its values were checked elsewhere."""
    changed = copy.copy(method)
    object.__setattr__(changed, setting, values)
    return changed


class Moved:
    """A setting of a method that a schedule moves, held where a captured graph reads it.

    Parameters
    ----------
    method : Method
    setting : str
        Which must be a number of the method.
    schedule : Schedule
    device : torch.device

    Attributes
    ----------
    method : Method
        The method with the setting as a scalar tensor of float32.

    Raises
    ------
    ValueError
        If the method has no such setting.
    """

    def __init__(
        self, method: Method, setting: str, schedule: Schedule, device: torch.device
    ) -> None:
        import torch

        if not hasattr(method, setting):
            raise ValueError(f"{type(method).__name__} has no {setting} that a schedule could move")
        self._base = float(getattr(method, setting))
        self._schedule = schedule
        self._value = torch.full((), self._base, dtype=torch.float32, device=device)
        self._last = self._base
        self.method: Method = with_tensor(method, setting, self._value)

    def move(self, epoch: int, epochs: int, done: float) -> None:
        """Set the value of the next update; see `Schedule.factor`."""
        value = self._base * self._schedule.factor(epoch, epochs, done)
        if value != self._last:
            self._value.fill_(value)
            self._last = value
