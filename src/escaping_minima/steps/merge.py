"""Merge: take in blocks and states that were made elsewhere, each verified."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import placing, write_json
from escaping_minima.files.locks import hold
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import Piece
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.provenance.sources import cell_hashes
from escaping_minima.provenance.vouched import still_holds
from escaping_minima.results.blocks import block_status, manifest_path, read_manifest
from escaping_minima.results.further import further_path
from escaping_minima.steps.incoming import (
    Incoming,
    Refused,
    base_of,
    block_paths,
    digests_of,
    read_incoming,
)
from escaping_minima.steps.incoming_states import (
    holds,
    remove_left,
    states_of,
    take_kept,
    take_state,
)
from escaping_minima.steps.stop_flag import StopFlag
from escaping_minima.steps.trainer import Trainer
from escaping_minima.vouching import trees


@dataclass
class Merged:
    """What came of a merge.

    Attributes
    ----------
    blocks, equal, states : int
        Blocks that were taken, blocks that were there already, states that were taken.
    refused : list of str
        One line each.
    """

    blocks: int = 0
    equal: int = 0
    states: int = 0
    refused: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return what to say of it."""
        return [
            *(f"refused: {line}" for line in self.refused),
            f"{self.blocks} blocks and {self.states} states taken, {self.equal} blocks were there, "
            f"{len(self.refused)} refused",
        ]


def merge(
    folders: Sequence[Path], run: Mapping[str, Any], jobs: Sequence[Job], repository: Path
) -> Merged:
    """Take blocks and states from other results folders into that of a run.

    Parameters
    ----------
    folders : sequence of Path
        Results folders, or the run's scale in one.
    run : Mapping
        The run's settings, as a plan holds them.
    jobs : sequence of Job
        Of the plan.
    repository : Path
        Has the commits that manifests name.

    Raises
    ------
    UserError
        If a folder is none of results (exit code 2), another run has the results folder, or it
        cannot be written (exit code 1). What was taken by then is whole.
    """
    bases = [base_of(folder, run["scale"]) for folder in folders]
    trainer = Trainer(run, StopFlag())
    for folder, base in zip(folders, bases, strict=True):
        if base.resolve() == trainer.paths.base.resolve():
            raise UserError(f"merge: found {folder}; allowed: another folder than the run's own")
    with hold(trainer.paths.root / "lock", f"{trainer.paths.root}/"):
        merging = _Merge(trainer, run["keep_stale"], jobs, repository)
        merging.take_blocks(bases)
        for base in bases:
            merging.take_states(base)
    return merging.merged


