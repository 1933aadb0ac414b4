"""The losses of single items, of which that of a minibatch is the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from escaping_minima.engine.numerics import Numerics

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.flat_network import FlatNetwork

#: Items in one pass, where it is fast; a loss does not depend on it but for rounding.
AT_ONCE = {"cpu": 500, "cuda": 5000}


def each_loss(task: Any, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of each item of a batch.

    Parameters
    ----------
    task : Task
    outputs : Tensor of shape (n, classes)
    targets : Tensor
        n of them.

    Returns
    -------
    Tensor of shape (n,), float64
    """

    def one(output: Tensor, target: Tensor) -> Tensor:
        found: Tensor = task.loss(output.unsqueeze(0), target.unsqueeze(0))
        return found

    # losses far below the mean need more digits than float32 has
    found: Tensor = torch.func.vmap(one)(outputs.double(), targets)
    return found


def inference_losses(
    network: FlatNetwork, task: Any, items: int, numerics: Numerics | None = None
) -> Tensor:
    """Return the losses of the first training items in inference mode.

    Nothing of the network moves, and it is in the same mode afterwards.

    Parameters
    ----------
    network : FlatNetwork
    task : Task
    items : int
    numerics : Numerics, optional

    Returns
    -------
    Tensor of shape (items,), float64
    """
    module, device = network.module, network.w.device
    was_training = module.training
    network.bind(network.w)
    module.eval()
    parts = []
    with torch.no_grad():
        size = AT_ONCE[device.type]
        for begin in range(0, items, size):
            rows = torch.arange(begin, min(begin + size, items), device=device)
            inputs, targets = task.batch(rows)
            with (numerics or Numerics()).autocast(device):
                outputs = module(inputs)
            parts.append(each_loss(task, outputs, targets))
    module.train(was_training)
    return torch.cat(parts)
