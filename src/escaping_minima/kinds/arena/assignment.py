"""What a block of the arena runs with: its own settings, or those that a search has found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from escaping_minima.kinds.arena.cell import ArenaCell
from escaping_minima.kinds.arena_search.cell import TRIALS
from escaping_minima.kinds.kind import Piece, Surroundings
from escaping_minima.kinds.search.choice import LOWEST, best_trial

#: A search has one block, with all its trials.
_BLOCK = 0


@dataclass(frozen=True)
class Assignment:
    """A block, and what runs it.

    Attributes
    ----------
    piece : Piece
        The block as it is asked for and written.
    cell : ArenaCell
        Of its settings; not tuned.
    read : Mapping of str to str
        Checksums of what was read of other cells.
    said : Mapping
        What its manifest says of that.
    """

    piece: Piece
    cell: ArenaCell
    read: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


def assign(piece: Piece, around: Surroundings) -> Assignment:
    """Return how a block of the arena is run.

    Raises
    ------
    UserError
        If the cell is tuned and its search is missing (exit code 1).
    """
    cell = cast(ArenaCell, piece.cell)
    if cell.tuned_by is None:
        return Assignment(piece, cell)
    search, trials = str(cell.tuned_by["search"]), int(cell.tuned_by["trials"])
    kept = around.read_kept(search, _BLOCK, TRIALS)
    rows = kept.table().sort_values("trial").head(trials)
    # a score is always a number, so one is the best
    chosen = cast(int, best_trial([float(score) for score in rows["score"]], LOWEST))
    settings = json.loads(rows["settings"].iloc[chosen]) | dict(cell.tuned_by.get("fixed", {}))
    plain = replace(cell, tuned_by=None, method_settings={**cell.method_settings, **settings})
    said = {"tuned": {"trial": chosen, "settings": settings}}
    return Assignment(piece, plain, _checksum(search, kept.digest), said)


def present_trials(cell: ArenaCell, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksum of the trials that a cell is tuned by; None if they are not there."""
    if cell.tuned_by is None:
        return {}
    search = str(cell.tuned_by["search"])
    kept = around.find_kept(search, _BLOCK, TRIALS)
    return None if kept is None else _checksum(search, kept.digest)


def _checksum(search: str, digest: str) -> dict[str, str]:
    return {f"{search}/{_BLOCK}/{TRIALS}": digest}
