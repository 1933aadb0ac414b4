"""Whether whole printed rows fit ours at the main radius."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import pandas as pd

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.holm import HolmStep, holm
from escaping_minima.statistics.homogeneity import row_test
from escaping_minima.studies.stationary_distributions.counts import Run, significant
from escaping_minima.studies.stationary_distributions.matching import (
    AS_PRINTED,
    SUMMED,
    MatchedRow,
    match_row,
)
from escaping_minima.studies.stationary_distributions.printed import (
    LABELLINGS,
    STATED_RUNS,
    PrintedRow,
    PrintedTable,
    fits,
    implied_runs,
)

#: Seed of the resampling of every homogeneity test.
SEED = 1

COLUMNS = (
    "function",
    "method",
    "bins",
    "labelling",
    "starts",
    "printed_starts",
    "printed_sum",
    "p",
    "holm_rank",
    "holm_level",
    "rejected",
    "equivalence",
    "equivalence_p",
    "equivalence_level",
    "against_level",
    "largest_difference",
    "largest_difference_bin",
    "note",
)


def table_1_rows(runs: Sequence[Run], printed: PrintedTable) -> pd.DataFrame:
    """Return the tests of every row, for both kinds of bins and both labellings.

    Homogeneity is tested with Holm's correction over the rows of one kind and labelling. So is
    equivalence; that a row is *not* equivalent is decided at alpha over the number of rows, since
    the rank of a row whose equivalence has p = 1 says nothing.

    Parameters
    ----------
    runs : sequence of Run
        At the main radius.
    printed : Mapping
        The printed rows.
    """
    rows: list[dict[str, Any]] = []
    for kind, labelling in product((AS_PRINTED, SUMMED), LABELLINGS):
        rows += _family(runs, printed, kind, labelling)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _family(
    runs: Sequence[Run], printed: PrintedTable, kind: str, labelling: str
) -> list[dict[str, Any]]:
    originals = [printed[run.function, run.method] for run in runs]
    matched = [match_row(r, p, kind, labelling) for r, p in zip(runs, originals, strict=True)]
    p_values = [_homogeneity_p(m.counts, m.shares) for m in matched]
    steps = holm(p_values, ALPHA)
    equal = holm([m.equivalence(ALPHA).p for m in matched], ALPHA)
    return [
        {
            "function": run.function,
            "method": run.method,
            "bins": kind,
            "labelling": labelling,
            "starts": run.starts,
            "printed_starts": STATED_RUNS,
            "printed_sum": float(original.total),
            "p": significant(p),
            "holm_rank": step.rank,
            "holm_level": significant(step.a),
            "rejected": step.rejected,
        }
        | _equivalence_columns(row, equal_step, len(runs))
        | row.largest_difference()
        | {"note": run_count_note(original)}
        for run, original, row, p, step, equal_step in zip(
            runs, originals, matched, p_values, steps, equal, strict=True
        )
    ]


def _equivalence_columns(row: MatchedRow, step: HolmStep, rows: int) -> dict[str, Any]:
    if step.rejected:
        verdict = Verdict.REPRODUCED
    elif row.is_against(ALPHA / rows):
        verdict = Verdict.NOT_REPRODUCED
    else:
        verdict = Verdict.INCONCLUSIVE
    return {
        "equivalence": str(verdict),
        "equivalence_p": significant(row.equivalence(ALPHA).p),
        "equivalence_level": significant(step.a),
        "against_level": significant(ALPHA / rows),
    }


@lru_cache(maxsize=1000)
def _homogeneity_p(counts: tuple[int, ...], shares: tuple[float, ...]) -> float:
    """Return the p-value of the row test; most rows stand in more than one family."""
    return row_test(counts, shares, STATED_RUNS, SEED).p


def run_count_note(row: PrintedRow) -> str:
    """Say where the entries of a row are no shares of the stated number of trajectories."""
    odd = [entry for entry in row.entries if not fits(entry, STATED_RUNS)]
    if not odd:
        return ""
    grain = implied_runs(row)
    unfit = [entry for entry in row.entries if not fits(entry, grain)]
    beside = f" but {', '.join(unfit)}" if unfit else ""
    return (
        f"{', '.join(odd)}: no shares of {STATED_RUNS} trajectories; all entries{beside} are "
        f"shares of {grain}, as rounded; tested with the stated {STATED_RUNS}"
    )
