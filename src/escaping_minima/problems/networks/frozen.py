"""What frozen lower layers make of texts, computed once."""

from __future__ import annotations

import torch
from torch import Tensor

from escaping_minima.problems.networks.bert import FrozenBert

#: Texts in one batch, where it is fastest; part of what decides the last digits.
BATCH = {"cpu": 32, "cuda": 512}


def run_frozen(frozen: FrozenBert, tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the features of all tokens of all texts.

    Texts of about the same length stand in one batch, which is cut to its longest.

    Parameters
    ----------
    frozen : FrozenBert
        On the device where it runs.
    tokens : Tensor of shape (n, t), int64
        On any device, as the mask.
    mask : Tensor of shape (n, t), bool
        True at the tokens of each text, which stand before its padding.

    Returns
    -------
    Tensor of shape (tokens that are no padding, width), float32
        Text after text, on the device of ``frozen``.
    """
    words = frozen.embeddings.words.weight
    device, width = words.device, words.shape[1]
    tokens, mask = tokens.to(device), mask.to(device)
    lengths = mask.sum(1)
    begins = lengths.cumsum(0) - lengths
    # made outside inference mode, so that gradients may be taken of what is computed from it
    features = torch.empty(int(lengths.sum()), width, device=device)
    with torch.inference_mode():
        for rows in torch.split(lengths.argsort(stable=True), BATCH[device.type]):
            longest = int(lengths[rows].max())
            shown = mask[rows, :longest]
            places = begins[rows, None] + torch.arange(longest, device=device)
            features[places[shown]] = frozen((tokens[rows, :longest], shown))[shown].float()
    return features
