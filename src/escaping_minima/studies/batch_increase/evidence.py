"""Turn the collected tables into the comparisons that a claim's record asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.claims.records import Claim, Family, Reading, Records
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.verdicts import Member, Setting
from escaping_minima.studies.batch_increase.names import (
    MEASURE_NAMES,
    STRATEGY_NAMES,
    condition_name,
    strategy_at,
)
from escaping_minima.studies.batch_increase.plan import FIXED_SIZES, strategies

__all__ = ["BLOCK", "Tables", "build_member", "missing_needs", "paired_differences"]

#: Runs in a block.
BLOCK = 1

_DIRECTIONS = {">": "greater", "<": "less", "=": "equal"}
#: The family whose claims are about runs of just so many epochs as it needs, not of more.
_EXACT_EPOCHS = "section-4.5"


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by role and strategy.

    Attributes
    ----------
    cells : DataFrame
    measures : DataFrame
        By cell and seed.
    words : Words
    families : Mapping
        By identifier.
    """

    cells: pd.DataFrame
    measures: pd.DataFrame
    words: Words
    families: Mapping[str, Family]

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        cells = tables["cells.csv"]
        return Tables(
            # an empty name comes back from a file as a missing one
            cells=cells.assign(variant=cells["variant"].astype(object).fillna("")),
            measures=tables["measures.parquet"].set_index(["cell", "seed"]).sort_index(),
            words=records.words,
            families={family.id: family for family in records.families},
        )

    def role_cells(self, role: str) -> dict[str, str]:
        """Return the cells of a role without variants: strategy -> cell."""
        rows = self.cells[(self.cells["role"] == role) & (self.cells["variant"] == "")]
        return dict(zip(rows["strategy"], rows["cell"], strict=True))

    def family_cells(self, family: Family) -> dict[str, str]:
        """Return the cells that a family rests on: of its first role that has what it needs.

        The runs of section 4.5 are those of as many epochs as it has, in whichever role.
        """
        there = [role for role in family.jobs if self.role_cells(role)]
        if family.id == _EXACT_EPOCHS:
            epochs = family.needs["epochs"]
            exact = self.cells[self.cells["epochs"] == epochs]["role"]
            there.sort(key=lambda role: role not in set(exact))
        return self.role_cells(there[0]) if there else {}

    def rows(self, chosen: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` of some cells."""
        return self.cells[self.cells["cell"].isin(list(chosen.values()))]

    def values(self, cell: str, measure: str) -> pd.Series[float]:
        """Return a measure of a cell's runs, by seed."""
        return self.measures.loc[cell, measure].astype(float)

    def diverged(self, chosen: Mapping[str, str]) -> list[str]:
        """Name the runs that diverged: strategy and seed."""
        found = []
        for strategy, cell in chosen.items():
            lost = self.values(cell, "diverged")
            found += [f"{STRATEGY_NAMES[strategy]}, seed {seed}" for seed in lost.index[lost > 0]]
        return found


def conditions_of(chosen: Mapping[str, str]) -> tuple[int, ...]:
    """Return the conditions (N2) all of whose strategies have a cell."""
    return tuple(n2 for n2 in FIXED_SIZES if all(s.name in chosen for s in strategies(n2)))


def build_member(claim: Claim, reading: Reading, tables: Tables) -> Member:
    """Return a claim in one reading, with one setting or one for each condition.

    Parameters
    ----------
    claim : Claim
    reading : Reading
        One of the claim's.
    tables : Tables

    Returns
    -------
    Member
        Not tested where a part has no value for some of its runs: which runs lack one is no
        accident, so the others would not stand for all. The reason names the part.
    """
    chosen = tables.family_cells(tables.families[claim.family])
    there = conditions_of(chosen)
    parts: dict[str, list[Evidence]] = {}
    missing: list[str] = []
    for record in reading.parts:
        if "count" in record:
            parts.setdefault("", []).append(_count(record, claim, tables.rows(chosen)))
            continue
        wanted = [n2 for n2 in there if n2 in record.get("conditions", there)]
        for condition in wanted or there:
            label = condition_name(condition) if claim.swept else ""
            known = parts.setdefault(label, [])
            for name, values in _runs(record, condition, chosen, tables):
                there_are = values[np.isfinite(values)]
                if len(there_are) < len(values) or not len(values):
                    missing.append(f"{name} ({len(there_are)} of {len(values)} seeds)")
                if len(there_are):
                    part = _comparison(record, claim, name, there_are)
                    # strategies that two conditions share are the same runs
                    known += [part] if part not in known else []
    settings = (Setting(label or "one setting", tuple(p)) for label, p in parts.items() if p)
    return Member(claim.id, tuple(settings), _without_value(missing))


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do."""
    chosen = tables.family_cells(family)
    if not chosen:
        return "this run has none of the runs that it rests on"
    rows = tables.rows(chosen)
    unmet = unmet_need(family.needs, rows, tables.words)
    if unmet is not None:
        return unmet
    epochs = family.needs.get("epochs")
    if family.id == _EXACT_EPOCHS and (rows["epochs"] != epochs).any():
        return f"scale: needs runs of {epochs} epochs, this run has {rows['epochs'].max()}"
    if "epochs" in family.needs and (lost := tables.diverged(chosen)):
        return f"diverged: {'; '.join(lost)}"
    return None


def paired_differences(
    left: pd.Series[float], right: pd.Series[float] | float, ratio: bool
) -> tuple[float, ...]:
    """Return the differences of the runs of each seed.

    Parameters
    ----------
    left, right : Series of float
        A measure by seed; ``right`` may be a constant.
    ratio : bool
        Take 100 ln(left / right) instead, in percent.

    Returns
    -------
    tuple of float
        By seed; seeds without both values are left out.
    """
    found = _of_pairs(left, right, ratio)
    return tuple(float(value) for value in found[np.isfinite(found)])


def _of_pairs(
    left: pd.Series[float], right: pd.Series[float] | float, ratio: bool
) -> NDArray[np.float64]:
    """Return the difference, or the ratio in percent, for each seed that both have."""
    if isinstance(right, pd.Series):
        left, right = left.align(right, join="inner")
    with np.errstate(all="ignore"):
        found = 100.0 * (np.log(left) - np.log(right)) if ratio else left - right
    return np.asarray(found, dtype=np.float64)


def _without_value(missing: Sequence[str]) -> str | None:
    if not missing:
        return None
    others = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"measure: some runs have no value of {missing[0]}{others}"


def _count(record: Mapping[str, Any], claim: Claim, rows: pd.DataFrame) -> MeanComparison:
    """Compare a count that follows from the settings; cells that disagree are an error."""
    counts = rows[record["count"]].unique()
    return MeanComparison(
        tuple(float(count - record["right"]) for count in counts),
        _direction(record),
        claim.margin,
        f"{' and '.join(f'{count:,}' for count in counts)} {record['relation']} "
        f"{record['right']:,}",
        known=True,
        threshold=float(record["right"]),
    )


def _runs(
    record: Mapping[str, Any], condition: int, chosen: Mapping[str, str], tables: Tables
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the comparisons of a part in a condition, one for each combination of its lists.

    Each is a label and the values of the runs: differences or ratios of pairs, or the measure
    itself where it is compared with a number.
    """
    column = _column(record["measure"], condition)
    for left in _listed(record["left"]):
        ours = tables.values(chosen[strategy_at(left, condition)], column)
        for right in _listed(record["right"]):
            label = _label(record, left, right, condition)
            if isinstance(right, str):
                theirs = tables.values(chosen[strategy_at(right, condition)], column)
                yield label, _of_pairs(ours, theirs, record.get("as") == "ratio")
            else:
                yield label, np.asarray(ours, dtype=np.float64)


def _comparison(
    record: Mapping[str, Any], claim: Claim, label: str, values: NDArray[np.float64]
) -> Evidence:
    margin = float(record.get("margin", claim.margin))
    if "within" in record:
        low, high = record["within"]
        inside = int(((values >= low) & (values <= high)).sum())
        return Comparison(
            Share(inside, len(values)),
            record["right"] / 100,
            _direction(record),
            margin / 100,
            label,
        )
    threshold = _threshold(record)
    return MeanComparison(
        tuple(float(value) - threshold for value in values),
        _direction(record),
        margin,
        label,
        unit=record.get("unit", ""),
        threshold=threshold,
    )


def _threshold(record: Mapping[str, Any]) -> float:
    """Return the number that a part compares with; 0 where it compares two strategies."""
    right = record["right"]
    return float(record.get("beyond", right if isinstance(right, int | float) else 0.0))


def _column(measure: str, condition: int) -> str:
    """Return the column of a measure; what is taken at equal updates depends on the condition."""
    return measure.replace("_at_equal_updates", f"_at_updates_{condition}")


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _direction(record: Mapping[str, Any]) -> Any:
    return _DIRECTIONS[record["relation"]]


def _label(record: Mapping[str, Any], left: str, right: str | float, condition: int) -> str:
    ours = STRATEGY_NAMES[strategy_at(left, condition)]
    measure = MEASURE_NAMES[record["measure"]]
    if "within" in record:
        low, high = record["within"]
        return f"{measure}: {ours}, runs in {low:g} to {high:g} {record['relation']} {right:g} %"
    if isinstance(right, str):
        theirs = STRATEGY_NAMES[strategy_at(right, condition)]
    else:
        theirs = f"{right:g}"
    if "beyond" in record:
        theirs += f" less {-record['beyond']:g} %"
    return f"{measure}: {ours} {record['relation']} {theirs}"
