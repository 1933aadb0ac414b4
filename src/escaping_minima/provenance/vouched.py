"""Which source hashes stand for the same numbers, as runs of both have shown.

A committed table has a row for each pair of hashes whose cells, cut short, gave the same bits at
two commits on one machine (`escaping-minima vouch`). Rows of one device connect hashes, whichever
of a pair came first: an edit that was vouched for and then taken back needs no row of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_text

#: The committed table; it lies beside the code that it is about.
TABLE = Path(__file__).with_name("vouched.csv")


@dataclass(frozen=True, order=True)
class Row:
    """Two source hashes that gave the same bits.

    Attributes
    ----------
    old_hash, new_hash : str
    device : str
        "cpu" or "cuda": one says nothing of the other.
    torch, processor : str
        What both ran on.
    old_commit, new_commit : str
    cases : int
        How many cut-short cells of the pair were compared.
    not_executed : str
        Changed functions, separated by spaces, of which lines never ran, and which whoever made
        the row has looked at and accepted; empty if there are none.
    """

    old_hash: str
    new_hash: str
    device: str
    torch: str
    processor: str
    old_commit: str
    new_commit: str
    cases: int
    not_executed: str = ""


def still_holds(then: str, now: str, device: str, table: Path = TABLE) -> bool:
    """Say whether what sources of hash ``then`` computed is what those of hash ``now`` would.

    Parameters
    ----------
    then, now : str
    device : str
        Where it was computed: "cpu", "cuda" or "cuda:<number>".
    table : Path
    """
    return then == now or now in equivalents(then, device, table)


def equivalents(source_hash: str, device: str, table: Path = TABLE) -> set[str]:
    """Return every hash that stands for the same numbers on a device, the given one included.

    Parameters
    ----------
    source_hash : str
    device : str
        See `still_holds`.
    table : Path
    """
    kind = device.partition(":")[0]
    neighbours = _neighbours(table, _stamp(table)).get(kind, {})
    found: set[str] = set()
    waiting = [source_hash]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(neighbours.get(one, ()))
    return found


def read_rows(table: Path = TABLE) -> list[Row]:
    """Read the table; none of it is there before the first row was written.

    Raises
    ------
    UserError
        If it is not such a table (exit code 1).
    """
    try:
        lines = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))
        return [Row(**line | {"cases": int(line["cases"])}) for line in lines]  # type: ignore[arg-type]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{table}: not a table of vouched hashes; restore it with git", 1) from None


def add_rows(rows: Iterable[Row], table: Path = TABLE) -> None:
    """Add rows to the table; a pair that is vouched for anew on a device has its newest row.

    Raises
    ------
    UserError
        If the file cannot be read or written (exit code 1).
    """
    by_pair = {(r.old_hash, r.new_hash, r.device): r for r in [*read_rows(table), *rows]}
    write_text(table, _to_text(sorted(by_pair.values())))


def _to_text(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def _stamp(table: Path) -> tuple[int, int]:
    try:
        status = table.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@cache
def _neighbours(table: Path, stamp: tuple[int, int]) -> dict[str, dict[str, set[str]]]:
    """Return, for each device, the hashes that a row puts beside a hash."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in read_rows(table):
        of_device = found.setdefault(row.device, {})
        of_device.setdefault(row.old_hash, set()).add(row.new_hash)
        of_device.setdefault(row.new_hash, set()).add(row.old_hash)
    return found
