"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.stationary_distributions.counts import list_runs, main_runs
from escaping_minima.studies.stationary_distributions.evidence import Tables
from escaping_minima.studies.stationary_distributions.other_runs import other_runs
from escaping_minima.studies.stationary_distributions.paired import exploration, paired
from escaping_minima.studies.stationary_distributions.points import stationary_points_table
from escaping_minima.studies.stationary_distributions.printed import load_printed
from escaping_minima.studies.stationary_distributions.printed_errors import printed_errors
from escaping_minima.studies.stationary_distributions.radius_fit import (
    radius_fit,
    radius_fit_summary,
)
from escaping_minima.studies.stationary_distributions.start_sweep import start_sweep
from escaping_minima.studies.stationary_distributions.sweep import sweep
from escaping_minima.studies.stationary_distributions.table_1 import table_1
from escaping_minima.studies.stationary_distributions.table_1_rows import table_1_rows
from escaping_minima.studies.stationary_distributions.variants import variants


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows, and the errors in the paper's own table.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        The collected tables, by file name.
    records : Records
        The study's claims, for their groups of outcomes and their source.

    Returns
    -------
    tables : dict of DataFrame
        By file name.
    errors : list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    tables = Tables.build(collected, records)
    printed = load_printed(records.source)
    runs = list_runs(tables)
    main = main_runs(runs)
    fit = radius_fit(runs, printed)
    derived = {
        "table_1.csv": table_1(main, printed),
        "table_1_rows.csv": table_1_rows(main, printed),
        "paired.csv": paired(main, tables),
        "sweep.csv": sweep(runs, records.groups),
        "start_sweep.csv": start_sweep(collected),
        "radius_fit.csv": fit,
        "radius_fit_summary.csv": radius_fit_summary(fit),
        "exploration.csv": exploration(runs, tables),
        "variants.csv": variants(collected["variants.csv"], tables.cells, main, printed),
        "other_runs.csv": other_runs(tables, collected["variants.csv"], records),
        "stationary_points.csv": stationary_points_table(collected["points.csv"]),
    }
    return derived, printed_errors(printed)
