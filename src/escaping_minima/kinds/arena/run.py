"""Run blocks of the arena: those whose methods differ in numbers alone side by side."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.arena import run_arena
from escaping_minima.engine.arena_objective import ready
from escaping_minima.engine.columns import apart_of, columns_of
from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.session import NoSession
from escaping_minima.errors import UserError
from escaping_minima.kinds.arena.assignment import Assignment, assign, present_trials
from escaping_minima.kinds.arena.cell import ArenaCell
from escaping_minima.kinds.arena.parts import arena_plan, lane_of
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.training.run import load
from escaping_minima.parts.registry import read_method, read_problem

#: Numbers that the replicates side by side take: of their points, or the losses of their items.
SIDE_BY_SIDE = 20_000
#: By how much a budget is cut to be timed.
_TIMED_SHARE = 20


def company(cell: Cell) -> str:
    """Return the cell's id without the settings that may differ side by side."""
    arena = cast(ArenaCell, cell)
    method = read_method(arena.method, arena.method_settings)
    own = columns_of(method)
    shared = {name: v for name, v in arena.method_settings.items() if name not in own}
    return replace(arena, method_settings=shared, tuned_by=None).id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data and trials a block would rest on now; None if missing."""
    cell = cast(ArenaCell, piece.cell)
    trials, data = present_trials(cell, around), present_files(cell, around)
    return None if trials is None or data is None else {**data, **trials}


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    device = resolve_device(around.device)
    placed = place(pieces[0].cell, around, torch.device(device))
    for some in _side_by_side([assign(piece, around) for piece in pieces], placed.problem):
        read = {name: digest for one in some for name, digest in one.read.items()}
        checksums = {**placed.checksums, **read}
        asked = [one.piece for one in some]
        session = around.open_session(asked, checksums, device, together=True)
        began = time.monotonic()
        lanes = [lane_of(one.cell, one.piece.block) for one in some]
        plan = arena_plan(some[0].cell, placed.problem)
        found = run_arena(plan, lanes, some[0].piece.key, torch.device(device), session)
        circumstances = {
            "wall_seconds": round((time.monotonic() - began) / len(some), 3),
            "blocks_side_by_side": len(some),
            "data_accepted": list(placed.accepted),
            "device": device,
        }
        yield [
            _finish(one, tables, placed.checksums, circumstances)
            for one, tables in zip(some, found, strict=True)
        ]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: a part of the budget, side by side."""
    kind = torch.device(resolve_device(device))
    cells = {piece.cell.id: cast(ArenaCell, piece.cell) for piece in pieces}
    blocks = Counter(piece.cell.id for piece in pieces)
    return {name: expected_seconds(cell, blocks[name], kind) for name, cell in cells.items()}


def expected_seconds(cell: ArenaCell, blocks: int, device: torch.device) -> float:
    """Return the seconds that one of so many blocks takes, timed with a part of the budget."""
    placed = place_sample(cell, device)
    short = replace(cell, budget=max(1, cell.budget // _TIMED_SHARE), tuned_by=None, path_of=())
    plan = arena_plan(short, placed.problem)
    beside = min(blocks, _width(placed.problem, cell))
    lanes = [lane_of(short, block) for block in range(beside)]
    began = time.perf_counter()
    run_arena(plan, lanes, "", device, NoSession())
    return (time.perf_counter() - began) / beside * cell.budget / short.budget


def width(problem: Any, starts: int, batch: Mapping[str, int], numbers: int) -> int:
    """Return how many lanes stand side by side.

    Parameters
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    starts : int
        Of a lane.
    batch : Mapping
        See `escaping_minima.kinds.arena.cell.ArenaCell`.
    numbers : int
        That points, or the losses of their items, may take.
    """
    items = max(batch.values()) if batch else int(getattr(problem, "items", 1))
    return max(1, numbers // (starts * max(len(problem.lower), items)))


def _width(problem: Any, cell: ArenaCell) -> int:
    return width(problem, cell.starts, cell.batch, SIDE_BY_SIDE)


def _side_by_side(assigned: Sequence[Assignment], problem: Any) -> list[list[Assignment]]:
    """Return what runs in one tensor; tuned cells may have been given words that differ."""
    groups: dict[tuple[Any, ...], list[Assignment]] = {}
    for one in assigned:
        method = read_method(one.cell.method, one.cell.method_settings)
        groups.setdefault(apart_of(method), []).append(one)
    beside = _width(problem, assigned[0].cell)
    return [
        group[first : first + beside]
        for group in groups.values()
        for first in range(0, len(group), beside)
    ]


def _finish(
    one: Assignment,
    tables: Mapping[str, Mapping[str, Any]],
    checksums: Mapping[str, str],
    circumstances: Mapping[str, Any],
) -> FinishedBlock:
    losses = tables[""]["loss"]
    lost = int((~np.isfinite(losses)).sum())
    manifest = {
        "outcome": "diverged" if lost == len(losses) else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(tables[""]["gradient_evaluations"].sum()),
        "loss_evaluations": int(tables[""]["loss_evaluations"].sum()),
        "data": {**checksums, **one.read},
        **circumstances,
        **one.said,
    }
    further = {name: table for name, table in tables.items() if name}
    return FinishedBlock(one.piece, tables[""], manifest, further)


@dataclass(frozen=True)
class Placed:
    """A problem that can be evaluated.

    Attributes
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    checksums : Mapping of str to str
        Of its data, by file.
    accepted : tuple of str
        Checksums of other versions of them that the user accepts.
    """

    problem: Any
    checksums: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()


def place(cell: Cell, around: Surroundings, device: torch.device) -> Placed:
    """Return the problem of a cell on the device."""
    problem = read_problem(cell.problem, cell.problem_settings)
    if not getattr(problem, "DATA_SET", ""):
        return Placed(problem)
    data = load(problem, around)
    checksums, accepted = dict(data.checksums), tuple(data.accepted)
    return Placed(ready(problem, data, device), checksums, accepted)


def place_sample(cell: Cell, device: torch.device) -> Placed:
    """Return the problem of a cell with data that need no fetching, to time it with."""
    settings = dict(cell.problem_settings)
    if not getattr(read_problem(cell.problem, settings), "DATA_SET", ""):
        return Placed(read_problem(cell.problem, settings))
    problem = read_problem(cell.problem, {**settings, "data": "sample"})
    return Placed(ready(problem, load_images(problem.DATA_SET, "sample"), device))


def present_files(cell: Cell, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data that a cell would rest on now; None if they are missing."""
    problem = read_problem(cell.problem, cell.problem_settings)
    if not getattr(problem, "DATA_SET", ""):
        return {}
    try:
        return dict(load(problem, around).checksums)
    except UserError:
        return None
