"""How many hours of a GPU the runs would take that a family of claims lacks."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from escaping_minima.studies.batch_increase.record_forms import EXACT
from escaping_minima.studies.batch_increase.strategies import IMAGES, by_name

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Family

#: Microseconds of an update by the size of its batch, eight runs together on streams, and
#: milliseconds of a pass that evaluates 60,000 images. Measured on one H100, November 2026; between
#: these sizes a straight line is drawn. An epoch of all seven strategies takes 2.4 s by it, which
#: is what was measured of them too.
UPDATE = {10: 104.0, 55: 243.0, 100: 385.0, 255: 694.0, 500: 1270.0}
EVALUATION = 53.0
_EVALUATED = 60_000
#: What training takes that a claim needs, and no more: what is measured at states takes minutes.
_WATCHED = ("deviation",)


def missing_hours(
    family: Family, strategies: Collection[str], form: str, rows: pd.DataFrame
) -> float:
    """Return the hours of the runs that are not there of those that a family's claims need.

    Parameters
    ----------
    family : Family
        Needs ``epochs``, ``images`` and ``seeds``; one that does not say lacks nothing.
    strategies : collection of str
        Whose runs its claims compare.
    form : str
        What its sides are looked up by: batches that are compared with all images take a pass over
        these in every epoch.
    rows : DataFrame
        The rows of ``cells.csv`` that it rests on: ``strategy``, ``epochs``, ``images``, ``seeds``.

    Returns
    -------
    float
        Hours of one H100 that trains eight runs at a time; see `UPDATE`.
    """
    needs = family.needs
    if "epochs" not in needs or "seeds" not in needs:
        return 0.0
    enough = rows[rows["images"] >= needs.get("images", 0)]
    longer = enough["epochs"] > needs["epochs"]
    # longer runs do not stand in for those of section 4.5
    as_long = enough["epochs"] == needs["epochs"]
    enough = enough[as_long if family.id in EXACT else as_long | longer]
    there = dict(zip(enough["strategy"], enough["seeds"], strict=True)) if len(enough) else {}
    passes = 1 if form in _WATCHED else 0
    return sum(
        max(0, needs["seeds"] - int(there.get(name, 0)))
        * needs["epochs"]
        * epoch_seconds(name, needs["epochs"], passes)
        / 3600.0
        for name in sorted(strategies)
    )


@cache
def epoch_seconds(strategy: str, epochs: int, passes: int = 0) -> float:
    """Return what an epoch of a strategy on all of MNIST takes, the mean over a run.

    Parameters
    ----------
    strategy : str
        By name.
    epochs : int
        Of the run.
    passes : int
        Further passes over the training images in an epoch.
    """
    train, test = IMAGES["full"]
    sizes = by_name()[strategy].sizes()
    known, times = list(UPDATE), list(UPDATE.values())
    # in whatever order it has them, a run has the same sizes
    updates = [
        math.ceil(train / size) * float(np.interp(size, known, times))
        for size in (sizes.size(epoch, epochs) for epoch in range(1, epochs + 1))
    ]
    evaluated = ((1 + passes) * train + test) / _EVALUATED * EVALUATION
    return sum(updates) / epochs / 1e6 + evaluated / 1e3


def say_hours(hours: float) -> str:
    """Say a number of hours: to a tenth, or where that is nothing to a hundredth."""
    return f"{hours:.1f}" if hours >= 0.1 else f"{hours:.2f}"
