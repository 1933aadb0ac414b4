"""Run blocks of small problems, side by side where that pays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch

from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.engine.side_by_side import OWN_SETTING
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.points.cell import PointsCell
from escaping_minima.parts.registry import read_method, read_part, read_problem

#: Replicates that run in one tensor; more no longer pay.
SIDE_BY_SIDE = 10_000
#: Steps of a calibration.
CALIBRATION_STEPS = 200


def company(cell: Cell) -> str:
    """Return the cell's id without its radius: sweeps run in one tensor."""
    points = cast(PointsCell, cell)
    shared = {k: v for k, v in points.method_settings.items() if k != OWN_SETTING}
    return replace(points, method_settings=shared).id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return nothing: functions have no data."""
    return {}


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    device = resolve_device(around.device)
    width = _width(pieces)
    for first in range(0, len(pieces), width):
        some = pieces[first : first + width]
        session = around.open_session(some, {}, device, together=True)
        began = time.monotonic()
        keys = [piece.key for piece in some]
        blocks = [piece.block for piece in some]
        methods = _methods(some)
        tables = run_points(_plan(some), methods, blocks, keys, torch.device(device), session)
        seconds = (time.monotonic() - began) / len(some)
        yield [
            FinishedBlock(piece, table, _describe(table, seconds, len(some), device))
            for piece, table in zip(some, tables, strict=True)
        ]


def calibrate(pieces: Sequence[Piece], device: str) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`."""
    some = pieces[: _width(pieces)]
    # one snapshot alone: else the basins of far starts would be timed, not the steps
    short = replace(_plan(some), steps=CALIBRATION_STEPS, snapshot_every=CALIBRATION_STEPS)
    keys, blocks = [piece.key for piece in some], [piece.block for piece in some]
    began = time.perf_counter()
    place = torch.device(resolve_device(device))
    run_points(short, _methods(some), blocks, keys, place, NoSession())
    each = (time.perf_counter() - began) / CALIBRATION_STEPS / len(some)
    return {piece.cell.id: each * cast(PointsCell, piece.cell).steps for piece in pieces}


def _width(pieces: Sequence[Piece]) -> int:
    cell = cast(PointsCell, pieces[0].cell)
    return max(1, SIDE_BY_SIDE // int(read_problem(cell.problem, cell.problem_settings).BLOCK))


def _plan(pieces: Sequence[Piece]) -> PointsPlan:
    cell = cast(PointsCell, pieces[0].cell)
    problem = read_problem(cell.problem, cell.problem_settings)
    observers = [read_part("observers", o["name"], o["settings"]) for o in cell.observers]
    return PointsPlan(cell.problem, problem, cell.steps, cell.snapshot_every, observers)


def _methods(pieces: Sequence[Piece]) -> list[Any]:
    cells = [cast(PointsCell, piece.cell) for piece in pieces]
    return [read_method(cell.method, cell.method_settings) for cell in cells]


def _describe(table: Mapping[str, Any], seconds: float, beside: int, device: str) -> dict[str, Any]:
    ends = [table[c] for c in ("end_x", "end_y") if c in table] or [table["loss"]]
    lost = int((~np.isfinite(np.stack(ends)).all(axis=0)).sum())
    return {
        "outcome": "diverged" if lost == len(table["loss"]) else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(table["gradient_evaluations"].sum()),
        "loss_evaluations": int(table["loss_evaluations"].sum()),
        "wall_seconds": round(seconds, 3),
        "blocks_side_by_side": beside,
        "data": {},
        "device": device,
    }
