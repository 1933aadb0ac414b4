"""Turn the collected tables into the comparisons that a claim's record asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.claims.records import Claim, Family, Reading, Records
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.landscape.classify import outcome_names
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.plane import BLOCK
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.verdicts import Member, Setting
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.plan import RADII

__all__ = ["BLOCK", "Tables", "build_member", "missing_needs"]

_DIRECTIONS = {">": "greater", "<": "less", "=": "equal"}


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by function, method and sweep point."""

    cells: pd.DataFrame
    ids: Mapping[tuple[str, str, int], str]
    outcomes: Mapping[str, pd.DataFrame]
    basins: Mapping[str, pd.DataFrame]
    groups: Mapping[str, tuple[str, ...]]
    words: Words

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Sort collected tables by kind."""
        cells = tables["cells.csv"]
        swept = cells[cells["role"].isin(["main", "sweep"])]
        keys = zip(swept["function"], swept["method"], swept["k"], strict=True)
        return Tables(
            cells=cells,
            ids=dict(zip(keys, swept["cell"], strict=True)),
            outcomes=_by_function(tables, "outcomes_"),
            basins=_by_function(tables, "basins_"),
            groups=records.groups,
            words=records.words,
        )

    def sweep(self) -> tuple[int, ...]:
        """Return the points of the sweep that every method with a radius has."""
        points: dict[tuple[str, str], set[int]] = {}
        for function, method, k in self.ids:
            if RADII[method] is not None:
                points.setdefault((function, method), set()).add(k)
        return tuple(sorted(set.intersection(*points.values()))) if points else (0,)

    def cell(self, function: str, method: str, k: int) -> str:
        """Return the id of a cell; a method without a radius has one for the whole sweep."""
        return self.ids[function, method, k if RADII[method] is not None else 0]

    def ends(self, function: str, method: str, k: int, group: str) -> NDArray[np.bool_]:
        """Return, for each start, whether it ended in a group of outcomes or in one outcome."""
        names = outcome_names(make_problem(function, {}))
        wanted = [names.index(n) for n in self.groups.get(group, (group,)) if n in names]
        column = self.outcomes[function][self.cell(function, method, k)].to_numpy()
        return np.asarray(np.isin(column, wanted))

    def visits(self, function: str, method: str, k: int) -> NDArray[np.int64]:
        """Return, for each start, the number of basins its trajectory was seen in."""
        column = self.basins[function][self.cell(function, method, k)]
        return np.asarray(column, dtype=np.int64)


def build_member(claim: Claim, reading: Reading, tables: Tables) -> Member:
    """Return a claim in one reading, with one setting or one for each point of the sweep.

    Parameters
    ----------
    claim : Claim
    reading : Reading
        One of the claim's.
    tables : Tables
    """
    points = tables.sweep() if claim.swept else (0,)
    settings = (
        Setting(
            _point_label(k) if claim.swept else "one setting",
            tuple(
                _comparison(part, tables, k, part.get("margin", claim.margin) / 100)
                for record in reading.parts
                for part in _spelled_out(record)
            ),
        )
        for k in points
    )
    return Member(claim.id, tuple(settings))


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do."""
    rows = tables.cells[tables.cells["method"].isin(family.jobs)]
    rows = rows[rows["role"].isin(["main", "sweep"])]
    return unmet_need(family.needs, rows, tables.words)


def _point_label(k: int) -> str:
    return "main radius" if k == 0 else f"radius × {10 ** (k / 4):.3g}"


def _spelled_out(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one part for each combination of the lists in a record."""
    left = dict(record["left"])
    for key in ("share", "method", "function"):
        if isinstance(left.get(key), list):
            for value in left[key]:
                yield from _spelled_out({**record, "left": {**left, key: value}})
            return
    right = record["right"]
    if not isinstance(right, Mapping):
        yield {**record, "left": left, "right": float(right)}
        return
    for key in ("share", "method", "function"):
        if isinstance(right.get(key), list):
            for value in right[key]:
                yield from _spelled_out({**record, "right": {**right, key: value}})
            return
    yield {**record, "left": left, "right": {**left, **right}}


def _comparison(part: Mapping[str, Any], tables: Tables, k: int, margin: float) -> Comparison:
    left, right = part["left"], part["right"]
    direction: Any = _DIRECTIONS[part["relation"]]
    label = f"{_words(left)} {part['relation']} {_right_words(left, right)}"
    if "visits" in left:
        seen, others = (tables.visits(s["function"], s["method"], k) for s in (left, right))
        return _paired(seen > others, seen < others, direction, margin, label)
    ours, pool = _indicator(left, tables, k)
    if not isinstance(right, Mapping):
        return Comparison(
            _share(ours, pool), right / 100, direction, margin, label, replicates=len(ours)
        )
    theirs, their_pool = _indicator(right, tables, k)
    whole = bool(pool.all() and their_pool.all())
    if whole and left["function"] == right["function"]:
        # same starts: only those on which the two disagree say anything about the difference
        return _paired(ours & ~theirs, theirs & ~ours, direction, margin, label)
    shares = _share(ours, pool), _share(theirs, their_pool)
    return Comparison(*shares, direction, margin, label, replicates=max(len(ours), len(theirs)))


def _indicator(
    side: Mapping[str, Any], tables: Tables, k: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    ends = tables.ends(side["function"], side["method"], k, side["share"])
    if "among" not in side:
        return ends, np.ones_like(ends)
    pool = tables.ends(side["function"], side["method"], k, side["among"])
    return ends & pool, pool


def _share(ends: NDArray[np.bool_], pool: NDArray[np.bool_]) -> Share:
    # with nobody in the pool nothing is known: one trial leaves the interval as wide as can be
    return Share(int(ends.sum()), max(int(pool.sum()), 1))


def _paired(
    more: NDArray[np.bool_], less: NDArray[np.bool_], direction: Any, margin: float, label: str
) -> Comparison:
    n = len(more)
    shares = Share(int(more.sum()), n), Share(int(less.sum()), n)
    return Comparison(*shares, direction, margin, label, replicates=n, paired=True)


_GROUP_WORDS = {
    "else": "Else",
    "converged": "any minimum",
    "global": "GM",
    "local": "LM",
    "pair_f_2.104": "pair f=2.104",
    "pair_f_-0.215": "pair f=−0.215",
}


def _words(side: Mapping[str, Any]) -> str:
    where = f"{METHOD_NAMES[side['method']]}, {FUNCTION_NAMES[side['function']]}"
    if "visits" in side:
        return f"basins per trajectory: {where}"
    among = f" among {_GROUP_WORDS[side['among']]}" if "among" in side else ""
    return f"{_GROUP_WORDS.get(side['share'], side['share'])}{among}: {where}"


def _right_words(left: Mapping[str, Any], right: Any) -> str:
    if not isinstance(right, Mapping):
        return f"{right:.4g} %"
    changed = [
        str(names.get(right[key], right[key]))
        for key, names in (
            ("share", _GROUP_WORDS),
            ("method", METHOD_NAMES),
            ("function", FUNCTION_NAMES),
        )
        if right.get(key) != left.get(key)
    ]
    return ", ".join(changed)


def _by_function(tables: Mapping[str, pd.DataFrame], prefix: str) -> dict[str, pd.DataFrame]:
    return {
        name.removeprefix(prefix).removesuffix(".parquet"): table
        for name, table in tables.items()
        if name.startswith(prefix)
    }
