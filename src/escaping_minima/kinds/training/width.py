"""How many runs of network training are worth having side by side on a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escaping_minima.engine.run import TrainingPlan

#: Runs side by side up to this batch size: measured on an H100, where 8 runs at batch 10 take 105
#: microseconds an update together, 16 take 94, and 32 no less; at 500 the gain is 1.3 times with 8.
WIDTHS = ((32, 16), (1024, 8))
#: Larger batches leave little of a card idle.
LEAST = 2
#: The share of the card's memory that runs may fill: with less free, cuDNN takes other algorithms.
SHARE = 2 / 3


def pack_width(plans: Iterable[TrainingPlan], kind: str, free_bytes: int | None = None) -> int:
    """Return the number of runs side by side: one on a CPU.

    Parameters
    ----------
    plans : iterable of TrainingPlan
        The middle batch size of each counts, and the memory that it takes.
    kind : str
        "cpu" or "cuda".
    free_bytes : int, optional
        Of the GPU; asked of it by default.
    """
    if kind != "cuda":
        return 1
    if free_bytes is None:
        import torch

        free_bytes = torch.cuda.mem_get_info()[0]
    plans = list(plans)
    size = max(p.sizes.size((p.epochs + 1) // 2, p.epochs) for p in plans)
    wanted = next((width for limit, width in WIDTHS if size <= limit), LEAST)
    each = max(_bytes_of(plan) for plan in plans)
    return max(1, min(wanted, int(SHARE * free_bytes / each)))


def _bytes_of(plan: TrainingPlan) -> float:
    """Return what a run takes: what its problem says, else a gigabyte."""
    return float(getattr(plan.problem, "GPU_BYTES", 1e9))
