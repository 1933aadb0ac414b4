"""Examine small problems, one block after another."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from escaping_minima.engine.session import Stopped
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.examine.cell import ExamineCell
from escaping_minima.kinds.examine.parts import examine
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.training.run import load
from escaping_minima.parts.registry import read_problem

#: Whatever the run's device is: what is examined is small.
DEVICE = "cpu"


def company(cell: Cell) -> str:
    """Return the cell's id: they run one after another."""
    return cell.id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data a block would rest on now; None if they are missing."""
    problem = _problem(piece)
    if not getattr(problem, "DATA_SET", ""):
        return {}
    try:
        return dict(load(problem, around).checksums)
    except UserError:
        return None


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    problem = _problem(pieces[0])
    data = load(problem, around) if getattr(problem, "DATA_SET", "") else None
    checksums = dict(data.checksums) if data else {}
    session = around.open_session(pieces, checksums, DEVICE, together=False)
    for piece in pieces:
        if session.should_stop():
            raise Stopped
        began = time.monotonic()
        tables = examine(cast(ExamineCell, piece.cell), data, piece.block)
        manifest = {
            "outcome": "done",
            "diverged_replicates": 0,
            "gradient_evaluations": 0,
            "loss_evaluations": 0,
            "wall_seconds": round(time.monotonic() - began, 3),
            "blocks_side_by_side": 1,
            "data": checksums,
            "data_accepted": list(data.accepted) if data else [],
            "device": DEVICE,
        }
        further = {name: table for name, table in tables.items() if name}
        yield [FinishedBlock(piece, tables[""], manifest, further)]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: seconds as measured elsewhere."""
    return {piece.cell.id: piece.cell.cost for piece in pieces}


def _problem(piece: Piece) -> Any:
    return read_problem(piece.cell.problem, piece.cell.problem_settings)
