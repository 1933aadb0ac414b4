"""Run missing blocks of planned cells: grouped, locked, written with their manifests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.engine.numerics import settle
from escaping_minima.engine.session import Stopped
from escaping_minima.files.locks import wait_for
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings, kind_of
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.provenance.circumstances import circumstances
from escaping_minima.results.blocks import block_status, find_kept, manifest_path, write_block
from escaping_minima.results.further import write_further
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.states import Sessions
from escaping_minima.steps.stop_flag import StopFlag
from escaping_minima.steps.time_limit import TimeLimit


class Trainer:
    """Runs blocks into a results folder.

    Parameters
    ----------
    run : Mapping
        The run's settings, as a plan holds them.
    stopped : StopFlag
    limit : TimeLimit, optional
        Also asks what runs to stop, without a signal.
    commit : str, optional
        The commit of the sources, for a copy of them outside a checkout.

    Attributes
    ----------
    paths : ResultPaths
    written : list of (Cell, float)
        The cell of each block that was written, and the seconds it took.
    """

    def __init__(
        self,
        run: Mapping[str, Any],
        stopped: StopFlag,
        limit: TimeLimit | None = None,
        commit: str = "",
    ) -> None:
        self.paths = ResultPaths(Path(run["results"]), run["scale"])
        self._run = run
        self._stopped = stopped
        self._limit = limit or TimeLimit()
        self.written: list[tuple[Cell, float]] = []
        # threads and the rest are what blocks will run with
        settle()
        self._circumstances = circumstances(commit)

    def train(self, study: str, groups: Sequence[Sequence[PlannedBlocks]]) -> bool:
        """Run what is left of one or more groups of one company, in their order.

        Returns
        -------
        bool
            Whether all of it is there now; False if the time was over.

        Raises
        ------
        SystemExit
            After a signal, once what was running has saved its state.
        """
        cells = [planned for group in groups for planned in group]
        try:
            with self._locked(study, cells):
                # two jobs may have a block in common
                missing = {p.key: p for group in groups for p in self.missing(study, group)}
                self._run_missing(study, cells, list(missing.values()))
        except Stopped:
            words = f"stopped; what was running of {_names(cells)} has saved its state"
            print(words, flush=True)
            self._stopped.leave_if_set()
            return False
        return True

    def missing(self, study: str, group: Sequence[PlannedBlocks]) -> list[Piece]:
        """Return the blocks of a company that are not there, or rest on other sources or data."""
        hashes = {p.cell.id: None if self._run["keep_stale"] else p.source_hash for p in group}
        wanted = [
            (piece, self.paths.block(study, piece.cell.id, piece.block)) for piece in pieces(group)
        ]

        def is_done(piece: Piece, path: Path) -> bool:
            # data are read only where a block could rest on others
            if not path.exists():
                return False
            data = self.present_data(study, piece)
            return block_status(path, piece.cell.id, hashes[piece.cell.id], data) == "done"

        return [piece for piece, path in wanted if not is_done(piece, path)]

    def present_data(self, study: str, piece: Piece) -> Mapping[str, str] | None:
        """Return the checksums of what a block would rest on; None if it is not there."""
        unused = Sessions(self._folder(study), {}, 0.0, bool)
        around = self._surroundings(study, unused)
        return kind_of(piece.cell).present_data(piece, around)

    def _run_missing(
        self, study: str, cells: Sequence[PlannedBlocks], missing: Sequence[Piece]
    ) -> None:
        if not missing:
            return
        hashes = {planned.cell.id: planned.source_hash for planned in cells}
        pause, saved = self._run["checkpoint_seconds"], self._limit.saved
        sessions = Sessions(self._folder(study), hashes, pause, self._should_stop, saved)
        around = self._surroundings(study, sessions)
        for finished in kind_of(missing[0].cell).run(missing, around):
            for one in finished:
                self._write(study, one, hashes[one.piece.cell.id], sessions)

    def _should_stop(self) -> bool:
        return self._stopped() or self._limit.is_over()

    def _while_waiting(self) -> None:
        self._stopped.leave_if_set()
        if self._limit.is_over():
            raise Stopped

    def _folder(self, study: str) -> Callable[[str], Path]:
        return lambda cell: self.paths.checkpoints(study, cell)

    def _surroundings(self, study: str, sessions: Sessions) -> Surroundings:
        run = self._run
        return Surroundings(
            device=run["device"],
            pack=run.get("runs_side_by_side") or 0,
            data_folder=Path(run["data_folder"]) if run["data_folder"] else None,
            accepted=tuple(run["accept_checksums"]),
            # a GPU belongs to the machine: runs with other result folders share it
            gpu_locks=Path(tempfile.gettempdir()) / f"escaping-minima-gpus-{os.getuid()}",
            open_session=sessions.open,
            find_kept=lambda cell, block, name: find_kept(
                self.paths.block(study, cell, block), name
            ),
        )

    def _write(
        self, study: str, finished: FinishedBlock, source_hash: str, sessions: Sessions
    ) -> None:
        piece = finished.piece
        path = self.paths.block(study, piece.cell.id, piece.block)
        kept = sessions.kept(piece)
        # the old manifest goes first: a kill in between leaves "missing", never a wrong set
        manifest_path(path).unlink(missing_ok=True)
        further = write_further(path, finished.tables, kept.pieces, kept.states)
        manifest = {
            "cell_id": piece.cell.id,
            "cell": piece.cell.record(),
            "block": piece.block,
            "source_hash": source_hash,
            **self._circumstances,
            **finished.manifest,
        }
        if further:
            manifest["further"] = further
        write_block(path, pd.DataFrame(dict(finished.table)), manifest)
        self.written.append((piece.cell, manifest.get("wall_seconds", 0.0)))
        sessions.finished(piece)

    @contextmanager
    def _locked(self, study: str, group: Sequence[PlannedBlocks]) -> Iterator[None]:
        """Hold the locks of a group of cells."""
        locks = {self.paths.cell_lock(study, c.cell.id, c.first): c.cell.id for c in group}
        with ExitStack() as held:
            # everyone takes them in the order of their names, so that no two wait for each other
            for lock in sorted(locks):
                what = f"cell {locks[lock]}"
                held.enter_context(wait_for(lock, what, self._while_waiting))
            yield


def companies(cells: Iterable[PlannedBlocks]) -> list[list[PlannedBlocks]]:
    """Group cells that may be handed over together, in the order of the first of each group."""
    groups: dict[str, list[PlannedBlocks]] = {}
    for planned in cells:
        groups.setdefault(company_of(planned.cell), []).append(planned)
    return list(groups.values())


def company_of(cell: Cell) -> str:
    """Return what cells have in common that may be handed over together."""
    return f"{cell.KIND} {kind_of(cell).company(cell)}"


def pieces(group: Iterable[PlannedBlocks]) -> list[Piece]:
    """Return the blocks of a company, each once, in the order they are run."""
    found = {(b, p.cell.id): Piece(p.cell, b) for p in group for b in p.indices}
    # blocks of one index share their draws, so small problems run them together
    return sorted(found.values(), key=lambda piece: piece.block)


def _names(group: Sequence[PlannedBlocks]) -> str:
    first, others = group[0].cell.id, len(group) - 1
    return f"cell {first}" + (f" and {others} beside it" if others else "")
