"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.batch_increase import evidence
from escaping_minima.studies.batch_increase.horizons import change_table, effects, horizon_table
from escaping_minima.studies.batch_increase.other_runs import other_runs
from escaping_minima.studies.batch_increase.paired_images import paired_images
from escaping_minima.studies.batch_increase.printed_errors import printed_errors
from escaping_minima.studies.batch_increase.run_tables import Tables
from escaping_minima.studies.batch_increase.schedules import paper_schedules, schedules
from escaping_minima.studies.batch_increase.summaries import (
    convergence,
    equal_updates,
    extrema,
    paired,
    summary,
)
from escaping_minima.studies.batch_increase.variants import variants


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows, and the errors in the paper's own text.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        The collected tables, by file name.
    records : Records
        The study's claims, for their source.

    Returns
    -------
    tables : dict of DataFrame
        By file name.
    errors : list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    tables = Tables.build(collected, records)
    by_horizon = effects(tables, records, evidence)
    readings = variants(tables)
    derived = {
        "summary.csv": summary(tables),
        "extrema.csv": extrema(tables),
        "paired.csv": paired(tables),
        "convergence.csv": convergence(tables),
        "equal_updates.csv": equal_updates(tables),
        "paired_images.csv": paired_images(collected["wrong.parquet"], tables),
        "variants.csv": readings,
        "other_runs.csv": other_runs(readings),
        "schedules.csv": schedules(tables),
        "paper_schedules.csv": paper_schedules(records.source),
        "horizons.csv": horizon_table(by_horizon),
        "horizon_changes.csv": change_table(by_horizon),
    }
    return derived, printed_errors(records.source)
