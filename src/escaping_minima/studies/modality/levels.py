"""The loss levels of XOR: what descents from points near them found below."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.modality.lookup import Lookup, Network

KINDS = ("minimum", "saddle", "valley", "undecided")
_COLUMNS = ("width", "depth", "level", "descents", *KINDS, "lowest_end", "least_gradient")


def levels(lookup: Lookup) -> pd.DataFrame:
    """Return how many descents from each level found what, all settings together.

    Parameters
    ----------
    lookup : Lookup

    Returns
    -------
    DataFrame
        ``descents``, how many were of each kind, the lowest loss at an end and the least gradient
        norm there.
    """
    rows = []
    cells = {
        n: [c for m, _, c in lookup.each("descent", "xor") if m == n] for n in _networks(lookup)
    }
    for network, own in cells.items():
        table = lookup.tables["descents.parquet"]
        table = table[table["cell"].isin(own) & table["level"].notna()]
        for level, part in table.groupby("level"):
            counts = part["kind"].value_counts()
            rows.append(
                {**network._asdict(), "level": level, "descents": len(part)}
                | {kind: int(counts.get(kind, 0)) for kind in KINDS}
                | {"lowest_end": part["end_loss"].min()}
                | {"least_gradient": part["end_gradient"].min()}
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _networks(lookup: Lookup) -> list[Network]:
    return lookup.networks("descent", "xor") if "descents.parquet" in lookup.tables else []
