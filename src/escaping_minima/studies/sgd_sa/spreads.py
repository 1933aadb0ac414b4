"""How much seeds differ, and which source of randomness makes them differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from escaping_minima.report.figures.bands import FEWEST
from escaping_minima.studies.sgd_sa.printed import LOSS_UNIT, load_table1
from escaping_minima.studies.sgd_sa.run_groups import METHODS, VARIED
from escaping_minima.studies.sgd_sa.runs import Runs

#: Measures whose spread is shown.
MEASURES: Mapping[str, str] = {
    "last_test_accuracy": "accuracy",
    "last_test_loss": "loss",
    "epochs_to_99": "",
}
#: In place of a source: all of them vary; the paper's own seeds.
ALL, PRINTED = "all", "printed"
COLUMNS = ("role", "network", "run", "source", "measure", "n", "sd", "low", "high")
#: Error probability of each side of an interval.
_TAIL = 0.025


def spreads(runs: Runs) -> pd.DataFrame:
    """Return the standard deviation over seeds, all varying and one source alone.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        ``source`` is "all" (main and small runs), one of the sources, or "printed". The 95 percent
        interval is that of normal values; of fewer than FEWEST runs it is NaN.
    """
    rows = []
    for same, cell in _cells(runs):
        rows += [same | {"measure": m} | spread(runs.values(cell, m).tolist()) for m in MEASURES]
    return pd.DataFrame([*rows, *_printed(runs)], columns=list(COLUMNS))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return ``n``, the standard deviation ``sd`` and its 95 percent interval, ``low``, ``high``.

    Parameters
    ----------
    values : sequence of float
        Of independent runs; those that are not finite are left out.
    """
    finite = [v for v in values if math.isfinite(v)]
    n = len(finite)
    sd = float(np.std(finite, ddof=1)) if n > 1 else math.nan
    if n < FEWEST:
        return {"n": n, "sd": sd, "low": math.nan, "high": math.nan}
    ends = (sd * math.sqrt((n - 1) / stats.chi2.ppf(q, n - 1)) for q in (1 - _TAIL, _TAIL))
    return {"n": n, "sd": sd, **dict(zip(("low", "high"), map(float, ends), strict=True))}


def _cells(runs: Runs) -> Iterator[tuple[dict[str, str], str]]:
    for role in ("main", "small", "sources"):
        for network in runs.networks(role):
            for run in METHODS:
                for source in VARIED if role == "sources" else ("",):
                    cell = runs.find(role, network, run, source)
                    if cell is not None:
                        same = {"role": role, "network": network, "run": run}
                        yield same | {"source": source or ALL}, cell


def _printed(runs: Runs) -> Iterator[dict[str, Any]]:
    """Yield the spread of the printed seeds, of the networks that were run."""
    table = load_table1().assign(loss=lambda t: LOSS_UNIT * t["loss"])
    for (network, run), part in table.groupby(["network", "method"], sort=False):
        if network in runs.networks("main"):
            same = {"role": "main", "network": network, "run": run, "source": PRINTED}
            for measure, column in MEASURES.items():
                if column:
                    yield same | {"measure": measure} | spread(part[column].tolist())
