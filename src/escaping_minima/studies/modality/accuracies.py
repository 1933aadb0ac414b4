"""Figure 4 in numbers: mean accuracies of MNIST at the last step of the walks."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.modality.lookup import Lookup
from escaping_minima.studies.modality.walk_bootstrap import bootstrap_mean

#: Columns of ``last_walks.parquet`` with the paper's symbols.
ACCURACIES = {"train_accuracy": "C_t", "test_accuracy": "C_g"}
COLUMNS = (
    *("width", "depth", "bound", "granularity", "measure", "walks"),
    *("mean", "low", "high", "half_mean", "half_low", "half_high"),
)


def accuracies(lookup: Lookup) -> pd.DataFrame:
    """Return the mean accuracies of all walks, and of the first half of their blocks.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        ``walks`` of all blocks; ``mean``, ``low``, ``high`` in percent, the same of half of them.
    """
    rows = []
    for network, setting, cell in lookup.each("walk", "mnist"):
        walks = lookup.of("last_walks.parquet", cell)
        for column, measure in ACCURACIES.items():
            blocks = 100.0 * walks.groupby("block")[column].mean().astype(float)
            row = {**network._asdict(), **setting._asdict(), "measure": measure}
            row["walks"] = len(walks)
            for prefix, part in (("", blocks), ("half_", blocks.iloc[: -(-len(blocks) // 2)])):
                ends = bootstrap_mean(part.tolist())
                row |= dict(
                    zip((f"{prefix}{e}" for e in ("mean", "low", "high")), ends, strict=True)
                )
            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))
