"""What sides of records are in the tables: shares of curvature, rises, attractors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.studies.modality.attractors import Attractor, Rule, find_attractors
from escaping_minima.studies.modality.curvature_counts import CLASSES as COUNTED
from escaping_minima.studies.modality.curvature_counts import LEVELS
from escaping_minima.studies.modality.layout import DEPTHS, SAMPLE, WIDTHS
from escaping_minima.studies.modality.names import MEASURE_NAMES
from escaping_minima.studies.modality.run_tables import (
    CLASSES,
    SETTINGS,
    Tables,
    default_role,
)

#: Where the only runs of a role are: steps of 0.2 are what [-10, 10] has in any case.
ONLY_AT = {"long_steps": {"bound": 1}}
#: The author's code: a Hessian for each tensor, in float32.
HESSIAN, PRECISION = "block", "float32"


def side_values(side: Side, tables: Tables) -> Values:
    """Return what a side is in every block, or in every sample of ten blocks.

    Parameters
    ----------
    side : Mapping
        See `evidence.FORMS`.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these walks.
    """
    key = frozenset(side.items())
    if key not in tables.found:
        tables.found[key] = _values_of(side, tables)
    return tables.found[key]


def _values_of(side: Side, tables: Tables) -> Values:
    if "attractors" in side:
        return _attractors(side, tables)
    if "walks" in side:
        return _walks(side, tables)
    found = _rise(side, tables) if "rise" in side else _of_cell(side, tables)
    if "below" in side:
        return _values((found < side["below"]).where(found.notna()), "blocks", share=True)
    return _values(found, "blocks")


def _walks(side: Side, tables: Tables) -> Values:
    """Return what each walk does, 1 or 0: walks are independent, and which is which plays no part.

    A mean over blocks would have no interval where no walk does it.
    """
    cell = tables.cell(side, "walk")
    percent, sizes = (tables.measure(cell, name) for name in (side["walks"], "walks"))
    done = (percent / 100.0 * sizes).round().astype(int)
    each = [np.arange(size) < count for size, count in zip(sizes.astype(int), done, strict=True)]
    found = np.concatenate(each).astype(float)
    return Values(found, np.arange(len(found)), "walks", share=True)


def _of_cell(side: Side, tables: Tables) -> pd.Series[float]:
    """Return a number of one network and setting, by block."""
    key = frozenset(side.items())
    if key not in tables.numbers:
        tables.numbers[key] = _number_of(side, tables)
    return tables.numbers[key]


def _number_of(side: Side, tables: Tables) -> pd.Series[float]:
    cell = tables.cell(side, default_role(side))
    if "measure" in side:
        return _beside(side, tables, tables.measure(cell, side["measure"]))
    if "saturation" in side:
        return _saturation(side, tables.of("saturation", cell))
    rows = _of_rule(side, cell, tables)
    if rows.empty:
        raise MissingRunsError(f"this run has no such points of cell {cell}")
    if "share" in side:
        found = _share(rows, side["share"])
    else:
        found = rows.set_index("block")[f"gradient_{side['gradient_of']}"].astype(float)
    # a block without such points has no row, and must not go unseen
    return found.reindex(sorted(tables.of("curvature", cell)["block"].unique()))


def _beside(side: Side, tables: Tables, values: pd.Series[float]) -> pd.Series[float]:
    """Keep the blocks that the role has which a side is compared with: controls may be fewer."""
    if "beside" not in side:
        return values
    role = side["beside"]
    other = tables.cell({**side, "role": role, **ONLY_AT.get(role, {})}, role)
    return values[values.index.isin(tables.measure(other, side["measure"]).index)]


def _share(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return the share of a class in percent, by block; NaN where a block has no such points."""
    blocks, place = np.unique(rows["block"].to_numpy(int), return_inverse=True)
    counts = np.zeros((len(blocks), len(COUNTED)))
    np.add.at(counts, place, rows[list(COUNTED)].to_numpy(float))
    total = counts.sum(axis=1)
    wanted = counts[:, [COUNTED.index(one) for one in CLASSES[name]]].sum(axis=1)
    shares = np.divide(100.0 * wanted, total, out=np.full(len(blocks), np.nan), where=total > 0)
    return pd.Series(shares, blocks)


def _of_rule(side: Side, cell: str, tables: Tables) -> pd.DataFrame:
    near = side.get("near", "all")
    rule = (side.get("hessian", HESSIAN), side.get("precision", PRECISION), side["rule"])
    rows = tables.curvature(cell, *rule)
    return rows[rows["near"].isin(tuple(LEVELS) if near == "any" else (near,))]


