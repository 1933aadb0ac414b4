"""What cells take, where they cannot say so themselves, and what runs would take that are missing.

Core-seconds were measured on one core of an AMD EPYC in November 2026, while others worked.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.modality.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

#: Of the classes of curvature at one point, by the number of weights: float64, and float32.
POINT_SECONDS = {
    9: (1.3e-5, 1.1e-5),
    15: (2.9e-5, 1.7e-5),
    17: (3.6e-5, 1.9e-5),
    21: (6.4e-5, 3.0e-5),
    37: (2.2e-4, 5.0e-5),
    57: (5.1e-4, 1.3e-4),
    81: (9.1e-4, 3.8e-4),
    501: (7.3e-2, 1.8e-2),
    921: (3.7e-1, 4.0e-2),
}
#: Of the descents of one block.
DESCENTS_SECONDS = 2.3
#: The scale whose runs are published, and of which a claim lacks what is not there.
WHOLE = "gpu"


def curvature_seconds(weights: int, points: float, float32_every: int) -> float:
    """Return the core-seconds of the classes of curvature at some points."""
    double, single = POINT_SECONDS[weights]
    return points * (double + single / float32_every)


def missing_hours(jobs: Iterable[str], cells: pd.DataFrame) -> float:
    """Return the core-hours of the blocks that some groups of jobs lack of those to be published.

    Parameters
    ----------
    jobs : iterable of str
        Groups, as families of claims name them.
    cells : DataFrame
        ``cells.csv``: ``cell``, ``blocks``. Blocks of cells with other settings are no blocks of
        those to be published.
    """
    there = dict(zip(cells["cell"], cells["blocks"], strict=True))
    whole = _whole()
    seconds = sum(
        each
        for job in set(jobs)
        for cell, block, each in whole.get(job, [])
        if block >= int(there.get(cell, 0))
    )
    return seconds / 3600.0


@cache
def _whole() -> dict[str, list[tuple[str, int, float]]]:
    """Return cell, block and core-seconds of all that is to be published, by group."""
    from escaping_minima.studies.modality.plan import price_cells

    numbers = {name: said.scales[WHOLE] for name, said in described_settings(Settings).items()}
    found: dict[str, list[tuple[str, int, float]]] = {}
    for priced in price_cells(Settings(**numbers)):
        planned = priced.planned
        block = (planned.cell.id, planned.first, priced.seconds)
        found.setdefault(planned.group, []).append(block)
    return found
