"""Points that are uniform in the box of a small problem, as many as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


def draw_in_box(problem: Any, streams: Streams, purpose: str, count: int) -> Tensor:
    """Draw points uniformly between ``problem.lower`` and ``problem.upper``.

    The first of them do not depend on how many follow.

    Returns
    -------
    Tensor of shape (count, d), float64
    """
    low, high = np.array(problem.lower), np.array(problem.upper)
    unit = streams.generator(purpose, 0).random((count, len(low)))
    return torch.from_numpy(low + (high - low) * unit)
