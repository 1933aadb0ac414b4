"""Whether the printed rows fit ours at some radius of the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.studies.stationary_distributions.counts import Run, significant
from escaping_minima.studies.stationary_distributions.matching import (
    SUMMED,
    match_row,
)
from escaping_minima.studies.stationary_distributions.printed import (
    LABELLINGS,
    PrintedTable,
)

COLUMNS = (
    "function",
    "method",
    "k",
    "radius",
    "labelling",
    "verdict",
    "fit_level",
    "against_level",
    "largest_difference",
    "largest_difference_bin",
)
SUMMARY_COLUMNS = (
    "method",
    "radii_tested",
    *(f"{key}_{x.replace(' ', '_')}" for x in LABELLINGS for key in ("all_fit", "could_fit")),
)


def radius_fit(runs: Sequence[Run], printed: PrintedTable) -> pd.DataFrame:
    """Return whether the printed row fits at each radius, mirror pairs summed.

    Levels are chosen for the summary of a method. A false "some radius fits all functions" has
    probability at most alpha: fits are decided at alpha over the number of radii, and all
    functions must fit. So has a false "no radius fits them all": misfits are decided at alpha over
    the number of functions, and every radius must be ruled out.

    Parameters
    ----------
    runs : sequence of Run
        Main and sweep; those of methods without a radius are left out.
    printed : Mapping
        The printed rows.
    """
    swept = [run for run in runs if run.radius is not None]
    rows = []
    for run, labelling in product(swept, LABELLINGS):
        same = [other for other in swept if other.method == run.method]
        fit = ALPHA / len({other.k for other in same})
        against = ALPHA / len({other.function for other in same})
        row = match_row(run, printed[run.function, run.method], SUMMED, labelling)
        if row.equivalence(fit).verdict is Verdict.REPRODUCED:
            verdict = Verdict.REPRODUCED
        else:
            verdict = Verdict.NOT_REPRODUCED if row.is_against(against) else Verdict.INCONCLUSIVE
        found = (run.function, run.method, run.k, run.radius, labelling, str(verdict))
        levels = significant(fit), significant(against)
        rows.append([*found, *levels, *row.largest_difference().values()])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def radius_fit_summary(fit: pd.DataFrame) -> pd.DataFrame:
    """Return, for each method, the radii at which the rows of all functions fit or still could.

    Parameters
    ----------
    fit : DataFrame
        Of `radius_fit`.
    """
    rows = []
    for method, part in fit.groupby("method", sort=False):
        row: dict[str, Any] = {"method": method, "radii_tested": part["k"].nunique()}
        for labelling in LABELLINGS:
            row |= _summary_columns(part[part["labelling"] == labelling], labelling)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _summary_columns(part: pd.DataFrame, labelling: str) -> dict[str, str]:
    radii: dict[str, list[str]] = {"all_fit": [], "could_fit": []}
    for _, rows in part.groupby("k"):
        verdicts, radius = set(rows["verdict"]), rows["radius"].iloc[0]
        if verdicts == {str(Verdict.REPRODUCED)}:
            radii["all_fit"].append(f"{radius:.4g}")
        elif str(Verdict.NOT_REPRODUCED) not in verdicts:
            radii["could_fit"].append(f"{radius:.4g}")
    ending = labelling.replace(" ", "_")
    return {f"{key}_{ending}": ", ".join(found) or "none" for key, found in radii.items()}
