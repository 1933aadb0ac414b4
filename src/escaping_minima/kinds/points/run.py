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
from escaping_minima.engine.session import NoSession, Session
from escaping_minima.engine.side_by_side import OWN_SETTING
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.points.cell import PointsCell
from escaping_minima.kinds.points.parts import points_plan, read_method_of
from escaping_minima.parts.registry import read_problem

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
        tables = _run(some, points_plan(_cell(some[0])), device, session)
        seconds = (time.monotonic() - began) / len(some)
        yield [
            FinishedBlock(piece, table, _describe(table, seconds, len(some), device))
            for piece, table in zip(some, tables, strict=True)
        ]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`."""
    some = pieces[: _width(pieces)]
    steps = CALIBRATION_STEPS
    # one snapshot alone: else the basins of far starts would be timed, not the steps
    short = replace(points_plan(_cell(some[0])), steps=steps, snapshot_every=steps)
    began = time.perf_counter()
    _run(some, short, resolve_device(device), NoSession())
    each = (time.perf_counter() - began) / steps / len(some)
    return {piece.cell.id: each * _cell(piece).steps for piece in pieces}


def _run(
    pieces: Sequence[Piece], plan: PointsPlan, device: str, session: Session
) -> list[dict[str, Any]]:
    methods = [read_method_of(_cell(piece)) for piece in pieces]
    blocks, keys = [piece.block for piece in pieces], [piece.key for piece in pieces]
    return run_points(plan, methods, blocks, keys, torch.device(device), session)


def _cell(piece: Piece) -> PointsCell:
    return cast(PointsCell, piece.cell)


def _width(pieces: Sequence[Piece]) -> int:
    cell = _cell(pieces[0])
    return max(1, SIDE_BY_SIDE // int(read_problem(cell.problem, cell.problem_settings).BLOCK))


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
