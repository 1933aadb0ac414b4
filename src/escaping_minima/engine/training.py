"""How a network is trained: the loop, whole.

A run is a generator, so that several can be advanced in turn by one thread (`engine.pack`). It
yields True before each launch of updates, where a state that is saved now is whole, and False while
it only waits for numbers that the device has not computed yet.

A run depends on its cell and its index alone: initial weights, the order of an epoch, dropout and
all other draws have names, so that methods and batch sizes that are compared share them, and a
resumed run needs no generator state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escaping_minima.engine.run import Run


def train(run: Run) -> Iterator[bool]:
    """Train one network from where it is to its end.

    Parameters
    ----------
    run : Run
        At its start, or restored from a state.

    Yields
    ------
    bool
        True before each launch of updates: a state saved now is whole. False: the run waits.
    """
    if not run.at.rows:
        yield from measure(run, 0)
    while run.at.epoch <= run.plan.epochs and not run.diverged:
        size = run.plan.sizes.size(run.at.epoch, run.plan.epochs)
        run.begin_epoch(size)
        for begin, end, count in run.turns(size):
            yield True
            run.update(begin, end, count)
        if run.at.epoch == run.plan.epochs:
            run.method.finish(run.network.w, run.state, run.objective)
        yield from measure(run, size)
        run.end_epoch()


def measure(run: Run, batch_size: int) -> Iterator[bool]:
    """Add a row to the block's table; other runs go on while the device works on it."""
    row = run.measure(batch_size)
    while not row.is_ready():
        yield False
    run.take(row.row())
