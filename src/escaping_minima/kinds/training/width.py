"""How many runs of network training are worth having side by side on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from escaping_minima.engine.run import TrainingPlan

#: Runs side by side up to this batch size. From a prototype on an H100: at batch 10, 8 runs
#: took 105 microseconds an update together, 16 took 94, and 32 no less; at 500 the gain was 1.3
#: times with 8. This code on an H200 (``benchmarks/packs.py``): 195 with 8 and with 16 runs at
#: batch 10, starts and evaluations included; at 500 1.2 times with 8, 1.5 with 16.
WIDTHS = ((32, 16), (1024, 8))
#: Larger batches leave little of a card idle.
LEAST = 2
#: The share of the free memory that runs may fill: with less left, cuDNN takes other algorithms.
SHARE = 2 / 3
#: A captured graph keeps the memory of an update of its own beside that of eager updates.
CAPTURED = 2


def pack_width(batch_size: int, free_bytes: float, run_bytes: float) -> int:
    """Return the number of runs side by side on a GPU.

    Parameters
    ----------
    batch_size : int
        The largest of the middle batch sizes of the runs.
    free_bytes : float
        Of the card, before any run.
    run_bytes : float
        That the largest run takes; see `measure_bytes`.
    """
    wanted = next((width for limit, width in WIDTHS if batch_size <= limit), LEAST)
    return max(1, min(wanted, int(SHARE * free_bytes / max(run_bytes, 1.0))))


def middle_batch_size(plan: TrainingPlan) -> int:
    """Return the batch size in the middle of a run."""
    return plan.sizes.size((plan.epochs + 1) // 2, plan.epochs)


def measure_bytes(plan: TrainingPlan, placed: Any, device: torch.device) -> float:
    """Return the memory that a run takes on a GPU, from one update and one evaluation.

    The run that is measured is thrown away; it draws what it draws by name, so no other run sees
    anything of it.
    """
    import torch

    from escaping_minima.engine.run import Run

    largest = max(plan.sizes.size(1, plan.epochs), plan.sizes.size(plan.epochs, plan.epochs))
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    with torch.no_grad(), torch.cuda.stream(torch.cuda.Stream(device)):  # type: ignore[no-untyped-call]
        run = Run(plan, placed, 0, device)
        run.begin_epoch(largest)
        run.update(0, min(largest, run.task.size))
        run.measure(largest)
        torch.cuda.synchronize(device)
    taken = torch.cuda.max_memory_allocated(device) - before
    run.close()
    del run
    torch.cuda.empty_cache()
    return float(CAPTURED * taken)
