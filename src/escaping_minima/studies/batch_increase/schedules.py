"""How many updates each strategy makes: in the runs, by the formula, and in the reference."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.engine.batch_sizes import BatchSizes, count_updates
from escaping_minima.studies.batch_increase.evidence import Tables
from escaping_minima.studies.batch_increase.plan import IMAGES, all_strategies

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
)
PAPER_COLUMNS = ("strategy", "epochs", "images", "updates_by_formula", "updates_reference", "equal")


def fixed_updates(size: int, images: int, epochs: int) -> int:
    """Return the updates of a whole run with a fixed batch size."""
    return count_updates(BatchSizes(size, size), images, epochs)


def schedules(tables: Tables) -> pd.DataFrame:
    """Return the updates of every cell's whole runs beside those of the formula.

    Parameters
    ----------
    tables : Tables
    """
    rows: list[dict[str, Any]] = []
    for cell in tables.cells.to_dict("records"):
        settings = json.loads(cell["settings"])["batch_size"]
        made = tables.measures.loc[cell["cell"]]
        whole = made.loc[made["diverged"] == 0, "updates"]
        rows.append(
            {
                **{k: cell[k] for k in ("role", "strategy", "epochs", "images")},
                "line": settings["line"],
                "updates_by_formula": count_updates(
                    BatchSizes(**settings), cell["images"], cell["epochs"]
                ),
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
        count = count_updates(sizes, PAPER_IMAGES, PAPER_EPOCHS)
        rows.append(
            {
                "strategy": strategy.name,
                "epochs": PAPER_EPOCHS,
                "images": PAPER_IMAGES,
                "updates_by_formula": count,
                "updates_reference": reference[name],
                "equal": count == reference[name],
            }
        )
    return pd.DataFrame(rows, columns=list(PAPER_COLUMNS))
