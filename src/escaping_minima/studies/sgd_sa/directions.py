"""What a step down the gradient does to a minibatch's loss, beside a random one as long."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.sgd_sa.runs import Runs

DIRECTIONS = ("gradient", "random")
COLUMNS = ("epoch", "rate", "direction", "n", "lowers", "low", "median", "high")


def directions(runs: Runs) -> pd.DataFrame:
    """Return how often steps do not raise the loss, and what they change, by epoch and rate.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        Over all minibatches and seeds together, ``n`` of them: ``lowers``, the share that lower the
        loss or leave it, in percent; ``median`` change of the loss, with its quartiles ``low`` and
        ``high``.
    """
    table = runs.tables.get("directions.parquet", pd.DataFrame())
    rows = []
    if len(table):
        for (epoch, rate), part in table.groupby(["epoch", "rate"]):
            for direction in DIRECTIONS:
                change = part[f"{direction}_change"].astype(float)
                low, median, high = change.quantile([0.25, 0.5, 0.75])
                rows.append(
                    {"epoch": epoch, "rate": rate, "direction": direction, "n": len(change)}
                    | {"lowers": 100.0 * float((change <= 0).mean())}
                    | {"low": low, "median": median, "high": high}
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))
