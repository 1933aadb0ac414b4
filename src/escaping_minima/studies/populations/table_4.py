"""Table 4 again: centre and spread of the test score in each set, by all that it may mean."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.populations.printed import load_table4

#: Roles that are shown; the printed numbers are of tuned methods.
ROLES = ("tuned", "base", "acting")
_NAMES = ["role", "task", "network", "method", "cell"]


def table_4(cells: pd.DataFrame, selected: pd.DataFrame) -> pd.DataFrame:
    """Summarise the test scores of each set.

    Parameters
    ----------
    cells : DataFrame
        ``cell``, ``role``, ``task``, ``method``, ``network``.
    selected : DataFrame
        As `select_sets` gives them.

    Returns
    -------
    DataFrame
        ``role``, ``task``, ``network``, ``method``, ``cell``, ``set``; ``trajectories``,
        ``models``; ``mean``, ``median`` and ``sd`` over all models; ``within_sd``, the median over
        trajectories of the standard deviation within; ``printed_centre`` and ``printed_spread``
        (NaN of SetV). In percent; a spread of one model is NaN.
    """
    wide = selected.astype({"test_score": float})
    of_all = wide.groupby(["cell", "set"])["test_score"]
    within = wide.groupby(["cell", "set", "block"])["test_score"].std()
    numbers = of_all.agg(models="size", mean="mean", median="median", sd="std")
    numbers["trajectories"] = within.groupby(["cell", "set"]).size()
    numbers["within_sd"] = within.groupby(["cell", "set"]).median()
    named = cells.loc[cells["role"].isin(ROLES), _NAMES]
    printed = load_table4().rename(columns={"centre": "printed_centre", "spread": "printed_spread"})
    keys = ["task", "method", "set"]
    columns = ["trajectories", "models", "mean", "median", "sd", "within_sd"]
    return named.merge(numbers[columns].reset_index(), on="cell").merge(
        printed[[*keys, "printed_centre", "printed_spread"]], on=keys, how="left"
    )[[*_NAMES, "set", *columns, "printed_centre", "printed_spread"]]
