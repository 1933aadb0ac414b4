"""What is left of jobs, in blocks and minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import Piece
from escaping_minima.plan.jobs import Job
from escaping_minima.results.blocks import read_manifest
from escaping_minima.steps.trainer import Trainer, companies, pieces


@dataclass
class Times:
    """Seconds of blocks: of each cell, and what they are to the rough cost of each kind."""

    cells: dict[str, list[float]] = field(default_factory=dict)
    kinds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def take(self, cell: Cell, seconds: float) -> None:
        """Take note of a block that took so many seconds."""
        self.cells.setdefault(cell.id, []).append(seconds)
        self.kinds.setdefault(cell.KIND, []).append((seconds, cell.cost))

    def of(self, cell: Cell) -> float:
        """Return what a block of a cell will take: as others of it, else as others of its kind."""
        if cell.id in self.cells:
            return sum(self.cells[cell.id]) / len(self.cells[cell.id])
        measured = self.kinds.get(cell.KIND, [])
        cost = sum(cost for _, cost in measured)
        return cell.cost * (sum(seconds for seconds, _ in measured) / cost if cost else 1.0)


def what_is_left(trainer: Trainer, jobs: Sequence[Job]) -> list[str]:
    """Return one line a study: its blocks that are not there, and the minutes they would take.

    The minutes are those of one process on this machine. They rest on what blocks took in this
    run, else on what manifests say, else on rough costs; what states hold is not taken off.
    """
    missing, there = _sort(trainer, jobs)
    times = _times(trainer.written, there)
    lines = []
    for study in dict.fromkeys(job.study for job in jobs):
        left = missing[study]
        total = len(left) + len(there[study])
        if left:
            minutes = sum(times.of(piece.cell) for piece in left) / 60
            lines.append(
                f"{study}: {len(left)} of {total} blocks are left, about {_words(minutes)}"
            )
        else:
            lines.append(f"{study}: nothing is left of {total} blocks")
    return lines


def _sort(
    trainer: Trainer, jobs: Iterable[Job]
) -> tuple[dict[str, list[Piece]], dict[str, list[tuple[Cell, float]]]]:
    """Return the blocks of each study that are missing, and the seconds of those that are not."""
    missing: dict[str, dict[str, Piece]] = {}
    there: dict[str, dict[str, tuple[Cell, float]]] = {}
    for job in jobs:
        left, done = missing.setdefault(job.study, {}), there.setdefault(job.study, {})
        for group in companies(job.cells):
            left |= {piece.key: piece for piece in trainer.missing(job.study, group)}
            for piece in pieces(group):
                if piece.key not in left:
                    path = trainer.paths.block(job.study, piece.cell.id, piece.block)
                    seconds = read_manifest(path).get("wall_seconds", 0.0)
                    done[piece.key] = piece.cell, seconds
    return (
        {study: list(found.values()) for study, found in missing.items()},
        {study: list(found.values()) for study, found in there.items()},
    )


def _times(now: Sequence[tuple[Cell, float]], there: dict[str, list[tuple[Cell, float]]]) -> Times:
    times, earlier = Times(), Times()
    for cell, seconds in now:
        times.take(cell, seconds)
    for cell, seconds in (one for found in there.values() for one in found):
        earlier.take(cell, seconds)
    # other machines may have made what was there before
    times.cells = earlier.cells | times.cells
    times.kinds = earlier.kinds | times.kinds
    return times


def _words(minutes: float) -> str:
    return f"{minutes:.1f} minutes" if minutes < 10 else f"{minutes:.0f} minutes"
