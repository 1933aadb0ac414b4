"""The same test images under two strategies: McNemar's test of two networks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from escaping_minima.studies.batch_increase.evidence import Tables, conditions_of
from escaping_minima.studies.batch_increase.names import strategy_at

COLUMNS = ("role", "condition", "strategy", "seed", "images", "linear_only", "fixed_only", "p")
#: The row that counts the images of all seeds together.
ALL_SEEDS = "all"


def paired_images(wrong: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return how many test images only one of two strategies gets wrong at the end.

    The test says whether two trained networks differ, not whether two strategies do: its p-value
    leaves out what another seed would give. The row of all seeds adds their counts and has no
    p-value: it holds the same images several times, and what one network gets wrong another one
    often does too, so they are no independent trials. Both stand beside the comparison of seeds,
    and decide nothing.

    Parameters
    ----------
    wrong : DataFrame
        ``wrong.parquet``: cell, seed, and a bit for each test image.
    tables : Tables

    References
    ----------
    McNemar, Q. (1947). Note on the sampling error of the difference between correlated
    proportions or percentages. Psychometrika 12, 153-157.
    """
    bits = {
        (cell, seed): np.unpackbits(np.frombuffer(packed, np.uint8)).astype(bool)
        for cell, seed, packed in wrong[["cell", "seed", "wrong"]].itertuples(index=False)
    }
    rows: list[dict[str, Any]] = []
    for role in ("main", "sample"):
        cells = tables.role_cells(role)
        for condition in conditions_of(cells):
            linear = cells[strategy_at("linear", condition)]
            for place in ("N1", "mean", "N2"):
                strategy = strategy_at(place, condition)
                same = {"role": role, "condition": condition, "strategy": strategy}
                found = list(_seed_rows(linear, cells[strategy], bits, tables))
                rows += [same | row for row in [*found, *_all_seeds(found)]]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _seed_rows(
    linear: str, fixed: str, bits: Mapping[tuple[str, int], Any], tables: Tables
) -> Iterator[dict[str, Any]]:
    images = int(tables.cells.set_index("cell")["test_images"][linear])
    for seed in sorted(seed for cell, seed in bits if cell == linear):
        if (fixed, seed) in bits:
            ours, theirs = bits[linear, seed], bits[fixed, seed]
            counts = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
            yield _row(str(seed), images, *counts) | {"p": _p(*counts)}


def _all_seeds(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    if len(rows) > 1:
        sums = (sum(row[k] for row in rows) for k in ("images", "linear_only", "fixed_only"))
        yield _row(ALL_SEEDS, *sums) | {"p": math.nan}


def _row(seed: str, images: int, linear_only: int, fixed_only: int) -> dict[str, Any]:
    counts = {"linear_only": linear_only, "fixed_only": fixed_only}
    return {"seed": seed, "images": images} | counts


def _p(linear_only: int, fixed_only: int) -> float:
    both = linear_only + fixed_only
    return float(stats.binomtest(linear_only, both, 0.5).pvalue) if both else 1.0
