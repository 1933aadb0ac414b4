"""Which points of walks keep their coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


@dataclass(frozen=True)
class Sampling:
    """Which points of a block keep their coordinates: those that one of the rules names.

    Attributes
    ----------
    every : int
        Of each walk every so many steps, from the first; 0 none.
    low_gradient : float
        All whose gradient norm is below this.
    drawn : int
        So many of a block: of walks that are evenly spread one each, at a step that is drawn.
    blocks : int
        Only the first so many blocks keep any; 0 all of them.
    """

    every: int = 0
    low_gradient: float = 0.0
    drawn: int = 0
    blocks: int = 0

    def __post_init__(self) -> None:
        for name in ("every", "low_gradient", "drawn", "blocks"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")


class PointsSampler:
    """Gathers the points of blocks side by side.

    Parameters
    ----------
    sampling : Sampling
    streams : sequence of Streams
        One for each block.
    blocks : sequence of int
        Their indices.
    walks : int
        Of a block.
    steps : int
        Of a walk.
    """

    def __init__(
        self,
        sampling: Sampling,
        streams: Sequence[Streams],
        blocks: Sequence[int],
        walks: int,
        steps: int,
    ) -> None:
        self._sampling = sampling
        self._walks = walks
        kept = np.array([not sampling.blocks or b < sampling.blocks for b in blocks])
        self._keeps = np.repeat(kept, walks)
        self._drawn = np.concatenate(
            [_drawn_steps(sampling.drawn, s, walks, steps) for s in streams]
        )
        self._asks = any((sampling.every, sampling.low_gradient, sampling.drawn)) and kept.any()
        self._gathered: list[tuple[dict[str, NDArray[Any]], NDArray[np.float32]]] = []

    def take(self, step: int, w: Tensor, seen: Mapping[str, Tensor]) -> None:
        """Take the points of a step that are asked for, before they move."""
        if not self._asks:
            return
        loss, norm = (seen[name][step].cpu().numpy() for name in ("loss", "gradient_norm"))
        named = self._drawn == step
        if self._sampling.every and step % self._sampling.every == 0:
            named = np.ones_like(named)
        low = norm < self._sampling.low_gradient
        rows = np.flatnonzero((named | low) & self._keeps)
        if len(rows):
            columns = {
                "step": np.full(len(rows), step, np.int32),
                "row": rows.astype(np.int32),
                "loss": loss[rows],
                "gradient_norm": norm[rows],
                "low": (~named[rows]).astype(np.int8),
            }
            self._gathered.append((columns, w[torch.from_numpy(rows).to(w.device)].cpu().numpy()))

    def gathered(self) -> list[dict[str, NDArray[Any]] | None]:
        """Return what has gathered since the last call, a table a block; None where it is none."""
        count = len(self._keeps) // self._walks
        if not self._gathered:
            return [None] * count
        names = self._gathered[0][0]
        columns = {n: np.concatenate([taken[n] for taken, _ in self._gathered]) for n in names}
        where = np.concatenate([points for _, points in self._gathered])
        self._gathered = []
        row = columns.pop("row")
        columns = {"step": columns.pop("step"), "replicate": row % self._walks, **columns}
        columns |= {f"w{axis}": where[:, axis] for axis in range(where.shape[1])}
        owner = row // self._walks
        return [
            {name: values[owner == index] for name, values in columns.items()}
            if (owner == index).any()
            else None
            for index in range(count)
        ]


def _drawn_steps(count: int, streams: Streams, walks: int, steps: int) -> NDArray[np.int64]:
    """Return for each walk of a block the step at which it is taken, -1 for none."""
    found = np.full(walks, -1)
    if count:
        chosen = np.linspace(0, walks, min(count, walks), endpoint=False).astype(int)
        found[chosen] = streams.generator("points", 0).integers(0, steps, len(chosen))
    return found
