"""How many hours of a GPU the runs would take that a family of claims lacks."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from escaping_minima.parts.registry import part_record, read_part
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.batch_increase.items import kept_epochs
from escaping_minima.studies.batch_increase.ladder import noise_settings, noise_states
from escaping_minima.studies.batch_increase.record_forms import EXACT
from escaping_minima.studies.batch_increase.settings import Settings
from escaping_minima.studies.batch_increase.strategies import IMAGES, by_name

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Family

#: Microseconds of an update by the size of its batch, eight runs together on streams, and
#: milliseconds of a pass that evaluates 60,000 images. Measured on one H100, November 2026, of
#: updates alone; between these sizes a straight line is drawn. An epoch of all seven strategies
#: takes 2.4 s by it, which is what was measured of them too, with evaluations. What
#: ``docs/benchmarks/packs.md`` has of an H200 (195 at a batch of 10) is larger, since starting,
#: capturing and evaluating count there, in runs of 1,200 updates.
UPDATE = {10: 104.0, 55: 243.0, 100: 385.0, 255: 694.0, 500: 1270.0}
EVALUATION = 53.0
_EVALUATED = 60_000
#: The same of one run by itself whose updates are not captured: a plain loop on that card, its
#: reading of batches included. Probes pass batches so, which nobody has timed on a GPU.
PLAIN = {10: 3180.0, 55: 3730.0, 100: 4040.0, 255: 4930.0, 500: 8050.0}
_NUMBERS = described_settings(Settings)
#: Batches that probes pass at the scale `paper`.
_SPREAD_DRAWS, _NOISE_DRAWS = (
    _NUMBERS[name].scales["paper"] for name in ("spread_draws", "noise_draws")
)


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
        What its sides are looked up by, and so what probes its runs need.
    rows : DataFrame
        The rows of ``cells.csv`` that it rests on: ``strategy``, ``epochs``, ``images``, ``seeds``.

    Returns
    -------
    float
        Hours of one H100 that trains eight runs at a time, see `UPDATE`, with those of the probes.
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
    return sum(
        max(0, needs["seeds"] - int(there.get(name, 0)))
        * (epochs * epoch_seconds(name, epochs) + probe_seconds(form, name, epochs))
        / 3600.0
        for epochs in [needs["epochs"]]
        for name in sorted(strategies)
    )


@cache
def epoch_seconds(strategy: str, epochs: int) -> float:
    """Return what an epoch of a strategy on all of MNIST takes, the mean over a run.

    Parameters
    ----------
    strategy : str
        By name.
    epochs : int
        Of the run.
    """
    train, test = IMAGES["full"]
    sizes = by_name()[strategy].sizes()
    known, times = list(UPDATE), list(UPDATE.values())
    # in whatever order it has them, a run has the same sizes
    updates = [
        math.ceil(train / size) * float(np.interp(size, known, times))
        for size in (sizes.size(epoch, epochs) for epoch in range(1, epochs + 1))
    ]
    evaluated = (train + test) / _EVALUATED * EVALUATION
    return sum(updates) / epochs / 1e6 + evaluated / 1e3


@cache
def probe_seconds(form: str, strategy: str, epochs: int) -> float:
    """Return what the probes take that a run on all of MNIST needs for sides of a form.

    Parameters
    ----------
    form : str
        See `evidence.FORMS`; most need none.
    strategy : str
        By name.
    epochs : int
        Of the run.
    """
    chosen = by_name()[strategy]
    if form == "deviation":
        sizes = [chosen.sizes().size(state + 1, epochs) for state in noise_states(epochs)]
        return sum(_spread_seconds(noise_settings(size, _NOISE_DRAWS)) for size in sizes)
    if form == "spread":
        return len(kept_epochs(chosen, epochs)) * _spread_seconds({"training_draws": _SPREAD_DRAWS})
    return _flatness_seconds() if form == "flatness" else 0.0


def _spread_seconds(settings: Mapping[str, Any]) -> float:
    """Return what batches take at a state: a pass over all images, and those of training mode."""
    made = part_record("measures", "batch_spread", settings).record()["settings"]
    # with replacement and without; forwards alone, a third of an update
    batches = 2 / 3 * made["training_draws"] * sum(map(_plain, made["sizes"]))
    return EVALUATION / 1e3 + float(batches) / 1e6


def _flatness_seconds() -> float:
    """Return what flatness takes at a state, by the updates that would take as long."""
    made = part_record("measures", "flatness").record()["settings"]
    measure = read_part("measures", "flatness", made)
    updates = measure.trained_images(IMAGES["full"][0]) / measure.batch
    return float(updates) * _plain(measure.batch) / 1e6


def _plain(size: int) -> float:
    return float(np.interp(size, list(PLAIN), list(PLAIN.values())))


def say_hours(hours: float) -> str:
    """Say a number of hours: to a tenth, or where that is nothing to a hundredth."""
    return f"{hours:.1f}" if hours >= 0.1 else f"{hours:.2f}"