def _saturation(side: Side, rows: pd.DataFrame) -> pd.Series[float]:
    """Return the mean of a share over the points of a group, in percent, by block."""
    if side["group"] != "any":
        rows = rows[rows["group"] == side["group"]]
    if rows.empty:
        raise MissingRunsError(f"this run has no {side['group']} points of this network")
    shares = rows[side["saturation"]] * rows["points"]
    points = rows.groupby("block")["points"].sum()
    return 100.0 * shares.groupby(rows["block"]).sum(min_count=1) / points.where(points > 0)


def _rise(side: Side, tables: Tables) -> pd.Series[float]:
    """Return by how much a number rises from a width or depth to a larger one, by block.

    The mean over the other one of the two, where the side does not name it.
    """
    steps = [_step(side, low, high, tables) for low, high in _pairs(side)]
    return pd.concat(steps, axis=1).mean(axis=1, skipna=False)


def _pairs(side: Side) -> Iterator[tuple[Side, Side]]:
    """Yield what lies at both ends of a rise: two networks."""
    axes: dict[str, tuple[int, ...]] = {"width": WIDTHS[side["data"]], "depth": DEPTHS}
    by = side["by"]
    other = "depth" if by == "width" else "width"
    levels = axes[by]
    to = side.get("to", 2)
    start, end = (0, 2) if to == "last" else (to - 2, to - 1)
    for held in (side[other],) if other in side else axes[other]:
        yield {other: held, by: levels[start]}, {other: held, by: levels[end]}


def _step(side: Side, low: Side, high: Side, tables: Tables) -> pd.Series[float]:
    role = default_role(side)
    ends = [{**_asked(side), **network} for network in (low, high)]
    first, last = (_of_cell(end, tables) for end in ends)
    change = last - first
    if side.get("per") != "parameter":
        return change
    few, many = (tables.parameters(tables.cell(end, role)) for end in ends)
    return change / (many - few)


def _asked(side: Side) -> dict[str, Any]:
    """Return the side without its rise, with what rises."""
    kept = {k: v for k, v in side.items() if k not in ("rise", "by", "to", "per")}
    what = side["rise"]
    return {**kept, "measure" if what in MEASURE_NAMES else "share": what}


def _attractors(side: Side, tables: Tables) -> Values:
    """Return the number of attractors in each sample, or whether it is as said."""
    if "alike" in side:
        each = pd.concat([_counts({**side, "depth": d}, tables) for d in DEPTHS], axis=1).dropna()
        return _values((each.nunique(axis=1) == 1).astype(float), "samples", share=True)
    counts = _counts(side, tables)
    if "count" not in side:
        return _values(counts, "samples")
    return _values((counts == side["count"]).astype(float), "samples", share=True)


def _counts(side: Side, tables: Tables) -> pd.Series[float]:
    """Return the number of attractors by sample; of a side without a setting in all four."""
    apart = "setting" in side or "bound" in side
    settings: list[dict[str, str]] = [{}] if apart else [{"setting": name} for name in SETTINGS]
    cells = tuple(tables.cell({**side, **setting}, "walk") for setting in settings)
    rule = Rule(**{key: side[key] for key in ("threshold", "gap", "points") if key in side})
    key = (cells, rule, _size(side))
    if key not in tables.attractors:
        tables.attractors[key] = _found(*key, tables)
    wanted = {
        sample: [a for a in found if side["attractors"] == "total" or not a.is_zero]
        for sample, found in tables.attractors[key].items()
    }
    return pd.Series({sample: float(len(found)) for sample, found in wanted.items()})


def _found(
    cells: tuple[str, ...], rule: Rule, size: int, tables: Tables
) -> dict[int, list[Attractor]]:
    """Return the attractors of some cells' walks together, by sample of so many blocks."""
    samples = _samples(size, cells, tables)
    # blocks of one number are different walks in different cells
    rows = pd.concat(
        _placed(tables.low(cell), place, len(cells), size) for place, cell in enumerate(cells)
    )
    apart = dict(iter(rows.groupby("sample")))
    return {k: find_attractors(apart[k], rule) if k in apart else [] for k in samples}


def _size(side: Side) -> int:
    return 1 if side.get("sample") == "block" else SAMPLE


def _samples(size: int, cells: tuple[str, ...], tables: Tables) -> list[int]:
    """Return the samples that all cells have, or the blocks of the first one."""
    whole = sorted(set.intersection(*(set(tables.samples(cell)) for cell in cells)))
    if not whole:
        raise MissingRunsError(f"this run has no whole sample of {SAMPLE} blocks")
    return whole if size > 1 else [SAMPLE * whole[0] + k for k in range(SAMPLE)]


def _placed(low: pd.DataFrame, place: int, cells: int, size: int) -> pd.DataFrame:
    """Return rows with the number of their sample, and blocks that no two cells share."""
    return low.assign(sample=low["block"] // size, block=low["block"] * cells + place)


def _values(values: pd.Series[float], design: str, share: bool = False) -> Values:
    return Values(values.to_numpy(float), values.index.to_numpy(np.int64), design, share=share)
