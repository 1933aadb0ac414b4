"""Every derived table of the study, from the collected ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.claims.records import Records
from escaping_minima.studies.modality.accuracies import accuracies
from escaping_minima.studies.modality.attractor_tables import (
    attractor_counts,
    attractor_sensitivity,
)
from escaping_minima.studies.modality.curvature_shares import curvature_shares
from escaping_minima.studies.modality.half_walks import half_walks
from escaping_minima.studies.modality.levels import levels
from escaping_minima.studies.modality.lookup import Lookup
from escaping_minima.studies.modality.mixtures import mixtures
from escaping_minima.studies.modality.printed_errors import printed_errors


def derive(
    collected: Mapping[str, pd.DataFrame], records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    """Derive the tables that the report shows, and where the paper contradicts itself.

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
    lookup = Lookup(collected)
    derived = {
        "curvature_shares.csv": curvature_shares(lookup),
        "attractor_counts.csv": attractor_counts(lookup),
        "attractor_sensitivity.csv": attractor_sensitivity(lookup),
        "levels.csv": levels(lookup),
        "accuracies.csv": accuracies(lookup),
        "mixtures.csv": mixtures(lookup),
        "half_walks.csv": half_walks(lookup),
    }
    return derived, printed_errors()
