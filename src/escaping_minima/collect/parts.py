"""What a study takes from a block, kept beside it so that the block is not read again."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

#: What a study takes from one block: tables by name.
Parts = Mapping[str, pd.DataFrame]

_DIGEST = hashlib.sha256().digest_size


def parts_path(block: Path) -> Path:
    """Return where the parts of a block are kept."""
    return block.with_suffix(".parts")


def stamp_of(block: Path, manifest: Mapping[str, Any], sources: str) -> dict[str, Any]:
    """Return what parts rest on: sources that made them, and the block as it was.

    As long as its size and time of change are the same, its checksum need not be taken again.

    Parameters
    ----------
    block : Path
    manifest : Mapping
        The block's.
    sources : str
        Hash of the sources.
    """
    try:
        status = block.stat()
        file = [status.st_size, status.st_mtime_ns]
    except OSError:
        file = []
    vouched = [manifest.get("cell_id"), manifest.get("sha256")]
    return {"sources": sources, "block": vouched, "file": file}


def keep_parts(block: Path, stamp: Mapping[str, Any], parts: Parts) -> None:
    """Write the parts; where the disk refuses, they are made again the next time."""
    sink = io.BytesIO()
    for name, table in parts.items():
        content = pa.Table.from_pandas(table, preserve_index=False)
        label = {"part": name, "stamp": json.dumps(stamp)}
        content = content.replace_schema_metadata({**(content.schema.metadata or {}), **label})
        with pa.ipc.new_stream(sink, content.schema) as stream:
            stream.write_table(content)
    payload = sink.getvalue()
    # the checksum tells a file that was cut short, so that it need not be written atomically
    with contextlib.suppress(OSError):
        parts_path(block).write_bytes(hashlib.sha256(payload).digest() + payload)


def kept_parts(block: Path, stamp: Mapping[str, Any]) -> Parts | None:
    """Return the parts that are kept with this very stamp, None if there are none."""
    try:
        content = parts_path(block).read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(payload).digest() != digest or not stamp["file"]:
        return None
    found: dict[str, pd.DataFrame] = {}
    source = io.BytesIO(payload)
    while source.tell() < len(payload):
        with pa.ipc.open_stream(source) as stream:
            table = stream.read_all()
        label = table.schema.metadata
        if json.loads(label[b"stamp"]) != stamp:
            return None
        found[label[b"part"].decode()] = table.to_pandas()
    return found