class _Merge:
    """One merge in progress."""

    def __init__(
        self, trainer: Trainer, keep_stale: bool, jobs: Sequence[Job], repository: Path
    ) -> None:
        self.merged = Merged()
        self._trainer = trainer
        self._paths = trainer.paths
        self._keep_stale = keep_stale
        self._repository = repository
        self._planned: dict[tuple[str, str], list[PlannedBlocks]] = {}
        for job in jobs:
            for planned in job.cells:
                self._planned.setdefault((job.study, planned.cell.id), []).append(planned)

    def take_blocks(self, bases: Sequence[Path]) -> None:
        """Take the blocks of all folders; the commits that they name are asked once each."""
        found = [one for base in bases for one in self._fitting(base)]
        hashes = self._hashes_at({one.claimed_commit for one in found} - {""}, found)
        for one in _needed_first(found):
            with self._refusing(one.path):
                # what it rests on may have come with it
                self._require_data(one)
                self._take_block(one, self._verified(one, hashes))

    def take_states(self, base: Path) -> None:
        """Take the states of a folder, with what their blocks have kept."""
        for study in sorted(base.glob("checkpoints/*")):
            taken = [self._take_states_of_cell(cell) for cell in sorted(study.glob("*/"))]
            if any(taken):
                # what ran together has its state beside the first cell alone
                for cell in sorted(study.glob("*/")):
                    self._take_kept(cell)

    def _fitting(self, base: Path) -> Iterator[Incoming]:
        for study, path in block_paths(base):
            with self._refusing(path):
                one = read_incoming(study, path)
                self._require_present(one)
                yield one

    @contextmanager
    def _refusing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except Refused as why:
            self.merged.refused.append(f"{path}: {why}")

    def _require_present(self, one: Incoming) -> None:
        """Refuse what rests on other sources or data than those that are here."""
        then, now = one.manifest.get("source_hash", ""), self._wanted(one.study, one.cell)
        if now is not None and not still_holds(then, now, one.manifest.get("device", "")):
            raise Refused("other sources made it than these, and nobody has vouched for them")
        self._require_data(one)

    def _require_data(self, one: Incoming) -> None:
        try:
            data = self._trainer.present_data(one.study, Piece(one.cell, one.index))
        except UserError as error:
            raise Refused(str(error)) from None
        if data is not None and one.manifest["data"] != data:
            raise Refused("it rests on other data than those that are here")

    def _wanted(self, study: str, cell: Cell) -> str | None:
        """Return the hash of the sources of now; None where older code is good enough."""
        if self._keep_stale:
            return None
        planned = self._planned.get((study, cell.id))
        return planned[0].source_hash if planned else cell_hashes([cell])[0]

    def _hashes_at(
        self, commits: set[str], found: Sequence[Incoming]
    ) -> dict[str, dict[str, str] | str]:
        """Return for each commit its hashes by cell with its full name under "", or what is wrong.

        They are what the code of that commit makes of its own sources.
        """
        hashes: dict[str, dict[str, str] | str] = {}
        for commit in sorted(commits):
            records = {
                one.cell.id: one.manifest["cell"] for one in found if one.claimed_commit == commit
            }
            hashes[commit] = _ask_commit(self._repository, commit, records)
        return hashes

    def _verified(
        self, one: Incoming, hashes: Mapping[str, dict[str, str] | str]
    ) -> dict[str, Any]:
        """Return the manifest as it is written: a commit that was verified is not dirty."""
        if not one.claimed_commit:
            return one.manifest
        answer = hashes[one.claimed_commit]
        if isinstance(answer, str):
            raise Refused(answer)
        if answer.get(one.cell.id) != one.manifest.get("source_hash"):
            raise Refused(f"the sources of commit {one.claimed_commit}, which it names, are others")
        return one.manifest | {"commit": answer[""], "dirty": False}

    def _take_block(self, one: Incoming, manifest: Mapping[str, Any]) -> None:
        target = self._paths.block(one.study, one.cell.id, one.index)
        with self._cell_held(one.study, one.cell.id, one.index):
            now = self._wanted(one.study, one.cell)
            if block_status(target, one.cell.id, now) != "done":
                _copy(one, target, manifest)
                remove_left(self._paths.checkpoints(one.study, one.cell.id), one.index)
                self.merged.blocks += 1
            elif digests_of(read_manifest(target)) == one.digests:
                self.merged.equal += 1
            else:
                raise Refused(f"it differs from {target}, which is there; delete one of them")

    @contextmanager
    def _cell_held(self, study: str, cell: str, *blocks: int) -> Iterator[None]:
        """Keep trainings of a cell away, or say that there is one."""
        firsts = {p.first for p in self._planned.get((study, cell), ())} or set(blocks)
        with ExitStack() as held:
            try:
                for first in sorted(firsts):
                    lock = self._paths.cell_lock(study, cell, first)
                    held.enter_context(hold(lock, f"cell {cell}"))
            except UserError as error:
                raise Refused(str(error)) from None
            yield

    def _take_states_of_cell(self, folder: Path) -> bool:
        taken = False
        study, cell = folder.parent.name, folder.name
        for state in states_of(folder):
            with self._refusing(state.path):
                planned = self._planned.get((study, cell))
                if planned is None:
                    raise Refused("its cell is not in the plan")
                if not holds(state, planned[0].source_hash):
                    raise Refused("other sources made it than these")
                if state.alone and not self._runs(study, cell, state.block):
                    continue
                with self._cell_held(study, cell):
                    if take_state(state, self._paths.checkpoints(study, cell)):
                        self.merged.states += 1
                        taken = True
        return taken

    def _take_kept(self, folder: Path) -> None:
        study, cell = folder.parent.name, folder.name
        if (study, cell) in self._planned:
            with self._refusing(folder), self._cell_held(study, cell):
                target = self._paths.checkpoints(study, cell)
                take_kept(folder, target, lambda block: self._runs(study, cell, block))

    def _runs(self, study: str, cell: str, block: int) -> bool:
        """Whether a block is not there yet."""
        now = self._wanted(study, self._planned[study, cell][0].cell)
        return block_status(self._paths.block(study, cell, block), cell, now) != "done"


def _needed_first(found: Sequence[Incoming]) -> list[Incoming]:
    """Return blocks with those of a cell after those of the cells that it rests on."""
    rests_on = {one.cell.id: one.cell.rests_on for one in found}
    order = {cell: place for place, cell in enumerate(TopologicalSorter(rests_on).static_order())}
    return sorted(found, key=lambda one: order[one.cell.id])


def _ask_commit(
    repository: Path, commit: str, records: Mapping[str, Mapping[str, Any]]
) -> dict[str, str] | str:
    try:
        full = trees.full_name(repository, commit)
        with trees.checked_out(repository, full) as tree:
            reading = trees.read_cells(tree, list(records.values()))
    except UserError:
        return f"commit {commit}, which it names, cannot be asked in {repository}"
    return {"": full, **{c["id"]: c["hash"] for c in reading.cells if "hash" in c}}


def _copy(one: Incoming, target: Path, manifest: Mapping[str, Any]) -> None:
    """Copy a block; at no time a manifest stands beside files that it does not vouch for."""
    manifest_path(target).unlink(missing_ok=True)
    names = one.manifest.get("further", {})
    files = {further_path(target, name): further_path(one.path, name) for name in names}
    for to, source in (files | {target: one.path}).items():
        with placing(to) as temporary:
            shutil.copyfile(source, temporary)
    write_json(manifest_path(target), manifest)
