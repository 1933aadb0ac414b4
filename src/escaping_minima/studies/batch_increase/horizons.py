"""What the claims about curves measure as a function of the horizon, each a whole schedule.

The schedule is a function of e / T, so a shorter run has all of it. Nothing of this is a verdict:
that is about as many epochs as the paper has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.entries import CHECK
from escaping_minima.claims.grammar import Part, Union
from escaping_minima.claims.leaving_out import side_left_out
from escaping_minima.claims.members import settings_of
from escaping_minima.claims.records import Claim, Records
from escaping_minima.claims.sides import MissingRunsError, Values, aligned, differences
from escaping_minima.claims.source import Source, say_part
from escaping_minima.parts.study import Evidence
from escaping_minima.studies.batch_increase.run_tables import Arm, Tables
from escaping_minima.studies.batch_increase.theory import mean_interval

#: Roles whose runs are whole schedules with the paper's optimiser.
ROLES = ("main", "section_4_5", "main_ladder", "sample", "sample_ladder")
#: Forms of sides that are about no horizon: weights at any time, and the network itself.
_OF_NONE = ("spread", "count")
#: Numbers of epochs, which are compared as shares of the horizon.
_EPOCHS = ("smooth_min_epoch", "min_test_loss_epoch")
_KEY = ("claim", "condition", "data", "images", "part")
COLUMNS = (*_KEY[:4], "horizon", "part", "direction", "threshold", "margin", "unit", "n")
HORIZON_COLUMNS = (*COLUMNS, "effect", "low", "high", "weakest")
CHANGE_COLUMNS = (*_KEY, "short", "long", "n", "change", "low", "high", "towards")
#: Words for a change whose interval excludes 0.
TOWARDS, AWAY = "towards", "away"


@dataclass(frozen=True)
class Effect:
    """One part of a claim at one horizon.

    Attributes
    ----------
    claim, part : str
    condition : int
        N2.
    data : str
        The version of the data.
    images, horizon : int
    direction : {"greater", "less", "equal"}
        What is claimed of the values.
    threshold, margin : float
    unit : str
    values : Series of float
        By seed: left less right, or less the number it is compared with.
    """

    claim: str
    part: str
    condition: int
    data: str
    images: int
    horizon: int
    direction: str
    threshold: float
    margin: float
    unit: str
    values: pd.Series[float]

    @property
    def key(self) -> tuple[Any, ...]:
        """What it has in common with the same part at other horizons."""
        return (self.claim, self.condition, self.data, self.images, self.part)

    @property
    def favour(self) -> float:
        """How far the mean lies where the claim puts it, in margins."""
        apart = float(self.values.mean()) - self.threshold
        sides = {"greater": apart, "less": -apart, "equal": self.margin - abs(apart)}
        return sides[self.direction] / self.margin


def effects(tables: Tables, records: Records, evidence: Evidence) -> list[Effect]:
    """Return what every claim about curves measures at every horizon that was run.

    Parameters
    ----------
    tables : Tables
    records : Records
    evidence : Evidence
        Of the study.

    Returns
    -------
    list of Effect
        Parts of main readings. Of runs of the same horizon in two roles those with more seeds.
    """
    found: dict[tuple[Any, ...], Effect] = {}
    for one in _every(tables, records, evidence):
        key = (*one.key, one.horizon)
        if key not in found or len(found[key].values) < len(one.values):
            found[key] = one
    return sorted(found.values(), key=lambda one: (one.claim, one.data, one.images, one.horizon))


def _every(tables: Tables, records: Records, evidence: Evidence) -> Iterator[Effect]:
    arms = [arm for role in ROLES for arm in tables.arms_of(role)]
    for family in records.families:
        form = tables.forms.get(family.id, "measure")
        for arm in arms if form not in _OF_NONE else ():
            if tables.has(form, arm):
                source = Source(records, family, evidence, tables.at(arm))
                for claim in records.members(family.id):
                    yield from _of_claim(claim, arm, source)


def _of_claim(claim: Claim, arm: Arm, source: Source) -> Iterator[Effect]:
    if claim.kind == CHECK:
        return
    reading = claim.readings[0]
    for _, parts in settings_of(reading, source):
        for part in parts:
            if isinstance(part, Union):
                continue
            try:
                if side_left_out(part, reading, source) is None:
                    yield _effect(claim, part, arm, source)
            except MissingRunsError:
                continue


def _effect(claim: Claim, part: Part, arm: Arm, source: Source) -> Effect:
    left = source.study.values(part.left, source.family, source.tables)
    scale, cells = 1.0, source.tables.cells
    if part.left.get("measure") in _EPOCHS:
        scale = source.family.needs["epochs"] / arm.epochs
    if isinstance(part.right, float):
        values, ids = scale * left.values - part.right, left.ids
    else:
        right: Values = source.study.values(part.right, source.family, source.tables)
        values = scale * differences(left, right, part.compared == "ratio")
        ids = aligned(left, right)[0].ids
    row = cells[(cells["role"] == arm.role) & (cells["epochs"] == arm.epochs)].iloc[0]
    finite = np.isfinite(values)
    return Effect(
        claim.id,
        say_part(part, claim, source),
        int(part.left["condition"]),
        str(row["data_version"]),
        int(row["images"]),
        arm.epochs,
        part.direction,
        part.beyond,
        part.margin,
        part.unit or claim.unit,
        pd.Series(values[finite], ids[finite]),
    )


def horizon_table(found: Iterable[Effect]) -> pd.DataFrame:
    """Return ``horizons.csv``: a row for each part of a claim at each horizon.

    Parameters
    ----------
    found : iterable of Effect

    Returns
    -------
    DataFrame
        HORIZON_COLUMNS: ``effect`` is the mean over seeds of left less right (of a ratio 100 ln),
        or less the number that is compared with, with Student's 95 percent interval;
        ``direction``, ``threshold`` and ``margin`` say what is claimed of it; ``weakest`` marks the
        part that speaks least for the claim at the longest horizon of its data.
    """
    known = [one for one in found if len(one.values)]
    weakest = _weakest(known)
    rows = []
    for one in known:
        mean, low, high = mean_interval(one.values)
        named = {name: getattr(one, name) for name in COLUMNS if name != "n"}
        numbers = {"n": len(one.values), "effect": mean, "low": low, "high": high}
        rows.append(named | numbers | {"weakest": one.key in weakest})
    return pd.DataFrame(rows, columns=list(HORIZON_COLUMNS))


def _weakest(known: Iterable[Effect]) -> set[tuple[Any, ...]]:
    """Return the keys of the parts that speak least for their claims at the longest horizons."""
    last: dict[tuple[Any, ...], Effect] = {}
    for one in known:
        place = one.key[:4]
        if place not in last or (one.horizon, -one.favour) > (
            last[place].horizon,
            -last[place].favour,
        ):
            last[place] = one
    return {one.key for one in last.values()}


def change_table(found: Iterable[Effect]) -> pd.DataFrame:
    """Return ``horizon_changes.csv``: how the effects change from one horizon to a longer one.

    Parameters
    ----------
    found : iterable of Effect

    Returns
    -------
    DataFrame
        CHANGE_COLUMNS: ``change``, the mean over the seeds of both of the longer one's effect less
        the shorter one's, with Student's 95 percent interval; ``towards``: TOWARDS or AWAY where it
        excludes 0, by what the claim says, else empty. Of an equality it is TOWARDS where the
        effect gets nearer to 0. Every pair of horizons has a row.
    """
    by_key: dict[tuple[Any, ...], list[Effect]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    rows = [
        dict(zip(_KEY, key, strict=True)) | _change(short, long)
        for key, of_part in by_key.items()
        for place, long in enumerate(of_part)
        for short in of_part[:place]
        if len(short.values.index.intersection(long.values.index))
    ]
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def _change(short: Effect, long: Effect) -> dict[str, Any]:
    both = (long.values - short.values).dropna()
    change, low, high = mean_interval(both)
    seeds = both.index
    ends = {"short": short.horizon, "long": long.horizon, "n": len(both)}
    towards = ""
    if low > 0.0 or high < 0.0:
        towards = TOWARDS if _is_towards(short, long, seeds) else AWAY
    return ends | {"change": change, "low": low, "high": high, "towards": towards}


def _is_towards(short: Effect, long: Effect, seeds: pd.Index[Any]) -> bool:
    before, after = (float(one.values.loc[seeds].mean()) for one in (short, long))
    if short.direction == "equal":
        return abs(after) < abs(before)
    return after > before if short.direction == "greater" else after < before
