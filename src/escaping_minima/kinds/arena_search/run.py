"""Run searches in the arena: all trials of one in one block, those that can be in one tensor."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch

from escaping_minima.engine.arena import Lane, run_arena
from escaping_minima.engine.columns import groups
from escaping_minima.engine.devices import resolve_device
from escaping_minima.engine.session import Session
from escaping_minima.kinds.arena.cell import ArenaCell
from escaping_minima.kinds.arena.run import expected_seconds, place, present_files, width
from escaping_minima.kinds.arena_search.cell import TRIALS, ArenaSearchCell
from escaping_minima.kinds.arena_search.parts import search_plan, trial_lane, trial_row
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings

#: Numbers that the trials side by side take: of their points, or the losses of their items.
SIDE_BY_SIDE = 40_000


def company(cell: Cell) -> str:
    """Return the cell's id: a search is one block."""
    return cell.id


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data a search would rest on now; None if they are missing."""
    return present_files(piece.cell, around)


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    device = resolve_device(around.device)
    placed = place(pieces[0].cell, around, torch.device(device))
    for piece in pieces:
        session = around.open_session([piece], placed.checksums, device, together=False)
        began = time.monotonic()
        tables, beside = _run_trials(piece, placed.problem, torch.device(device), session)
        manifest = {
            "wall_seconds": round(time.monotonic() - began, 3),
            "blocks_side_by_side": 1,
            "trials_side_by_side": beside,
            "data": dict(placed.checksums),
            "data_accepted": list(placed.accepted),
            "device": device,
        }
        yield [_finish(piece, tables, manifest)]


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: as blocks of the arena, one a trial."""
    kind = torch.device(resolve_device(device))
    cells = {piece.cell.id: cast(ArenaSearchCell, piece.cell) for piece in pieces}
    return {
        name: cell.trials * expected_seconds(_base(cell), cell.trials, kind)
        for name, cell in cells.items()
    }


def _base(cell: ArenaSearchCell) -> ArenaCell:
    parts = (cell.problem, cell.problem_settings, cell.method, cell.method_settings)
    return ArenaCell(*parts, cell.starts, cell.budget, cell.gradient_cost, cell.batch)


class _Part:
    """The session of some trials of a search: its state holds those before them too.

    Attributes
    ----------
    done : list
        The rows of each group of trials that has ended.
    """

    def __init__(self, session: Session, key: str) -> None:
        self._session = session
        kept = session.load(key) or {"done": [], "now": None}
        self.done: list[list[dict[str, float]]] = list(kept["done"])
        self._now: dict[str, Any] | None = kept["now"]

    def should_stop(self) -> bool:
        """See `Session.should_stop`."""
        return self._session.should_stop()

    def is_due(self, key: str) -> bool:
        """See `Session.is_due`."""
        return self._session.is_due(key)

    def save(self, key: str, state: Mapping[str, Any]) -> None:
        """See `Session.save`."""
        self._session.save(key, {"done": self.done, "now": dict(state)})

    def load(self, key: str) -> dict[str, Any] | None:
        """Return the state of the group that was running, once."""
        now, self._now = self._now, None
        return now

    def keep_piece(self, key: str, name: str, piece: int, table: Mapping[str, Any]) -> None:
        """See `Session.keep_piece`."""
        self._session.keep_piece(key, name, piece, table)

    def keep_state(self, key: str, name: str, tensors: Mapping[str, Any]) -> None:
        """See `Session.keep_state`."""
        self._session.keep_state(key, name, tensors)


def _run_trials(
    piece: Piece, problem: Any, device: torch.device, session: Session
) -> tuple[dict[int, dict[str, float]], int]:
    """Return the row of each trial, and how many ran side by side at most."""
    cell = cast(ArenaSearchCell, piece.cell)
    lanes = {trial: trial_lane(cell, trial, piece.block) for trial in range(cell.trials)}
    parts = _groups(lanes, width(problem, cell.starts, cell.batch, SIDE_BY_SIDE))
    plan, part = search_plan(cell, problem), _Part(session, piece.key)
    for trials in parts[len(part.done) :]:
        found = run_arena(plan, [lanes[trial] for trial in trials], piece.key, device, part)
        part.done.append([trial_row(tables[""]) for tables in found])
    rows = zip(parts, part.done, strict=True)
    by_trial = {t: row for trials, done in rows for t, row in zip(trials, done, strict=True)}
    return by_trial, max(map(len, parts))


def _groups(lanes: Mapping[int, Lane], beside: int) -> list[list[int]]:
    """Return the trials that run in one tensor, so many at most."""
    return [
        group[first : first + beside]
        for group in groups({trial: lane.method for trial, lane in lanes.items()})
        for first in range(0, len(group), beside)
    ]


def _finish(
    piece: Piece, rows: Mapping[int, Mapping[str, float]], manifest: Mapping[str, Any]
) -> FinishedBlock:
    cell = cast(ArenaSearchCell, piece.cell)
    trials = range(cell.trials)
    numbers = {name: [rows[trial][name] for trial in trials] for name in rows[0]}
    table = {"trial": list(trials), **numbers}
    further = {
        "trial": list(trials),
        "settings": [json.dumps(cell.settings(trial), sort_keys=True) for trial in trials],
        "score": numbers["score"],
    }
    lost = int(sum(numbers["lost"]))
    said = {
        "outcome": "diverged" if lost == cell.trials * cell.starts else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(sum(numbers["gradient_evaluations"])),
        "loss_evaluations": int(sum(numbers["loss_evaluations"])),
    }
    return FinishedBlock(piece, table, {**said, **manifest}, {TRIALS: further})
