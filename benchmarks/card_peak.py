"""How many operations a network takes, and how many a card can do."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import nn

#: Rows and columns of the matrices, and products that are timed.
SIZE, PRODUCTS = 8192, 30


def forward_flops(network: nn.Module, shape: Sequence[int]) -> int:
    """Return the operations of a forward pass of one item: those of convolutions and dense layers.

    Parameters
    ----------
    network : Module
    shape : sequence of int
        Of an item.

    Returns
    -------
    int
        A multiplication and its addition are two.
    """
    counts = []

    def count(layer: nn.Module, _: object, out: torch.Tensor) -> None:
        # every output is a product of as many values as the layer has weights for it
        counts.append(2 * out.numel() * layer.weight[0].numel())

    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        network.eval()(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    return sum(counts)


def peak_flops(dtype: torch.dtype = torch.bfloat16) -> float:
    """Return the operations a second of products of two large matrices on the GPU.

    Of float32 without TF32, as torch has it by default.
    """
    a, b = (torch.randn(SIZE, SIZE, device="cuda", dtype=dtype) for _ in range(2))
    for _ in range(PRODUCTS):
        a @ b
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(PRODUCTS):
        a @ b
    torch.cuda.synchronize()
    return PRODUCTS * 2 * SIZE**3 / (time.perf_counter() - began)
