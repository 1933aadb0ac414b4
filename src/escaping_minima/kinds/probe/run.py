"""Run probes: read what the target kept, measure, and say what was read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch

from escaping_minima.engine.devices import free_gpu, resolve_device
from escaping_minima.engine.probing import probe_points, probe_state
from escaping_minima.engine.session import Session, Stopped
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.probe.cell import ProbeCell
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import read_part, read_problem


def company(cell: Cell) -> str:
    """Return the cell's id: probes run one after another."""
    return cell.id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksum of what the target kept; None if it is not there."""
    cell = cast(ProbeCell, piece.cell)
    kept = around.find_kept(cell.target, piece.block, cell.kept)
    return None if kept is None else _checksums(cell, piece.block, kept.digest)


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    device = resolve_device(around.device)
    session = around.open_session(pieces, {}, device, together=False)
    with free_gpu(device, around.gpu_locks) as place:
        measured = _Measured(cast(ProbeCell, pieces[0].cell), around, torch.device(place))
        yield from _run_on(pieces, measured, session)


def _run_on(
    pieces: Sequence[Piece], measured: _Measured, session: Session
) -> Iterator[list[FinishedBlock]]:
    for piece in pieces:
        if session.should_stop():
            raise Stopped
        cell = cast(ProbeCell, piece.cell)
        began = time.monotonic()
        table, digest, device = measured.at(piece.block)
        manifest = {
            "outcome": "done",
            "diverged_replicates": 0,
            "gradient_evaluations": 0,
            "loss_evaluations": 0,
            "wall_seconds": round(time.monotonic() - began, 3),
            "blocks_side_by_side": 1,
            "data": _checksums(cell, piece.block, digest),
            "device": device,
        }
        yield [FinishedBlock(piece, table, manifest)]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: what they measure is not there yet.

    Of measures that say on how many images training takes as long, an epoch of training is timed.
    """
    cells = {piece.cell.id: cast(ProbeCell, piece.cell) for piece in pieces}
    return {name: _expected_seconds(cell, device, pack) for name, cell in cells.items()}


def _expected_seconds(cell: ProbeCell, device: str, pack: int) -> float:
    measure = read_part("measures", cell.measure["name"], cell.measure["settings"])
    if not hasattr(measure, "trained_images"):
        return cell.cost
    sizes = {"first": measure.batch, "last": measure.batch, "line": "epochs"}
    epoch = make_training_cell(cell.problem, "gd", 1, sizes, cell.problem_settings)
    seconds = training.calibrate([Piece(epoch, 0)], device, pack)[epoch.id]
    return seconds * cell.cost / epoch.cost


class _Measured:
    """What the blocks of one cell are measured with; data are placed once for all of them."""

    def __init__(self, cell: ProbeCell, around: Surroundings, place: torch.device) -> None:
        self._cell = cell
        self._around = around
        self._place = place
        self._problem = read_problem(cell.problem, cell.problem_settings)
        self._measure = read_part("measures", cell.measure["name"], cell.measure["settings"])
        self._data: Any = None

    def at(self, block: int) -> tuple[Mapping[str, Any], str, str]:
        """Return columns, the checksum of what was read, and the device."""
        cell, around, place = self._cell, self._around, self._place
        kept = around.read_kept(cell.target, block, cell.kept)
        if hasattr(self._measure, "at_points"):
            return probe_points(self._problem, kept.table(), self._measure), kept.digest, "cpu"
        if self._data is None:
            chosen = self._problem.select(training.load(self._problem, around))
            self._data = self._problem.place(chosen, place)
        run = (cell.problem, self._problem, self._data, block, kept.state(), cell.seeds)
        with torch.no_grad():
            found = probe_state(*run, self._measure, place)
        return found, kept.digest, place.type


def _checksums(cell: ProbeCell, block: int, digest: str) -> dict[str, str]:
    return {f"{cell.target}/{block}/{cell.kept}": digest}
