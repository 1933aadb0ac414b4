"""How many updates each strategy makes: in the runs, by the formula, and in the reference."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds
from escaping_minima.studies.batch_increase.evidence import Tables
from escaping_minima.studies.batch_increase.strategies import (
    IMAGES,
    N1,
    all_strategies,
    last_batch,
)

#: Epochs and images of the paper's runs, which the reference counts.
PAPER_EPOCHS = 3000
PAPER_IMAGES = IMAGES["full"][0]
SCHEDULE_COLUMNS = (
    "role",
    "strategy",
    "line",
    "epochs",
    "images",
    "updates_by_formula",
    "updates_least",
    "updates_most",
    "smallest_batch",
    "small_ends",
)
PAPER_COLUMNS = (
    "strategy",
    "epochs",
    "images",
    "updates_by_formula",
    "updates_reference",
    "equal",
    "smallest_batch",
    "small_ends",
)


def fixed_updates(size: int, images: int, epochs: int) -> int:
    """Return the updates of a whole run with a fixed batch size."""
    return epochs * len(batch_bounds(images, size))


def count_until(done: int, sizes: BatchSizes, images: int, epochs: int) -> int:
    """Return the updates that a run of some epochs has made after the first so many of them."""
    first = (sizes.size(epoch, epochs) for epoch in range(1, done + 1))
    return sum(len(sizes.bounds(images, size)) for size in first)


def _formula(sizes: BatchSizes, images: int, epochs: int) -> dict[str, int]:
    # most epochs have the size of others: the batches of each size are counted once
    counts = Counter(sizes.size(epoch, epochs) for epoch in range(1, epochs + 1))
    batches = {size: len(sizes.bounds(images, size)) for size in counts}
    ends = {size: last_batch(sizes, images, size) for size in counts}
    return {
        "updates_by_formula": sum(n * batches[size] for size, n in counts.items()),
        "smallest_batch": min(ends.values()),
        "small_ends": sum(n for size, n in counts.items() if ends[size] < N1),
    }


def schedules(tables: Tables) -> pd.DataFrame:
    """Return the updates of the whole runs of every cell that trains, beside the formula's.

    An epoch ends in what its whole batches leave. Sizes that do not divide the number of images
    leave a short batch, sometimes of a few images, whose noise is large and whose statistics enter
    batch normalisation last before the epoch is measured: ``smallest_batch`` is the least of them,
    ``small_ends`` the number of epochs that end in one smaller than N1.

    Parameters
    ----------
    tables : Tables
    """
    rows: list[dict[str, Any]] = []
    for cell in tables.cells.to_dict("records"):
        settings = json.loads(cell["settings"]).get("batch_size")
        if settings is None:
            continue
        made = tables.measures.loc[cell["cell"]]
        whole = made.loc[made["diverged"] == 0, "updates"]
        rows.append(
            {
                **{k: cell[k] for k in ("role", "strategy", "epochs", "images")},
                "line": settings["line"],
                **_formula(BatchSizes(**settings), cell["images"], cell["epochs"]),
                "updates_least": whole.min(),
                "updates_most": whole.max(),
            }
        )
    return pd.DataFrame(rows, columns=list(SCHEDULE_COLUMNS))


def paper_schedules(source: str) -> pd.DataFrame:
    """Return the updates of the paper's runs by the formula, beside those of the reference.

    Parameters
    ----------
    source : str
        A folder of the reference data.
    """
    table = pd.read_csv(REFERENCE / source / "update_counts_derived.csv")
    reference = dict(zip(table["strategy"], table["parameter_updates"], strict=True))
    rows: list[dict[str, Any]] = []
    for strategy in all_strategies():
        name = strategy.name.replace("linear_", f"linear_{strategy.first}_to_")
        sizes = BatchSizes(strategy.first, strategy.last)
        found = _formula(sizes, PAPER_IMAGES, PAPER_EPOCHS)
        rows.append(
            {
                "strategy": strategy.name,
                "epochs": PAPER_EPOCHS,
                "images": PAPER_IMAGES,
                **found,
                "updates_reference": reference[name],
                "equal": found["updates_by_formula"] == reference[name],
            }
        )
    return pd.DataFrame(rows, columns=list(PAPER_COLUMNS))
