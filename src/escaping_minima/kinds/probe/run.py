"""Run probes: read what the target kept, measure, and say what was read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch

from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.probing import probe_points, probe_state
from escaping_minima.engine.session import Stopped
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.probe.cell import ProbeCell
from escaping_minima.kinds.training.run import load
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
    session = around.open_session(pieces, {}, "cpu", together=False)
    for piece in pieces:
        if session.should_stop():
            raise Stopped
        cell = cast(ProbeCell, piece.cell)
        began = time.monotonic()
        table, digest, device = _measure(cell, piece.block, around)
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


def calibrate(pieces: Sequence[Piece], device: str) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: what they measure is not there yet."""
    return {piece.cell.id: piece.cell.cost for piece in pieces}


def _measure(
    cell: ProbeCell, block: int, around: Surroundings
) -> tuple[Mapping[str, Any], str, str]:
    problem = read_problem(cell.problem, cell.problem_settings)
    measure = read_part("measures", cell.measure["name"], cell.measure["settings"])
    kept = around.read_kept(cell.target, block, cell.kept)
    if hasattr(measure, "at_points"):
        return probe_points(problem, kept.table(), measure), kept.digest, "cpu"
    device = resolve_device(around.device)
    place = torch.device("cuda:0" if device == "cuda" else "cpu")
    data = problem.place(problem.select(load(problem, around)), place)
    with torch.no_grad():
        found = probe_state(cell.problem, problem, data, block, kept.state(), measure, place)
    return found, kept.digest, device


def _checksums(cell: ProbeCell, block: int, digest: str) -> dict[str, str]:
    return {f"{cell.target}/{block}/{cell.kept}": digest}
