"""Where noise acts: how often, and how large it is beside the gradient."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.studies.populations.names import MONOTONIC, NOISY

#: Settings of a cell that say where noise acts.
SETTINGS = ("radius", "gradient_tolerance", "patience")
_NAMES = ("role", "task", "network", "method", "variant", *SETTINGS)
_NORMS = tuple(f"gradient_norm_{level}" for level in (10, 50, 90))
COLUMNS = (*_NAMES, "blocks", "epochs", "fired", "noise_ratio", *_NORMS, "searches", "same_as_sgd")


def noise_activity(collected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how the noise of each cell acted, over all its runs and epochs.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        ``cells.csv`` and, where anything was watched, ``activity.parquet``.

    Returns
    -------
    DataFrame
        `COLUMNS`, of methods that draw noise: ``fired``, percent of the updates; ``noise_ratio``,
        the ratio of the noise's displacement to the gradient step's where it fired, the median over
        epochs (as gradients vanish late in a run the ratio grows without bound, and a mean is that
        of its last epochs), NaN where it never did; quantiles of the gradient norm, the medians
        over epochs; ``searches``, local searches that ended in an epoch; ``same_as_sgd``, percent
        of the runs that did nothing that SGD does not.
    """
    if "activity.parquet" not in collected:
        return pd.DataFrame(columns=list(COLUMNS))
    cells, seen = collected["cells.csv"], collected["activity.parquet"]
    watched = cells["cell"].isin(set(seen["cell"])) & cells["method"].isin((*NOISY, *MONOTONIC))
    by_cell = seen.groupby("cell")
    rows = [
        {name: cell[name] for name in _NAMES} | _summary(by_cell.get_group(cell["cell"]))
        for cell in cells[watched].to_dict("records")
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(dict.fromkeys(SETTINGS, float))


def _summary(seen: pd.DataFrame) -> dict[str, float]:
    ends = seen.sort_values("epoch").groupby("block").last()
    norms = seen[list(_NORMS)].astype(float).median()
    return {
        "blocks": len(ends),
        "epochs": int(seen["epoch"].max()),
        "fired": 100.0 * float(seen["fired"].astype(float).mean()),
        "noise_ratio": float(seen["noise_ratio"].astype(float).median()),
        **{str(name): float(value) for name, value in norms.items()},
        "searches": float(seen["searches"].mean()),
        "same_as_sgd": 100.0 * float(ends["same_as_sgd"].mean()),
    }
