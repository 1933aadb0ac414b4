"""The columns that every study's table of cells has: what made the numbers of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.provenance.vouched import still_holds

#: Columns that hold the different values of a cell's blocks in one text.
_TEXTS = ("commit", "source_hash", "device", "torch", "numpy")


def is_stale(then: str, now: str, device: str) -> bool:
    """Return whether numbers were made by other sources than the present ones.

    Parameters
    ----------
    then : str
        Hashes of the sources that made them, as `joined` puts several.
    now : str
        Hash of the present sources; empty if there are none.
    device : str
        Where they were made, as `joined` puts several.
    """
    return not all(
        still_holds(made_by, now, place)
        for made_by in then.split(", ")
        for place in device.split(", ")
    )


def circumstances(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how long a cell took, and the sources, machine, versions and settings behind it.

    Parameters
    ----------
    planned : PlannedBlocks
        The cell, with the hash of its sources as they are now.
    manifests : sequence of Mapping
        Of its blocks.
    """
    now = planned.source_hash
    return {
        "diverged": sum(m["diverged_replicates"] for m in manifests),
        "wall_seconds": round(sum(m["wall_seconds"] for m in manifests), 1),
        "commit": joined(m["commit"][:12] + ("+changes" if m["dirty"] else "") for m in manifests),
        "source_hash": joined(m["source_hash"] for m in manifests),
        "stale": any(is_stale(m["source_hash"], now, m["device"]) for m in manifests),
        "device": joined(m["device"] for m in manifests),
        "machine": joined(m["machine"] for m in manifests),
        "torch": joined(m["versions"].get("torch", "") for m in manifests),
        "numpy": joined(m["versions"].get("numpy", "") for m in manifests),
        "settings": canonical_json(planned.cell.record()),
    }


def mean_evaluations(manifests: Sequence[Mapping[str, Any]], replicates: int) -> dict[str, float]:
    """Return the mean evaluations of a replicate.

    Parameters
    ----------
    manifests : sequence of Mapping
        Of a cell's blocks.
    replicates : int
        In all of them.
    """
    return {
        f"mean_{kind}": sum(m[kind] for m in manifests) / replicates
        for kind in ("gradient_evaluations", "loss_evaluations")
    }


def with_more_blocks(
    old: Mapping[str, str], more: Mapping[str, Any], count: str, counts: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a cell's row once there are more blocks of it.

    Parameters
    ----------
    old : Mapping of str to str
        The row as it was published, as text. Columns that say nothing of blocks stay.
    more : Mapping
        The row of the added blocks alone.
    count : str
        The column that counts replicates.
    counts : sequence of str
        Further columns that grow with the blocks: whole numbers.
    """
    before, added = int(old[count]), int(more[count])
    row: dict[str, Any] = {**old, count: before + added, "stale": more["stale"]}
    row |= {name: int(old[name]) + int(more[name]) for name in counts}
    for mean in ("mean_gradient_evaluations", "mean_loss_evaluations"):
        # both are whole numbers in all
        total = round(float(old[mean]) * before) + round(more[mean] * added)
        row[mean] = total / (before + added)
    row["diverged"] = int(old["diverged"]) + more["diverged"]
    row["wall_seconds"] = round(float(old["wall_seconds"]) + more["wall_seconds"], 1)
    for name in _TEXTS:
        row[name] = joined([*old[name].split(", "), *more[name].split(", ")])
    # a machine's description may hold a comma of its own
    known = more["machine"] in old["machine"]
    row["machine"] = old["machine"] if known else joined([old["machine"], more["machine"]])
    return row


def data_checksums(manifests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the checksum of every data file, or all of them should runs have used several.

    Parameters
    ----------
    manifests : sequence of Mapping
        Of a cell's blocks, each with ``data``: SHA-256 by file.
    """
    names = sorted({name for m in manifests for name in m["data"]})
    return {name: joined(m["data"].get(name, "none") for m in manifests) for name in names}


def data_note(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return what a reader must know of the data: files that are not the official ones.

    Parameters
    ----------
    manifests : sequence of Mapping
        Of a cell's blocks; ``data_accepted`` names such files.
    """
    accepted = sorted({name for m in manifests for name in m.get("data_accepted", [])})
    return f"not the official file, accepted by the user: {', '.join(accepted)}" if accepted else ""


def joined(values: Iterable[str]) -> str:
    """Return the different values in one text."""
    return ", ".join(sorted(set(values)))
