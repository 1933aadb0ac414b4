"""Collect: turn the blocks of a study into its compact tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.collect.parts import keep_parts, kept_parts, stamp_of
from escaping_minima.errors import UserError
from escaping_minima.package import PACKAGE
from escaping_minima.parts.studies import find_study
from escaping_minima.plan.jobs import PlannedBlocks, by_name, read_plan
from escaping_minima.provenance.sources import sources_hash
from escaping_minima.results.blocks import (
    Block,
    block_status,
    kept_files,
    read_block,
    read_manifest,
    set_aside,
)
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables


def collect(plan_path: Path, study: str, output: Path | None, jobs: Sequence[str]) -> Path:
    """Write the collected tables of a study.

    Parameters
    ----------
    plan_path : Path
    study : str
    output : Path or None
        The study's folder of tables by default.
    jobs : sequence of str
        Collect only the cells of these groups of jobs of the study; empty means all.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UserError
        If a block is missing, the study is not in the plan, or a block does not match its
        manifest: it is then set aside, so that the next run computes it anew.
    """
    run, planned = read_plan(plan_path)
    of_study = [job for job in by_name(planned.values()) if job.study == study]
    chosen = [job for job in of_study if not jobs or job.group in jobs]
    if not chosen:
        raise UserError(f"{plan_path}: nothing planned for study {study!r}, jobs {list(jobs)}")
    paths = ResultPaths(Path(run["results"]), run["scale"])
    pieces = [
        (planned, index) for job in chosen for planned in job.cells for index in planned.indices
    ]
    tables = tables_of(study).merge(offered(study, pieces, paths))
    folder = output or paths.tables(study)
    write_tables(folder, tables)
    return folder


def tables_of(study: str) -> CollectedTables:
    """Return how the tables of a study are made."""
    return find_study(study).tables()


def offered(
    study: str, blocks: Iterable[tuple[PlannedBlocks, int]], paths: ResultPaths
) -> list[Offered]:
    """Return blocks with what the study takes from them; each is read at most once.

    What is taken is kept beside the block, under the hash of the sources that take it.

    Parameters
    ----------
    study : str
    blocks : iterable of (PlannedBlocks, int)
        Cell and index.
    paths : ResultPaths

    Raises
    ------
    UserError
        If a block is missing, or does not match its manifest: every such block is then set aside.
    """
    wanted = list(blocks)
    tables, sources = tables_of(study), sources_hash([_module(study)])
    try:
        return [
            _offer(tables, sources, planned, index, paths.block(study, planned.cell_id, index))
            for planned, index in wanted
        ]
    except UserError:
        _set_corrupt_aside(study, wanted, paths)
        raise


def _module(study: str) -> str:
    return f"{PACKAGE}.studies.{study}.collect"


def _offer(
    tables: CollectedTables, sources: str, planned: PlannedBlocks, index: int, path: Path
) -> Offered:
    manifest = read_manifest(path)
    stamp = stamp_of(path, manifest, sources)
    parts = kept_parts(path, stamp) if manifest.get("cell_id") == planned.cell_id else None
    if parts is None:
        table, manifest = read_block(path, planned.cell_id)
        kept = kept_files(path, manifest)
        parts = tables.of_block(Block(planned.cell, index, table, manifest, kept))
        keep_parts(path, stamp, parts)
    return Offered(planned, index, manifest, parts)


def _set_corrupt_aside(
    study: str, blocks: Sequence[tuple[PlannedBlocks, int]], paths: ResultPaths
) -> None:
    moved = []
    for planned, index in blocks:
        path = paths.block(study, planned.cell_id, index)
        if block_status(path, planned.cell_id, None) == "corrupt":
            moved.append(set_aside(path))
    if moved:
        more = f" (and {len(moved) - 1} more blocks)" if len(moved) > 1 else ""
        raise UserError(
            f"{moved[0].with_suffix('')}: the block is corrupt{more}; it was set aside as "
            f"{moved[0].name}; start again: only what is corrupt is computed anew",
            exit_code=1,
        ) from None
