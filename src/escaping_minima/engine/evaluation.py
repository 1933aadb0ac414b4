"""Evaluation of a network in inference mode over a whole set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

#: Images in one batch of evaluation, where it is fastest; part of what decides the last digits.
BATCH = {"cpu": 125, "cuda": 5000}


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of a set.

    Attributes
    ----------
    loss : float
        Mean cross-entropy.
    error : float
        Percent of images classified wrongly.
    wrong : Tensor of shape (n,), bool
        Which.
    """

    loss: float
    error: float
    wrong: Tensor


def evaluate(network: nn.Module, images: Tensor, labels: Tensor, scale: float) -> Evaluation:
    """Evaluate a network in inference mode, and leave it in training mode.

    Parameters
    ----------
    network : Module
    images : Tensor of shape (n, c, h, w), uint8
    labels : Tensor of shape (n,), int64
    scale : float
        What grey values are divided by.
    """
    total = torch.zeros((), dtype=torch.float64, device=images.device)
    wrong = torch.empty(len(images), dtype=torch.bool, device=images.device)
    size = BATCH[images.device.type]
    network.eval()
    with torch.inference_mode():
        for begin in range(0, len(images), size):
            rows = slice(begin, begin + size)
            logits = network(images[rows].float().div_(scale))
            loss = nn.functional.cross_entropy(logits, labels[rows], reduction="sum")
            total += loss
            wrong[rows] = logits.argmax(1) != labels[rows]
    network.train()
    return Evaluation(
        float(total) / len(images), 100.0 * float(wrong.double().mean()), wrong.clone()
    )
