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
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings, kind_of
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.provenance.circumstances import circumstances
from escaping_minima.results.blocks import block_status, read_manifest, write_block
from escaping_minima.results.further import read_state, write_further
from escaping_minima.results.locks import wait_for
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.states import Sessions
from escaping_minima.steps.stop_flag import StopFlag


class Trainer:
    """Runs blocks into a results folder.

    Parameters
    ----------
    run : Mapping
        The run's settings, as a plan holds them.
    stopped : StopFlag
    is_over : callable, optional
        Also asks what runs to stop, without a signal: a limit of time.
    commit : str, optional
        The commit of the sources, for a copy of them outside a checkout.
    """

    def __init__(
        self,
        run: Mapping[str, Any],
        stopped: StopFlag,
        is_over: Callable[[], bool] = bool,
        commit: str = "",
    ) -> None:
        self.paths = ResultPaths(Path(run["results"]), run["scale"])
        self._run = run
        self._stopped = stopped
        self._is_over = is_over
        # threads and the rest are what blocks will run with
        settle()
        self._circumstances = circumstances(commit)

    def train(self, study: str, cells: Sequence[PlannedBlocks]) -> bool:
        """Run what is left of some cells of a study.

        Returns
        -------
        bool
            Whether all of it is there now; False if the time was over.

        Raises
        ------
        SystemExit
            After a signal, once what was running has saved its state.
        """
        for group in companies(cells):
            with self._locked(study, group):
                try:
                    self._train_group(study, group)
                except Stopped:
                    words = f"stopped; what was running of {_names(group)} has saved its state"
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
        # data are read only where a block could rest on others
        there = any(path.exists() for _, path in wanted)
        data = self._present_data(study, group[0]) if there else None
        return [
            piece
            for piece, path in wanted
            if block_status(path, piece.cell.id, hashes[piece.cell.id], data) != "done"
        ]

    def _present_data(self, study: str, planned: PlannedBlocks) -> Mapping[str, str] | None:
        unused = Sessions(self._folder(study), {}, 0.0, bool)
        around = self._surroundings(study, unused)
        return kind_of(planned.cell).present_data(planned.cell, around)

    def _train_group(self, study: str, group: Sequence[PlannedBlocks]) -> None:
        missing = self.missing(study, group)
        if not missing:
            return
        hashes = {planned.cell.id: planned.source_hash for planned in group}
        pause = self._run["checkpoint_seconds"]
        sessions = Sessions(self._folder(study), hashes, pause, self._should_stop)
        around = self._surroundings(study, sessions)
        for finished in kind_of(group[0].cell).run(missing, around):
            for one in finished:
                self._write(study, one, hashes[one.piece.cell.id], sessions)

    def _should_stop(self) -> bool:
        return self._stopped() or self._is_over()

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
            read_state=lambda cell, block, name: self._read_state(study, cell, block, name),
        )

    def _read_state(self, study: str, cell: str, block: int, name: str) -> Mapping[str, Any]:
        path = self.paths.block(study, cell, block)
        digest = read_manifest(path).get("further", {}).get(f"{name}.pt", "")
        return read_state(path, name, digest)

    def _write(
        self, study: str, finished: FinishedBlock, source_hash: str, sessions: Sessions
    ) -> None:
        piece = finished.piece
        path = self.paths.block(study, piece.cell.id, piece.block)
        kept = sessions.kept(piece)
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
        sessions.finished(piece)

    @contextmanager
    def _locked(self, study: str, group: Sequence[PlannedBlocks]) -> Iterator[None]:
        """Hold the locks of a group of cells."""
        locks = {self.paths.cell_lock(study, c.cell.id, c.first): c.cell.id for c in group}
        with ExitStack() as held:
            # everyone takes them in the order of their names, so that no two wait for each other
            for lock in sorted(locks):
                leave = self._stopped.leave_if_set
                held.enter_context(wait_for(lock, f"cell {locks[lock]}", leave))
            yield


def companies(cells: Iterable[PlannedBlocks]) -> list[list[PlannedBlocks]]:
    """Group cells that may be handed over together, in the order of the first of each group."""
    groups: dict[str, list[PlannedBlocks]] = {}
    for planned in cells:
        key = f"{planned.cell.KIND} {kind_of(planned.cell).company(planned.cell)}"
        groups.setdefault(key, []).append(planned)
    return list(groups.values())


def pieces(group: Iterable[PlannedBlocks]) -> list[Piece]:
    """Return the blocks of a company, each once, in the order they are run."""
    found = {(b, p.cell.id): Piece(p.cell, b) for p in group for b in p.indices}
    # blocks of one index share their draws, so small problems run them together
    return sorted(found.values(), key=lambda piece: piece.block)


def _names(group: Sequence[PlannedBlocks]) -> str:
    first, others = group[0].cell.id, len(group) - 1
    return f"cell {first}" + (f" and {others} beside it" if others else "")
