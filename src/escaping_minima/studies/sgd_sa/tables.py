"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.sgd_sa.comparisons import controls, equal_passes, methods, variants
from escaping_minima.studies.sgd_sa.directions import directions
from escaping_minima.studies.sgd_sa.equal_training import equal_training
from escaping_minima.studies.sgd_sa.printed_errors import printed_errors
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.selection import selection
from escaping_minima.studies.sgd_sa.spreads import spreads
from escaping_minima.studies.sgd_sa.summaries import summary
from escaping_minima.studies.sgd_sa.table_1 import table_1


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows, and the errors in the paper's own text.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        The collected tables, by file name.
    records : Records
        The study's claims; nothing of them enters.

    Returns
    -------
    tables : dict of DataFrame
        By file name.
    errors : list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    runs = Runs.build(collected)
    derived = {
        "table_1.csv": table_1(runs),
        "summary.csv": summary(runs),
        "methods.csv": methods(runs),
        "controls.csv": controls(runs),
        "variants.csv": variants(runs),
        "equal_passes.csv": equal_passes(runs),
        "spreads.csv": spreads(runs),
        "selection.csv": selection(runs),
        "equal_training.csv": equal_training(runs),
        "directions.csv": directions(runs),
    }
    return derived, printed_errors()
