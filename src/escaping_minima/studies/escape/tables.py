"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.escape import looked_at
from escaping_minima.studies.escape.clouds import CLOUDS, clouds
from escaping_minima.studies.escape.comparisons import order, pairs, ranks
from escaping_minima.studies.escape.courses import survival, targets
from escaping_minima.studies.escape.off import is_off, off
from escaping_minima.studies.escape.player_tables import (
    GRIDS,
    MARKS,
    PATHS,
    player_marks,
    player_paths,
)
from escaping_minima.studies.escape.run_tables import Tables
from escaping_minima.studies.escape.shares import gaps, shares
from escaping_minima.studies.escape.skip_tables import SKIPS, summary


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows; the source prints no numbers that could be wrong.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        The collected tables, by file name.
    records : Records
        The study's claims.

    Returns
    -------
    tables : dict of DataFrame
        By file name.
    errors : list
        Empty.
    """
    tables = Tables.build(collected, records)
    silent, found = off(tables), shares(tables)
    against = pairs(tables, is_off(silent))
    derived = {
        "shares.csv": found,
        "gaps.csv": gaps(tables),
        "off.csv": silent,
        "pairs.csv": against,
        "order.csv": order(against, found, silent),
        "ranks.csv": ranks(found, silent),
        "survival.parquet": survival(tables),
        "targets.parquet": targets(tables),
        CLOUDS: clouds(collected),
        "descents.csv": looked_at.descents(tables),
        "batch_norms.csv": looked_at.batch_norms(tables),
        "distances.csv": looked_at.distances(tables),
        "critical.csv": looked_at.critical(tables),
        "leaving.csv": looked_at.leaving(tables),
        "attractors.csv": looked_at.attractors(tables),
        "searched.csv": looked_at.searched(tables),
        **({"skips.csv": summary(collected)} if SKIPS in collected else {}),
    }
    if GRIDS in collected:
        # the page that plays paths reads derived tables alone
        derived |= {PATHS: player_paths(collected), GRIDS: collected[GRIDS], MARKS: player_marks()}
    return derived, []
