"""Texts on a device, as all runs beside one another share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from escaping_minima.draws.transfer import to_device

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.data.formats.tokens import TokenData, TokenSplit

#: Texts in one batch of evaluation; part of what decides the last digits.
BATCH = {"cpu": 32, "cuda": 500}

#: What a network reads: tokens (n, t) int64 or features (n, t, width) float32, and where there are
#: any, (n, t) bool.
Inputs = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class PlacedSplit:
    """The texts of a split on a device, behind one another.

    Attributes
    ----------
    values : Tensor of shape (all tokens,) int64, or (all tokens, width) float32
        Tokens, or features of them.
    begins, lengths : Tensor of shape (n,), int64
        Where each text begins, and how many tokens it has.
    targets : Tensor of shape (n,) int64, or (n, labels) float32
    on_host : ndarray of int64, shape (n,)
        The lengths again, which are asked for without waiting for the device.
    """

    values: Tensor
    begins: Tensor
    lengths: Tensor
    targets: Tensor
    on_host: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.on_host)

    def places(self, rows: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """Return where the tokens of some texts lie, and which are there; (n, longest) each.

        Parameters
        ----------
        rows : Tensor of shape (n,), int64
        longest : int
            Tokens of the longest of them, or more.
        """
        across = torch.arange(longest, device=rows.device)
        inside = across < self.lengths[rows, None]
        return (self.begins[rows, None] + across).where(inside, 0), inside

    def inputs(self, rows: Tensor, longest: int) -> Inputs:
        """Return what a network reads of some texts, 0 behind the end of each; see `places`."""
        places, inside = self.places(rows, longest)
        values, outside = self.values[places], inside.logical_not()
        if values.dim() == 3:
            outside = outside[:, :, None]
        return values.masked_fill(outside, 0), inside

    def sorted_batches(self) -> list[tuple[Tensor, int]]:
        """Return the batches of an evaluation, short texts first: items, and the longest's tokens.

        Items are (n,) int64 on the device.
        """
        order = np.argsort(self.on_host, kind="stable")
        size = BATCH[self.values.device.type]
        parts = [order[begin : begin + size] for begin in range(0, len(order), size)]
        device = self.values.device
        return [
            (to_device(torch.from_numpy(part), device), int(self.on_host[part[-1]]))
            for part in parts
        ]

    def through(self, frozen: Callable[[Tensor, Tensor], Tensor]) -> PlacedSplit:
        """Return the texts as features.

        Parameters
        ----------
        frozen : callable
            (tokens (n, t), mask (n, t)) -> the features of what the mask says is there, row after
            row: (all tokens, width) float32.
        """
        rows = torch.arange(len(self), device=self.values.device)
        return replace(self, values=frozen(*self.inputs(rows, int(self.on_host.max()))))


@dataclass(frozen=True, eq=False)
class PlacedTexts:
    """A text data set on a device.

    Attributes
    ----------
    train, validation, test : PlacedSplit
    encoder : Mapping of str to ndarray, or None
        The weights that a network starts from, on the host.
    """

    train: PlacedSplit
    validation: PlacedSplit
    test: PlacedSplit
    encoder: Mapping[str, NDArray[np.generic]] | None = None

    def splits(self) -> dict[str, PlacedSplit]:
        """Return them by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def through(self, frozen: Callable[[Tensor, Tensor], Tensor]) -> PlacedTexts:
        """See `PlacedSplit.through`."""
        train, validation, test = (split.through(frozen) for split in self.splits().values())
        return replace(self, train=train, validation=validation, test=test)


def place_texts(data: TokenData, device: torch.device) -> PlacedTexts:
    """Bring a data set to a device: one class an item as int64, labels as float32."""
    return PlacedTexts(
        _place(data.train, device),
        _place(data.validation, device),
        _place(data.test, device),
        data.encoder,
    )


def _place(split: TokenSplit, device: torch.device) -> PlacedSplit:
    lengths = np.diff(split.ends, prepend=0)
    labels = torch.from_numpy(split.labels.copy())
    return PlacedSplit(
        torch.from_numpy(split.tokens.astype(np.int64)).to(device),
        torch.from_numpy(split.ends - lengths).to(device),
        torch.from_numpy(lengths).to(device),
        (labels.float() if labels.dim() == 2 else labels).to(device),
        lengths,
    )
