"""What half of the walks say of the claims, beside what all of them do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.modality.lookup import Lookup, Network, Setting

#: Columns of ``measures.parquet`` whose direction by width and depth claims are about.
MEASURES = (
    *("last_train_accuracy", "last_test_accuracy", "last_log_loss"),
    *("overlap", "separation", "steep_weight", "log_gradient_99", "log_loss_99"),
)
COLUMNS = (
    *("measure", "settings", "compared", "turned", "blurred"),
    *("all_width", "half_width"),
)


def half_walks(lookup: Lookup) -> pd.DataFrame:
    """Return how many steps of width and depth on MNIST change direction with half of the walks.

    A step is a difference of means between neighbours: 10 and 20 units, 20 and 100, one and two
    layers, two and three, all else equal.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        By ``measure``: ``settings`` with numbers; ``compared`` steps; ``turned``, those whose sign
        is another one with the first half of the blocks; ``blurred``, those whose intervals are
        apart with all blocks and not with half of them; mean widths of the intervals of both.
    """
    rows = []
    for measure in MEASURES:
        whole = _means(lookup, measure, half=False)
        half = _means(lookup, measure, half=True)
        steps = [pair for pair in _steps(lookup) if pair[0] in whole and pair[1] in whole]
        if steps:
            rows.append(
                {"measure": measure, "settings": len({where[1] for where in whole})}
                | {"compared": len(steps)}
                | {"turned": sum(_sign(whole, s) * _sign(half, s) < 0 for s in steps)}
                | {"blurred": sum(_apart(whole, s) and not _apart(half, s) for s in steps)}
                | {"all_width": _mean_width(whole), "half_width": _mean_width(half)}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Where = tuple[Network, Setting]
_Means = Mapping[_Where, Mapping[str, Any]]


def _means(lookup: Lookup, measure: str, half: bool) -> _Means:
    found = {}
    for network, setting, cell in lookup.each("walk", "mnist"):
        values = lookup.values(cell, measure)
        if half:
            values = values[: -(-len(values) // 2)]
        mean = mean_columns(values)
        if mean["n"]:
            found[network, setting] = mean
    return found


def _steps(lookup: Lookup) -> Iterator[tuple[_Where, _Where]]:
    networks = lookup.networks("walk", "mnist")
    for setting in lookup.settings("walk", "mnist"):
        for line in _lines(networks):
            for one, other in pairwise(line):
                yield (one, setting), (other, setting)


def _lines(networks: Sequence[Network]) -> Iterator[list[Network]]:
    """Yield the networks of each depth by width, and of each width by depth."""
    for depth in sorted({n.depth for n in networks}):
        yield sorted(n for n in networks if n.depth == depth)
    for width in sorted({n.width for n in networks}):
        yield sorted(n for n in networks if n.width == width)


def _sign(means: _Means, step: tuple[_Where, _Where]) -> float:
    one, other = (means[where]["mean"] for where in step)
    return float(other > one) - float(other < one)


def _apart(means: _Means, step: tuple[_Where, _Where]) -> bool:
    one, other = (means[where] for where in step)
    return bool(one["high"] < other["low"] or other["high"] < one["low"])


def _mean_width(means: _Means) -> float:
    widths = pd.Series([m["high"] - m["low"] for m in means.values()], dtype=float)
    return float(widths.mean())
