"""Find the floors of data sets, one cell after another."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from escaping_minima.data.load import load_texts
from escaping_minima.engine.session import Stopped
from escaping_minima.errors import UserError
from escaping_minima.kinds.baseline.cell import BaselineCell
from escaping_minima.kinds.baseline.parts import measure_floor
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings

#: Whatever the run's device is: nothing here knows another.
DEVICE = "cpu"


def company(cell: Cell) -> str:
    """Return the version of the data: the floors of one follow one another."""
    texts = cast(BaselineCell, cell).texts
    return f"{texts.data_set} {texts.data}"


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data a floor would rest on now; None if they are not there."""
    try:
        return dict(_load(cast(BaselineCell, piece.cell), around).checksums)
    except UserError:
        return None


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    data = _load(cast(BaselineCell, pieces[0].cell), around)
    session = around.open_session(pieces, data.checksums, DEVICE, together=False)
    for piece in pieces:
        if session.should_stop():
            raise Stopped
        began = time.monotonic()
        table = measure_floor(cast(BaselineCell, piece.cell), data)
        manifest = {
            "outcome": "done",
            "diverged_replicates": 0,
            "gradient_evaluations": 0,
            "loss_evaluations": 0,
            "wall_seconds": round(time.monotonic() - began, 3),
            "blocks_side_by_side": 1,
            "data": dict(data.checksums),
            "data_accepted": list(data.accepted),
            "device": DEVICE,
        }
        yield [FinishedBlock(piece, table, manifest)]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: seconds as measured elsewhere."""
    return {piece.cell.id: piece.cell.cost for piece in pieces}


def _load(cell: BaselineCell, around: Surroundings) -> Any:
    texts = cell.texts
    return _load_once(texts.data_set, texts.data, around.data_folder, around.accepted)


@lru_cache(maxsize=2)
def _load_once(*asked: Any) -> Any:
    """Read a data set once a process: it takes a second to unpack and verify."""
    return load_texts(*asked)
