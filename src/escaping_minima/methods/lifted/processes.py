"""What processes that train one network together must agree on."""

from __future__ import annotations

import torch.distributed
from torch import Tensor


def _together() -> bool:
    distributed = torch.distributed
    return (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


def mean_over_processes(loss: Tensor) -> None:
    """Replace a loss by its mean over all processes, in place; alone, it stays as it is.

    Gradients are averaged by DistributedDataParallel, losses are not: decisions on them would
    differ from process to process, and the weights with them.
    """
    if _together():
        torch.distributed.all_reduce(loss)
        loss.div_(torch.distributed.get_world_size())


def check_agreement(what: str, number: int, like: Tensor) -> None:
    """Make sure that a whole number is the same in all processes.

    Parameters
    ----------
    what : str
        As an error calls it.
    number : int
    like : Tensor
        On the device on which the processes exchange tensors.

    Raises
    ------
    ValueError
        In every process, if it is not.
    """
    if not _together():
        return
    # as four digits of 2^16: an integer of Python may be longer than those of a tensor
    digits = [(number >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
    own = torch.tensor(digits, device=like.device)
    least, most = own.clone(), own.clone()
    torch.distributed.all_reduce(least, torch.distributed.ReduceOp.MIN)
    torch.distributed.all_reduce(most, torch.distributed.ReduceOp.MAX)
    if not torch.equal(least, most):
        raise ValueError(
            f"{what} is {number} here and another elsewhere; allowed: the same in all processes, "
            "or their weights would differ"
        )
