"""A function of the plane as the engine sees it: evaluated in columns, every evaluation counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from escaping_minima.engine.streams import PAGE, Streams
from escaping_minima.problems.plane import PlaneFunction

if TYPE_CHECKING:
    from torch import Tensor


class PlaneObjective:
    """Value and gradient of a block of points, with evaluations counted per replicate.

    Parameters
    ----------
    function : PlaneFunction
    replicates : int
        k, the width of the block.
    device : torch.device

    Attributes
    ----------
    gradient_evaluations, loss_evaluations : Tensor of shape (k, 1), float64
    """

    def __init__(self, function: PlaneFunction, replicates: int, device: torch.device) -> None:
        self.function = function
        zeros = torch.zeros(replicates, 1, dtype=torch.float64, device=device)
        self.gradient_evaluations = zeros
        self.loss_evaluations = zeros.clone()
        # masks are read back on the CPU, where that costs nothing and saves an evaluation
        self.skips = device.type == "cpu"

    def gradient(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the gradient at ``w`` (k, 2) into ``out`` (k, 2), in the rows of ``mask``."""
        if mask is None:
            torch.stack(self.function.gradient(*w.unbind(1)), out=out.T)
            self.gradient_evaluations.add_(1)
        elif not (self.skips and not mask.any()):
            g = torch.stack(self.function.gradient(*w.unbind(1))).T
            out.copy_(g.where(mask, out))
            self.gradient_evaluations.add_(mask)

    def value(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the value at ``w`` (k, 2) into ``out`` (k, 1), in the rows of ``mask``."""
        if mask is not None and self.skips and not mask.any():
            return
        f = self.function.value(*w.unbind(1)).unsqueeze(1)
        if mask is None:
            out.copy_(f)
            self.loss_evaluations.add_(1)
        else:
            out.copy_(f.where(mask, out))
            self.loss_evaluations.add_(mask)


class BallNoise:
    """The unit-ball draw of the present step, from the named pages of blocks side by side.

    Parameters
    ----------
    streams : sequence of Streams
        One for each block; equal ones are drawn once.
    replicates, dimension : int
        Of one block.
    device : torch.device
    """

    def __init__(
        self, streams: Sequence[Streams], replicates: int, dimension: int, device: torch.device
    ) -> None:
        self._streams = streams
        self._shape = (replicates, dimension)
        self._device = device
        self._page = -1
        self._draws = torch.empty(0)
        shape = (len(streams) * replicates, dimension)
        self._none = torch.zeros(shape, dtype=torch.float64, device=device)
        self.step = 0

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return the draw of step ``self.step``, shape (k, d); zero outside ``mask`` if given."""
        if mask is not None:
            if self._device.type == "cpu" and not mask.any():
                return self._none
            return self().mul(mask)
        page, within = divmod(self.step, PAGE)
        if page != self._page:
            drawn = {s: s.ball_page(page, *self._shape) for s in dict.fromkeys(self._streams)}
            joined = torch.from_numpy(np.concatenate([drawn[s] for s in self._streams], axis=2))
            self._draws = joined.to(self._device).transpose(1, 2)
            self._page = page
        return self._draws[within]
