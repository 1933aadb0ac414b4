"""The table of blocks: one row each, under which circumstances it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.collect.layouts import ByRow
from escaping_minima.parts.canonical import canonical_json

#: Blocks that were published before there was this table have no row in it; the rows of their cells
#: stand for them.
BLOCKS = "blocks.parquet"
LAYOUT = ByRow(("cell", "block"), "block")


def block_row(cell: str, index: int, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a block, from its manifest."""
    numbers = ("gradient_evaluations", "loss_evaluations", "diverged_replicates", "wall_seconds")
    texts = ("commit", "dirty", "source_hash", "device", "machine")
    return {
        "cell": cell,
        "block": index,
        **{name: manifest[name] for name in (*numbers, *texts)},
        **{
            name: canonical_json(manifest.get(name, {}))
            for name in ("hardware", "versions", "data")
        },
    }


def more_rows(old: pd.DataFrame | None, more: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a published table, None where there was none, with the rows of further blocks."""
    new = pd.DataFrame(more)
    return new if old is None else LAYOUT.extend_rows(BLOCKS, old, new) if more else old
