"""The columns that every study's table of cells has: what made the numbers of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks


def circumstances(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how long a cell took, and the sources, machine, versions and settings behind it.

    Parameters
    ----------
    planned : PlannedBlocks
        The cell, with the hash of its sources as they are now.
    manifests : sequence of Mapping
        Of its blocks.
    """
    return {
        "diverged": sum(m["diverged_replicates"] for m in manifests),
        "wall_seconds": round(sum(m["wall_seconds"] for m in manifests), 1),
        "commit": joined(m["commit"][:12] + ("+changes" if m["dirty"] else "") for m in manifests),
        "source_hash": joined(m["source_hash"] for m in manifests),
        "stale": any(m["source_hash"] != planned.source_hash for m in manifests),
        "device": joined(m["device"] for m in manifests),
        "machine": joined(m["machine"] for m in manifests),
        "torch": joined(m["versions"].get("torch", "") for m in manifests),
        "numpy": joined(m["versions"].get("numpy", "") for m in manifests),
        "settings": canonical_json(planned.cell.record()),
    }


def joined(values: Iterable[str]) -> str:
    """Return the different values in one text."""
    return ", ".join(sorted(set(values)))
