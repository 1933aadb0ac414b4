"""The two clusters of MNIST: means over blocks of what the fits gave."""

from __future__ import annotations

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.modality.lookup import Lookup

#: Columns of ``measures.parquet``.
MEASURES = (
    *("bic_gain", "overlap", "separation", "steep_weight", "steep_mean"),
    *("steep_spread", "steep_test"),
)
#: Roles whose clouds are fitted.
ROLES = ("walk", "long_steps")
_KEYS = ("role", "width", "depth", "bound", "granularity")


def mixtures(lookup: Lookup) -> pd.DataFrame:
    """Return the mean of every measure of the two clusters with its 95 percent interval.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        ``measure``, ``n`` (blocks that have it), ``mean``, ``low``, ``high``.
    """
    rows = []
    for role in ROLES:
        for network, setting, cell in lookup.each(role, "mnist"):
            for measure in MEASURES:
                found = mean_columns(lookup.values(cell, measure))
                same = {"role": role, **network._asdict(), **setting._asdict()}
                if found["n"]:
                    rows.append(same | {"measure": measure} | found)
    return pd.DataFrame(rows, columns=[*_KEYS, "measure", "n", "mean", "low", "high"])
