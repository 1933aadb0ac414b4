"""Publish: take the blocks of a finished run into the committed tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pandas as pd

from escaping_minima import __version__
from escaping_minima.collect.block_rows import BLOCKS
from escaping_minima.collect.cell_columns import is_stale
from escaping_minima.collect.collected import MANIFEST, MEASURED_AGAIN, read_published
from escaping_minima.collect.merging import CELLS, Offered
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes, write_json
from escaping_minima.files.locks import hold
from escaping_minima.package import ROOT
from escaping_minima.plan.jobs import PlannedBlocks, by_name, read_plan
from escaping_minima.plan.run_plan import RunPlan, make_plan, write_plan
from escaping_minima.provenance.circumstances import commit, uncommitted, versions
from escaping_minima.results.blocks import manifest_path
from escaping_minima.results.tables import encode_tables
from escaping_minima.steps.collect import offered, tables_of

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

#: Most bytes that all published tables may take together.
LARGEST_TOTAL = 20_000_000
#: What the manifest says of one publishing, and not of all that is published.
_OF_ONE_TIME = (
    *("run", "numbers", "published_at_commit", "package", "versions", "dropped"),
    MEASURED_AGAIN,
)


def publish(settings: Resolved, drop_unplanned: bool = False) -> list[str]:
    """Add the blocks of a run, study by study, to the tables in ``published/``.

    Blocks that are published stay as they are, there or not; those that are new are added.

    Parameters
    ----------
    settings : Resolved
    drop_unplanned : bool
        Leave out published cells that the run's plan does not have, or has under other names: what
        was superseded must not stand beside what took its place.

    Returns
    -------
    list of str
        The folders written, each after a line for every cell that was left out.

    Raises
    ------
    UserError
        If the working tree has changes, blocks are missing or come from other sources or from a
        dirty tree, a published block would change, or the tables are too large. Nothing of that
        study is written then.
    """
    head = traceable_commit("publish")
    plan = make_plan(settings)
    if not plan.jobs:
        raise UserError("publish: source is 'published'; allowed: runs")
    with hold_results(plan.paths.root):
        write_plan(plan, plan.paths.plan)
        said = [_publish_study(plan, study, head, drop_unplanned) for study in settings.studies]
    return [line for lines in said for line in lines]


def traceable_commit(step: str) -> str:
    """Return the commit that published tables can be traced to.

    Parameters
    ----------
    step : str
        What wants to write them, for the message.

    Raises
    ------
    UserError
        If the working tree has uncommitted changes, or no checkout vouches for the sources.
    """
    head, dirty = commit(ROOT)
    if dirty:
        changed = uncommitted(ROOT)
        named = f" (the first is {changed[0]})" if changed else ""
        raise UserError(
            f"{step}: the working tree has uncommitted changes; commit them first, so that the "
            f"published tables can be traced to a commit{named}",
            exit_code=1,
        )
    return head


def hold_results(root: Path) -> TextIO:
    """Take the lock of a results folder, which a run has as well; see `hold`."""
    return hold(root / "lock", f"{root}/")


def _publish_study(plan: RunPlan, study: str, head: str, drop_unplanned: bool) -> list[str]:
    folder, tables = plan.paths.published(study), tables_of(study)
    before, published = read_published(folder)
    jobs = by_name(job for job in read_plan(plan.paths.plan)[1].values() if job.study == study)
    planned = [cells for job in jobs for cells in job.cells]
    dropped: list[dict[str, str]] = []
    if drop_unplanned and published:
        published, dropped = tables.planned_alone(published, planned)
    here, missing = _here(plan, study, planned, tables.held(published))
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise UserError(f"publish: {missing[0]}{more}; run it first", exit_code=1)
    blocks = offered(study, here, plan.paths)
    _refuse_doubtful(study, blocks)
    now = tables.extend(published, blocks) if published else tables.merge(blocks)
    contents = encode_tables(now)
    _refuse_large(study, contents)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    if digests == before.get("tables"):
        complete(folder, before, now)
        return [str(folder)]
    for name, content in contents.items():
        if digests[name] != before.get("tables", {}).get(name):
            write_bytes(folder / name, content)
    manifest = _manifest(plan, study, head, now, before) | {"tables": digests}
    if dropped:
        manifest["dropped"] = [row["cell"] for row in dropped]
    write_json(folder / MANIFEST, manifest)
    names = (filter(None, (row[c] for c in ("cell", *tables.place))) for row in dropped)
    return [*(f"{folder}: dropped {', '.join(words)}" for words in names), str(folder)]


def _here(
    plan: RunPlan, study: str, planned: Sequence[PlannedBlocks], held: Mapping[str, int]
) -> tuple[list[tuple[PlannedBlocks, int]], list[str]]:
    """Return the blocks of the plan that are there, and those that are neither there nor published.

    Nobody has the blocks of all earlier runs, so those that are published may be gone.
    """
    here, missing = [], []
    for one, index in [(cells, i) for cells in planned for i in cells.indices]:
        path = plan.paths.block(study, one.cell.id, index)
        if path.exists() and manifest_path(path).exists():
            here.append((one, index))
        elif index >= held.get(one.cell.id, 0):
            missing.append(f"{path}: the block is neither there nor published")
    return here, missing


def _refuse_doubtful(study: str, blocks: Sequence[Offered]) -> None:
    stale = {
        b.planned.cell.id
        for b in blocks
        if is_stale(b.manifest["source_hash"], b.planned.source_hash, b.manifest["device"])
    }
    if stale:
        raise UserError(
            f"publish: {len(stale)} cells of {study} were run by other sources than these; "
            "run them again with rerun_stale=true",
            exit_code=1,
        )
    untraced = {
        b.planned.cell.id
        for b in blocks
        if b.manifest["dirty"] or b.manifest["commit"] == "unknown"
    }
    if untraced:
        raise UserError(
            f"publish: {len(untraced)} cells of {study} were run from a working tree with "
            "uncommitted changes; run them again from a commit",
            exit_code=1,
        )


def _refuse_large(study: str, contents: Mapping[str, bytes]) -> None:
    total = sum(map(len, contents.values()))
    if total > LARGEST_TOTAL:
        raise UserError(
            f"publish: the tables of {study} take {total} bytes; allowed: {LARGEST_TOTAL}", 1
        )


def _manifest(
    plan: RunPlan,
    study: str,
    head: str,
    tables: Mapping[str, pd.DataFrame],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what is known of all that is published; ``earlier`` lists what came before."""
    last = {name: before[name] for name in _OF_ONE_TIME if name in before}
    return {
        "study": study,
        "run": plan.label,
        "numbers": getattr(plan.settings, study).model_dump(),
        "published_at_commit": head,
        "package": __version__,
        "versions": versions(),
        "earlier": [*before.get("earlier", []), *([last] if last else [])],
        **made_on(tables),
    }


def made_on(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[Any]]:
    """Return on what published tables say that they were made.

    Returns
    -------
    dict
        ``machines``: the processors in words. ``hardware``: each that a block names; left out
        where none does, as of blocks that are older than the table of blocks.
    """
    named = set(tables[BLOCKS]["hardware"]) if BLOCKS in tables else set()
    known = [found for text in sorted(named) if (found := json.loads(text))]
    machines = {"machines": sorted(set(tables[CELLS]["machine"]))}
    return machines | ({"hardware": known} if known else {})


def complete(folder: Path, manifest: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    """Write into the manifest of published tables on what they were made, if it does not say it.

    Parameters
    ----------
    folder : Path
    manifest, tables : Mapping
        As `escaping_minima.collect.collected.read_published` gives them.
    """
    whole = {**manifest, **made_on(tables)}
    if whole != manifest:
        write_json(folder / MANIFEST, whole)
