"""What the other readings of the paper give, beside the main runs."""

from __future__ import annotations

import pandas as pd

from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.batch_increase.evidence import Tables, paired_differences
from escaping_minima.studies.batch_increase.run_tables import Arm
from escaping_minima.studies.batch_increase.summaries import COMPARED

COLUMNS = (
    "role",
    "variant",
    "strategy",
    "epochs",
    "measure",
    "n",
    "mean",
    "main_mean",
    "unit",
    "difference",
    "low",
    "high",
)


def variants(tables: Tables) -> pd.DataFrame:
    """Return each reading's means, and its paired difference from the main runs of its strategy.

    Losses are compared by 100 ln(reading / main), errors by their difference in points.

    Parameters
    ----------
    tables : Tables
    """
    rows = []
    cells = tables.cells
    for cell in cells[cells["role"].str.endswith("_variant")].itertuples():
        role = str(cell.role).removesuffix("_variant")
        main = tables.arms.get(Arm(role, int(cell.epochs)), {}).get(str(cell.strategy))
        if main is None:
            continue
        for measure, ratio in COMPARED.items():
            ours, theirs = (tables.values(c, measure) for c in (str(cell.cell), main))
            difference = mean_columns(paired_differences(ours, theirs, ratio))
            rows.append(
                {"role": role, "variant": cell.variant, "strategy": cell.strategy}
                | {"epochs": cell.epochs, "measure": measure, "unit": RATIO if ratio else "points"}
                | {"mean": mean_columns(ours.tolist())["mean"]}
                | {"main_mean": mean_columns(theirs.tolist())["mean"]}
                | {k: difference[k] for k in ("n", "low", "high")}
                | {"difference": difference["mean"]}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))
