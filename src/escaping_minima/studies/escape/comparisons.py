"""Which contestant of the arena is known to be better than which, problem by problem."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from escaping_minima.statistics.holm import holm
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.run_tables import Tables
from escaping_minima.studies.escape.terrain import ALL_GLOBAL, ARENA

PAIR_COLUMNS = ("problem", "first", "second", "starts", "first_only", "second_only", "p", "known")
ORDER_COLUMNS = ("arm", "better_than", "worse_than", "problems", "mean_rank", "mean_best", "off_on")
RANK_COLUMNS = ("arms", "problems", "statistic", "p", "critical_difference")
#: Family-wise level of all pairs of a problem, and of ranks.
ALPHA = 0.05


def pairs(tables: Tables, silent: set[tuple[str, str]]) -> pd.DataFrame:
    """Return `PAIR_COLUMNS`: how two contestants differ on the same starts of a problem.

    Only starts of which one of them ends at a global minimum say anything: their number is
    binomial where neither is better (McNemar's exact test). ``known`` is the better one by Holm's
    procedure over all pairs of the problem, empty where none is. Contestants that are off, and
    problems whose minima are all global, are left out.
    """
    parts = [_pairs_of(problem, tables, silent) for problem in ARENA if problem not in ALL_GLOBAL]
    return pd.concat(parts, ignore_index=True)[list(PAIR_COLUMNS)]


def order(found: pd.DataFrame, shares: pd.DataFrame, off: pd.DataFrame) -> pd.DataFrame:
    """Return `ORDER_COLUMNS`, a row a contestant: by what it is known to be better than.

    One is known to be better than another where it is on some problem and the other is on none.
    Sorted by how many a contestant is better than less how many are better than it, then by the
    mean rank of its share on each problem, which decides nothing else.
    """
    known = _known_better(found)
    best = _shares_at_best(shares, off)
    ranks = best.rank(axis=1, ascending=False)
    rows = []
    for arm in best.columns:
        rows.append(
            {
                "arm": arm,
                "better_than": ", ".join(sorted(b for a, b in known if a == arm)),
                "worse_than": ", ".join(sorted(a for a, b in known if b == arm)),
                "problems": int(best[arm].notna().sum()),
                "mean_rank": float(ranks[arm].mean()),
                "mean_best": float(best[arm].mean()),
                "off_on": ", ".join(off.loc[(off["arm"] == arm) & off["off"], "problem"]),
            }
        )
    table = pd.DataFrame(rows, columns=list(ORDER_COLUMNS))
    counts = [_count(table[name]) for name in ("better_than", "worse_than")]
    keys = pd.DataFrame({"net": counts[1] - counts[0], "rank": table["mean_rank"]})
    return table.loc[keys.sort_values(["net", "rank"]).index].reset_index(drop=True)


def ranks(shares: pd.DataFrame, off: pd.DataFrame) -> pd.DataFrame:
    """Return `RANK_COLUMNS`: whether the contestants of every problem differ in their mean ranks.

    Friedman's test over problems, and the difference of mean ranks beyond which two differ
    (Nemenyi). Contestants that are off anywhere are not among them.

    References
    ----------
    Demsar, J. (2006). Statistical comparisons of classifiers over multiple data sets. Journal of
    Machine Learning Research 7, 1-30.
    """
    from scipy.stats import friedmanchisquare, studentized_range

    whole = _shares_at_best(shares, off).dropna(axis=1)
    problems, arms = whole.shape
    if arms < 3 or problems < 2:
        return pd.DataFrame(columns=list(RANK_COLUMNS))
    test = friedmanchisquare(*(whole[arm] for arm in whole))
    quantile = float(studentized_range.ppf(1 - ALPHA, arms, np.inf)) / np.sqrt(2)
    difference = quantile * np.sqrt(arms * (arms + 1) / (6 * problems))
    row = (arms, problems, float(test.statistic), float(test.pvalue), difference)
    return pd.DataFrame([row], columns=list(RANK_COLUMNS))


def _pairs_of(problem: str, tables: Tables, silent: set[tuple[str, str]]) -> pd.DataFrame:
    from scipy.stats import binomtest

    ends = {}
    for arm in CONTESTANTS:
        found = tables.find({"problem": problem, "arm": arm, "role": "arena"})
        if found and (problem, arm) not in silent:
            ends[arm] = tables.starts(found[0]).best
    rows = []
    for first, second in combinations(ends, 2):
        ours, theirs = ends[first], ends[second]
        counts = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
        p = float(binomtest(counts[0], sum(counts)).pvalue) if sum(counts) else 1.0
        rows.append((problem, first, second, len(ours), *counts, p, ""))
    table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    if len(table):
        rejected = np.array([step.rejected for step in holm(table["p"].tolist(), ALPHA)])
        better = np.where(
            table["first_only"] > table["second_only"], table["first"], table["second"]
        )
        table["known"] = np.where(rejected, better, "")
    return table


def _known_better(found: pd.DataFrame) -> set[tuple[str, str]]:
    """Return pairs (better, worse) that some problem shows and none contradicts."""
    shown = {
        (known, second if known == first else first)
        for first, second, known in found[["first", "second", "known"]].itertuples(index=False)
        if known
    }
    return {(a, b) for a, b in shown if (b, a) not in shown}


def _shares_at_best(shares: pd.DataFrame, off: pd.DataFrame) -> pd.DataFrame:
    """Return shares at a global minimum by problem and contestant, NaN where it is off."""
    chosen = shares[(shares["role"] == "arena") & (shares["measure"] == "best")]
    chosen = chosen[~chosen["problem"].isin(ALL_GLOBAL)]
    wide = chosen.pivot(index="problem", columns="arm", values="share").astype(float)
    for problem, arm in off.loc[off["off"].astype(bool), ["problem", "arm"]].itertuples(
        index=False
    ):
        if problem in wide.index and arm in wide.columns:
            wide.loc[problem, arm] = np.nan
    return wide


def _count(texts: pd.Series) -> pd.Series:
    return texts.map(lambda text: len(text.split(", ")) if text else 0)
