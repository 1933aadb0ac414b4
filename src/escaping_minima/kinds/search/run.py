"""Run the trials of searches: each is a run of network training, side by side on a GPU."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.search.cell import SPLIT, SearchCell
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.assignment import TRIAL, Assignment


def company(cell: Cell) -> str:
    """Return what trials of one process share, as of training."""
    return training.company(cast(SearchCell, cell).trial(0))


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """See `escaping_minima.kinds.training.run.present_data`."""
    return training.present_data(_trained(piece), around)


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    for finished in training.run_assigned([_assignment(piece) for piece in pieces], around):
        yield [_judged(one) for one in finished]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: of each search, its first trial here."""
    first = {piece.cell.id: _trained(piece) for piece in reversed(pieces)}
    seconds = training.calibrate(list(first.values()), device, pack)
    return {name: seconds[trial.cell.id] for name, trial in first.items()}


def _assignment(piece: Piece) -> Assignment:
    cell = cast(SearchCell, piece.cell)
    return Assignment(piece, cell.trial(piece.block), cell.start)


def _trained(piece: Piece) -> Piece:
    """Return the block of training that a trial is."""
    one = _assignment(piece)
    return Piece(one.cell, one.block)


def _judged(one: FinishedBlock) -> FinishedBlock:
    """Return a finished trial with its settings and its score."""
    cell, trial = cast(SearchCell, one.piece.cell), one.piece.block
    if cell.score not in one.table:
        allowed = ", ".join(name for name in one.table if name.startswith(SPLIT))
        raise UserError(f"score: found {cell.score!r}; allowed: {allowed}")
    settings = cell.settings(trial)
    diverged = one.manifest["outcome"] == "diverged"
    score = math.nan if diverged else float(one.table[cell.score][-1])
    row = {
        "trial": [trial],
        "settings": [json.dumps(settings, sort_keys=True)],
        "column": [cell.score],
        "best": [cell.best],
        "score": [score],
        "diverged": [diverged],
    }
    said = {"settings": settings, "score": None if diverged else score}
    return replace(one, manifest={**one.manifest, **said}, tables={**one.tables, TRIAL: row})
