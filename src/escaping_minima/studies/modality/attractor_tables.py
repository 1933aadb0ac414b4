"""Attractor counts: as the paper states them, by sample, and over thresholds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cache

import pandas as pd

from escaping_minima.claims.records import REFERENCE
from escaping_minima.studies.modality.attractors import (
    THRESHOLDS,
    Attractor,
    Rule,
    find_attractors,
)
from escaping_minima.studies.modality.layout import SAMPLE
from escaping_minima.studies.modality.lookup import Lookup, Network
from escaping_minima.studies.modality.printed_errors import SOURCE

#: What the sensitivity study varies; the middle ones are the main rule's.
GAPS = (0.005, 0.01, 0.02)
LEAST = ((5, 1), (10, 2), (50, 5))
COUNTS = (
    "data_set",
    "width",
    "depth",
    "bound",
    "granularity",
    "samples",
    "total",
    "local",
    "losses",
)
SENSITIVITY = (
    *("width", "depth", "bound", "granularity", "threshold", "gap", "points", "walks"),
    *("samples", "total"),
)


@cache
def load_stated() -> pd.DataFrame:
    """Load the numbers of attractors that the paper states.

    Returns
    -------
    DataFrame
        ``location``, ``dataset``, ``hidden_width``, ``hidden_layers``, ``attractors_total``,
        ``local_minima``, ``note``; empty where it states none.
    """
    return pd.read_csv(REFERENCE / SOURCE / "attractor_counts_as_stated.csv", dtype=str)


def stated_of(data: str, network: Network, granularity: str) -> str:
    """Return what the paper states of a network, each number with its place.

    Parameters
    ----------
    data : {"xor", "mnist"}
    network : Network
    granularity : {"micro", "macro"}
        Figure 3 is of macro walks alone.
    """
    table = load_stated()
    table = table[(table["dataset"].str.lower() == data) & table["attractors_total"].notna()]
    found = []
    for row in table.itertuples(index=False):
        here = (
            str(network.width) in _numbers(row.hidden_width)
            and str(network.depth) in _numbers(row.hidden_layers)
            and (not str(row.location).startswith("Fig 3") or granularity == "macro")
        )
        if here:
            found.append(f"{row.attractors_total} ({row.location})")
    return "; ".join(found)


def samples(low: pd.DataFrame, data: str) -> Iterator[pd.DataFrame]:
    """Yield the low-gradient points of each sample: ten blocks on XOR, all of them on MNIST.

    Parameters
    ----------
    low : DataFrame
        Rows of ``low.parquet`` of one cell.
    data : {"xor", "mnist"}
    """
    if data == "mnist":
        yield low
        return
    for _, part in low.groupby(low["block"] // SAMPLE):
        yield part


def attractor_counts(lookup: Lookup) -> pd.DataFrame:
    """Return the attractors of every network and setting by the main rule.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        ``samples``; mean over them of ``total`` and of ``local``, those above loss 0; ``losses`` at
        which the first sample has them; and ``stated``, what the paper says.
    """
    rows = []
    for data in ("xor", "mnist"):
        for network, setting, cell in lookup.each("walk", data):
            found = [
                find_attractors(s, Rule()) for s in samples(lookup.of("low.parquet", cell), data)
            ]
            rows.append(
                {"data_set": data, **network._asdict(), **setting._asdict(), "samples": len(found)}
                | {"total": _mean([len(f) for f in found])}
                | {"local": _mean([sum(not a.is_zero for a in f) for f in found])}
                | {"losses": ", ".join(f"{a.loss:.3f}" for f in found[:1] for a in f)}
                | {"stated": stated_of(data, network, setting.granularity)}
            )
    return pd.DataFrame(rows, columns=[*COUNTS, "stated"])


def attractor_sensitivity(
    lookup: Lookup,
    gaps: Sequence[float] = GAPS,
    least: Sequence[tuple[int, int]] = LEAST,
) -> pd.DataFrame:
    """Return the mean number of attractors of XOR by every choice of the rule.

    Parameters
    ----------
    lookup : Lookup
    gaps : sequence of float
        Losses no farther apart belong together.
    least : sequence of (int, int)
        Points and walks that an attractor needs.
    """
    rows = []
    for network, setting, cell in lookup.each("walk", "xor"):
        parts = list(samples(lookup.of("low.parquet", cell), "xor"))
        same = {**network._asdict(), **setting._asdict(), "samples": len(parts)}
        for threshold, gap in itertools.product(THRESHOLDS, gaps):
            # clusters are found once, however many points and walks they need
            found = [find_attractors(part, Rule(threshold, gap, 1, 1)) for part in parts]
            rows += [
                same
                | {"threshold": threshold, "gap": gap, "points": points, "walks": walks}
                | {"total": _mean([_count(sample, points, walks) for sample in found])}
                for points, walks in least
            ]
    return pd.DataFrame(rows, columns=list(SENSITIVITY))


def _count(found: Sequence[Attractor], points: int, walks: int) -> int:
    return sum(a.points >= points and a.walks >= walks for a in found)


def _numbers(words: str) -> list[str]:
    return words.replace(",", " ").replace("and", " ").split()


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0
