"""Walk blocks of a cell, small ones side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch

from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.session import NoSession
from escaping_minima.engine.walks import run_walks
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.training.run import load
from escaping_minima.kinds.walks.cell import WalkCell
from escaping_minima.kinds.walks.parts import walk_plan
from escaping_minima.parts.registry import read_problem

#: Numbers in a tensor of weights of blocks side by side at most: more leave the cache.
SIDE_BY_SIDE = 2**16
#: Steps of a calibration.
CALIBRATION_STEPS = 10


def company(cell: Cell) -> str:
    """Return the cell's id: the blocks of one cell stand side by side."""
    return cell.id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data that walks would rest on now; None if they are missing."""
    problem = _problem(_cell(piece))
    if not problem.DATA_SET:
        return {}
    try:
        return dict(load(problem, around).checksums)
    except UserError:
        return None


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    device = resolve_device(around.device)
    problem = _problem(_cell(pieces[0]))
    data = load(problem, around) if problem.DATA_SET else None
    placed = problem.place(problem.select(data), torch.device(device))
    checksums = dict(data.checksums) if data else {}
    accepted = list(data.accepted) if data else []
    plan = walk_plan(_cell(pieces[0]), placed)
    width = _width(problem)
    for first in range(0, len(pieces), width):
        some = pieces[first : first + width]
        session = around.open_session(some, checksums, device, together=True)
        began = time.monotonic()
        blocks, keys = [piece.block for piece in some], [piece.key for piece in some]
        found = run_walks(plan, blocks, keys, torch.device(device), session)
        circumstances = {
            "parameters": problem.weights,
            "wall_seconds": round((time.monotonic() - began) / len(some), 3),
            "blocks_side_by_side": len(some),
            "data": checksums,
            "data_accepted": accepted,
            "device": device,
        }
        yield [
            _finish(piece, tables, circumstances) for piece, tables in zip(some, found, strict=True)
        ]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: a few steps, on generated data."""
    cells = {piece.cell.id: _cell(piece) for piece in pieces}
    return {name: _expected_seconds(cell, resolve_device(device)) for name, cell in cells.items()}


def _expected_seconds(cell: WalkCell, device: str) -> float:
    from escaping_minima.data.load import load_images

    settings, data = dict(cell.problem_settings), None
    if name := _problem(cell).DATA_SET:
        data = load_images(name, "generated")
        settings |= {"data": "generated", "train_images": len(data.train_images)}
        settings["test_images"] = len(data.test_images)
    steps = min(CALIBRATION_STEPS, cell.steps)
    short = replace(cell, problem_settings=settings, steps=steps, points={})
    problem = _problem(short)
    place = torch.device(device)
    plan = walk_plan(short, problem.place(problem.select(data), place))
    width = _width(problem)
    began = time.perf_counter()
    run_walks(plan, range(width), [str(i) for i in range(width)], place, NoSession())
    return (time.perf_counter() - began) / width * cell.steps / steps


def _finish(
    piece: Piece, tables: Mapping[str, Mapping[str, Any]], circumstances: Mapping[str, Any]
) -> FinishedBlock:
    walks = tables[""]
    lost = int((~np.isfinite(walks["loss"])).sum())
    manifest = {
        "outcome": "diverged" if lost == len(walks["loss"]) else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(walks["gradient_evaluations"].sum()),
        "loss_evaluations": int(walks["loss_evaluations"].sum()),
        **circumstances,
    }
    further = {name: table for name, table in tables.items() if name}
    return FinishedBlock(piece, walks, manifest, further)


def _cell(piece: Piece) -> WalkCell:
    return cast(WalkCell, piece.cell)


def _problem(cell: WalkCell) -> Any:
    return read_problem(cell.problem, cell.problem_settings)


def _width(problem: Any) -> int:
    return max(1, SIDE_BY_SIDE // (int(problem.BLOCK) * int(problem.weights)))
