"""How the batch size goes: the strategies that the study compares, and what they run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escaping_minima.parts.settings import settings_of
from escaping_minima.schedules.batch_sizes import BatchSizes

PROBLEM = "takase_mnist"
#: Batch size at the start.
N1 = 10
#: The two conditions: batch size at the end, and the fixed sizes it is compared with.
FIXED_SIZES = {100: (10, 55, 100), 500: (10, 255, 500)}
#: The condition of section 4.5, whose runs end after fewer epochs than those of Figures 6 to 8.
SECTION_4_5 = 500
#: Orders in which a run has the sizes of the increase, other than its own.
OTHER_ORDERS = ("random", "decreasing")
#: Images that each version of the data has: training and test.
IMAGES = {"generated": (240, 120), "sample": (10_000, 2_000), "full": (60_000, 10_000)}
#: What the sample runs train on and for how long, at every scale, so that all of them agree.
SAMPLE = {"data": "sample", "train_images": 2_000, "test_images": 2_000}
SAMPLE_EPOCHS = 8
SAMPLE_N2 = 100


@dataclass(frozen=True)
class Strategy:
    """How the batch size goes.

    Attributes
    ----------
    name : str
        "fixed_<size>", "linear_<N2>", "random_<N2>" or "decreasing_<N2>".
    first, last : int
        Where the line of batch sizes begins and ends.
    line : str
        What it is a straight line in.
    order, last_batch : str
        See `escaping_minima.schedules.batch_sizes.BatchSizes`.
    """

    name: str
    first: int
    last: int
    line: str = "epochs"
    order: str = "increasing"
    last_batch: str = "kept"

    @property
    def is_fixed(self) -> bool:
        """Whether all epochs have one size."""
        return self.first == self.last

    def sizes(self) -> BatchSizes:
        """Return the batch sizes."""
        return BatchSizes(self.first, self.last, self.line, self.order, self.last_batch)

    def record(self) -> dict[str, Any]:
        """Return the settings of the batch sizes, as a cell's record holds them."""
        return settings_of(self.sizes())


def strategies(n2: int) -> tuple[Strategy, ...]:
    """Return the four strategies of a condition: its fixed sizes, and the linear increase."""
    fixed = (Strategy(f"fixed_{size}", size, size) for size in FIXED_SIZES[n2])
    return (*fixed, Strategy(f"linear_{n2}", N1, n2))


def all_strategies() -> tuple[Strategy, ...]:
    """Return the seven strategies of both conditions; the smallest fixed size serves both."""
    return tuple(dict.fromkeys(s for n2 in FIXED_SIZES for s in strategies(n2)))


def other_orders() -> tuple[Strategy, ...]:
    """Return the sizes of both increases in other orders."""
    return tuple(
        Strategy(f"{order}_{n2}", N1, n2, order=order)
        for n2 in FIXED_SIZES
        for order in OTHER_ORDERS
    )


def by_name() -> Mapping[str, Strategy]:
    """Return every strategy by its name."""
    return {s.name: s for s in (*all_strategies(), *other_orders())}


def last_batch(sizes: BatchSizes, images: int, size: int) -> int:
    """Return what an epoch of a batch size leaves for its last batch."""
    begin, end = sizes.bounds(images, size)[-1]
    return end - begin


def has_short_batches(strategy: Strategy, images: int, epochs: int) -> bool:
    """Return whether an epoch of a strategy ends in a batch of another size."""
    sizes = strategy.sizes()
    every = {sizes.size(epoch, epochs) for epoch in range(1, epochs + 1)}
    return any(last_batch(sizes, images, size) != size for size in every)
