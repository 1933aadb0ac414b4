"""What a block is trained with: its own settings, or those that a search has found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from escaping_minima.errors import UserError
from escaping_minima.kinds.kind import Kept, Piece, Surroundings
from escaping_minima.kinds.search.choice import best_trial
from escaping_minima.kinds.search.space import with_settings
from escaping_minima.kinds.training.cell import TrainingCell

#: What each block of a search keeps beside its table: one row of a trial's settings and score.
TRIAL = "trial"


@dataclass(frozen=True)
class Assignment:
    """A block, and what trains it.

    Attributes
    ----------
    piece : Piece
        The block as it is asked for and written.
    cell : TrainingCell
        Of its settings; not tuned.
    block : int
        Whose draws it takes.
    read : Mapping of str to str
        Checksums of what was read of other cells.
    said : Mapping
        What its manifest says of that.
    """

    piece: Piece
    cell: TrainingCell
    block: int
    read: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


def assign(piece: Piece, around: Surroundings) -> Assignment:
    """Return how a block of a training cell is trained.

    Raises
    ------
    UserError
        If the cell is tuned and a trial is missing or altered, or all have diverged (exit code 1).
    """
    cell = cast(TrainingCell, piece.cell)
    if cell.tuned_by is None:
        return Assignment(piece, cell, piece.block)
    search, trials = _tuning(cell)
    kept = {trial: around.read_kept(search, trial, TRIAL) for trial in trials}
    rows = [one.table().iloc[0] for one in kept.values()]
    chosen = best_trial([float(row["score"]) for row in rows], str(rows[0]["best"]))
    if chosen is None:
        raise UserError(
            f"cell {cell.id}: all {len(rows)} trials of the search {search} diverged, so there are "
            "no settings to train with; search lower learning rates",
            exit_code=1,
        )
    settings = json.loads(rows[chosen]["settings"])
    plain = with_settings(replace(cell, tuned_by=None), settings)
    said = {"tuned": {"trial": chosen, "settings": settings}}
    return Assignment(piece, plain, piece.block, _checksums(search, kept), said)


def present_trials(cell: TrainingCell, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the trials that a cell is tuned by; None if one is not there."""
    if cell.tuned_by is None:
        return {}
    search, trials = _tuning(cell)
    kept = {trial: around.find_kept(search, trial, TRIAL) for trial in trials}
    there = {trial: one for trial, one in kept.items() if one is not None}
    return _checksums(search, there) if len(there) == len(kept) else None


def _tuning(cell: TrainingCell) -> tuple[str, range]:
    tuning = cast(Mapping[str, Any], cell.tuned_by)
    return str(tuning["search"]), range(int(tuning["trials"]))


def _checksums(search: str, kept: Mapping[int, Kept]) -> dict[str, str]:
    return {f"{search}/{trial}/{TRIAL}": one.digest for trial, one in kept.items()}
