"""Which runs a figure draws: this run's, or the published ones where this run has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from escaping_minima.report.figures import bands
from escaping_minima.studies.modality.lookup import Lookup


@dataclass(frozen=True)
class Found:
    """Tables that have what a figure draws.

    Attributes
    ----------
    lookup : Lookup
    published : bool
        Whether they are the published ones, as this run has none.
    """

    lookup: Lookup
    published: bool


@dataclass(frozen=True)
class Sources(bands.Sources):
    """The tables of this run, and the published ones to fall back on."""

    def having(self, name: str, role: str, data: str) -> Found | None:
        """Return the first tables in which one has rows of a role and problem.

        Parameters
        ----------
        name : str
            A file name.
        role, data : str
        """

        def find(tables: Mapping[str, pd.DataFrame], published: bool) -> Found | None:
            lookup = Lookup(tables)
            return Found(lookup, published) if lookup.has(name, role, data) else None

        return self.first(find)
