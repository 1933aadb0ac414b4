"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.populations.against_sgd import against_sgd
from escaping_minima.studies.populations.error_rates import error_curve, error_rates
from escaping_minima.studies.populations.levels import levels
from escaping_minima.studies.populations.noise_activity import noise_activity
from escaping_minima.studies.populations.printed import MODELS, TRAJECTORIES
from escaping_minima.studies.populations.printed_claims import printed_claims
from escaping_minima.studies.populations.printed_errors import printed_errors
from escaping_minima.studies.populations.searches import searches
from escaping_minima.studies.populations.single_model_orders import single_model_orders
from escaping_minima.studies.populations.table_4 import table_4
from escaping_minima.studies.populations.tests_table import tests_table
from escaping_minima.studies.populations.trajectories import Trajectories


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows, and the errors in the paper's own tables.

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
    runs = Trajectories.build(collected)
    tests = tests_table(runs.populations, runs.selected)
    derived = {
        "tests.csv": tests,
        "table_4.csv": table_4(runs.populations, runs.selected),
        "levels.csv": levels(runs),
        "against_sgd.csv": against_sgd(runs),
        "single_models.csv": single_model_orders(runs),
        "error_rates.csv": error_rates(tests),
        "error_curves.csv": _error_curves(tests),
        "activity.csv": noise_activity(collected),
        "searches.csv": searches(collected),
        "printed_claims.csv": printed_claims(),
    }
    return derived, printed_errors()


def _error_curves(tests: pd.DataFrame) -> pd.DataFrame:
    """Return the error of the naive tests for the paper's sets and for the largest of this run."""
    designs = [(TRAJECTORIES, MODELS)]
    ran = tests[tests["trajectories"] > 1].sort_values(["trajectories", "models"])
    if len(ran):
        count, models = ran[["trajectories", "models"]].astype(int).iloc[-1]
        designs.append((count, round(models / count)))
    return pd.concat([error_curve(*design) for design in dict.fromkeys(designs)])
