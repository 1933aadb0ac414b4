"""Draws made on the device by name, for vectors that are too long to be drawn on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams


class DeviceDraws:
    """Generators of torch, one a purpose, seeded anew by name for every update.

    The numbers belong to (problem, block, purpose, update), whoever runs beside: a resumed run
    needs the position alone. They are those of one kind of device: a CPU draws others than a GPU,
    and GPUs with other numbers of multiprocessors may differ as well.

    Parameters
    ----------
    streams : Streams
    device : torch.device
    """

    def __init__(self, streams: Streams, device: torch.device) -> None:
        self._streams = streams
        self._device = device
        self._generators: dict[str, torch.Generator] = {}
        self._update = 0

    def begin(self, update: int) -> None:
        """Begin an update: every purpose draws from the beginning of its stream of this update."""
        self._update = update
        for purpose, generator in self._generators.items():
            generator.manual_seed(self._streams.seed(purpose, update))

    def generator(self, purpose: str) -> torch.Generator:
        """Return the generator of a purpose, where the present update has brought it."""
        if purpose not in self._generators:
            made = torch.Generator(device=self._device)
            made.manual_seed(self._streams.seed(purpose, self._update))
            self._generators[purpose] = made
        return self._generators[purpose]

    def generators(self) -> list[torch.Generator]:
        """Return those that were asked for so far, which a graph that is captured must know."""
        return list(self._generators.values())
