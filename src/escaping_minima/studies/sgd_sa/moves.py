"""What the test of Metropolis did, epoch by epoch: by run, and by learning rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escaping_minima.observers.annealing import BINS
from escaping_minima.studies.sgd_sa.measures_of_moves import means_of_tests, share
from escaping_minima.studies.sgd_sa.measures_of_worsenings import histogram_quantile

#: Quantiles of the worsenings that are shown: a median between two ends.
QUANTILES = (0.1, 0.5, 0.9)
_SUMS = ("tried", "accepted", "worse", "accepted_worse", "probability", "worsening", "stepped")


def by_epoch(moves: pd.DataFrame) -> pd.DataFrame:
    """Return shares and means of each run and epoch over all its moves.

    Parameters
    ----------
    moves : DataFrame
        ``moves.parquet``, or rows of it.

    Returns
    -------
    DataFrame
        ``cell``, ``seed``, ``epoch``, ``updates`` (moves tried so far); ``probability_worse``, the
        mean probability of keeping a worsening move (NaN without one), ``probability_all``, over
        all moves, where an improving one has 1; ``worse_share``; ``mean_worsening`` of the mean
        loss over worsening moves; ``effective_rate``, the mean over moves of the rate, 0 where it
        was rejected.
    """
    keys = ["cell", "seed", "epoch"]
    stepped = moves["rate"].astype(float) * moves["accepted"]
    sums = moves.assign(stepped=stepped).groupby(keys, sort=False)[list(_SUMS)].sum().reset_index()
    found = sums[keys].copy()
    found["updates"] = sums.groupby(["cell", "seed"], sort=False)["tried"].cumsum()
    tests = (sums[name] for name in ("tried", "worse", "probability", "worsening"))
    means = means_of_tests(*tests)
    return found.assign(**means, effective_rate=share(sums["stepped"], sums["tried"]))


def by_rate(moves: pd.DataFrame) -> pd.DataFrame:
    """Return shares of each learning rate and epoch, over all runs together.

    Parameters
    ----------
    moves : DataFrame
        ``moves.parquet``, or rows of it.

    Returns
    -------
    DataFrame
        ``rate``, ``epoch``, ``tried``, ``accepted_share`` and ``improved_share`` of the moves
        tried, in percent; NaN where none was.
    """
    counts = ["tried", "accepted", "worse"]
    sums = moves.groupby(["rate", "epoch"])[counts].sum().reset_index()
    tried = sums["tried"].where(sums["tried"] > 0)
    found = sums[["rate", "epoch", "tried"]].copy()
    found["accepted_share"] = 100.0 * sums["accepted"] / tried
    found["improved_share"] = 100.0 * (sums["tried"] - sums["worse"]) / tried
    return found


def worsening_quantiles(worsenings: pd.DataFrame) -> pd.DataFrame:
    """Return quantiles of accepted and rejected worsenings by epoch, over all runs together.

    Parameters
    ----------
    worsenings : DataFrame
        ``worsenings.parquet``, or rows of it.

    Returns
    -------
    DataFrame
        ``epoch``, ``outcome`` ("accepted" or "rejected"), ``count``, and a column for each of
        QUANTILES; epochs without any are left out.
    """
    rows = []
    for outcome in ("accepted", "rejected"):
        wide = worsenings.pivot_table(index="epoch", columns="bin", values=outcome, aggfunc="sum")
        whole = wide.reindex(columns=range(BINS)).fillna(0.0)
        for epoch, counts in whole.iterrows():
            if counts.sum() > 0:
                logs = [histogram_quantile(counts.to_numpy(float), q) for q in QUANTILES]
                same = {"epoch": epoch, "outcome": outcome, "count": int(counts.sum())}
                rows.append(same | dict(zip(QUANTILES, 10.0 ** np.array(logs), strict=True)))
    return pd.DataFrame(rows, columns=["epoch", "outcome", "count", *QUANTILES])
