"""Publish: copy the collected tables of a finished run into the committed folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escaping_minima import __version__
from escaping_minima.errors import UserError
from escaping_minima.plan.run_plan import RunPlan, make_plan, write_plan
from escaping_minima.provenance.circumstances import commit, versions
from escaping_minima.results.atomic import write_json
from escaping_minima.results.locks import hold
from escaping_minima.results.tables import read_tables
from escaping_minima.steps.collect import collect

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

#: Most bytes that all published tables may take together.
LARGEST_TOTAL = 20_000_000


def publish(settings: Resolved) -> list[Path]:
    """Collect every study of a finished run into ``published/`` and write its manifest.

    Returns
    -------
    list of Path
        The folders written.

    Raises
    ------
    UserError
        If the working tree has changes, blocks are missing or come from other sources or from a
        dirty tree, or the tables are too large.
    """
    head, dirty = commit(Path(__file__).parent)
    if dirty:
        raise UserError(
            "publish: the working tree has uncommitted changes; commit them first, so that the "
            "published tables can be traced to a commit",
            exit_code=1,
        )
    plan = make_plan(settings)
    if not plan.jobs:
        raise UserError("publish: source is 'published'; allowed: runs")
    with hold(plan.paths.root / "lock", f"{plan.paths.root}/"):
        write_plan(plan, plan.paths.plan)
        return [_publish_study(plan, study, head) for study in settings.studies]


def _publish_study(plan: RunPlan, study: str, head: str) -> Path:
    folder = plan.paths.published(study)
    collect(plan.paths.plan, study, plan.paths.tables(study), [])
    _refuse_doubtful(study, read_tables(plan.paths.tables(study))["cells.csv"])
    collect(plan.paths.plan, study, folder, [])
    manifest = _manifest(folder, plan.label, head, plan.settings, study)
    write_json(folder / "published.json", manifest)
    return folder


def _refuse_doubtful(study: str, cells: Any) -> None:
    stale = cells[cells["stale"]]
    if len(stale):
        raise UserError(
            f"publish: {len(stale)} cells of {study} were run by other sources than these; "
            "run them again with rerun_stale=true",
            exit_code=1,
        )
    dirty = cells[cells["commit"].str.contains(r"\+changes|unknown")]
    if len(dirty):
        raise UserError(
            f"publish: {len(dirty)} cells of {study} were run from a working tree with "
            "uncommitted changes; run them again from a commit",
            exit_code=1,
        )


def _manifest(
    folder: Path, label: str, head: str, settings: Resolved, study: str
) -> dict[str, Any]:
    tables = sorted(p for p in folder.iterdir() if p.suffix in (".csv", ".parquet"))
    total = sum(p.stat().st_size for p in tables)
    if total > LARGEST_TOTAL:
        raise UserError(
            f"publish: the tables of {study} take {total} bytes; allowed: {LARGEST_TOTAL}", 1
        )
    return {
        "study": study,
        "run": label,
        "numbers": getattr(settings, study).model_dump(),
        "published_at_commit": head,
        "package": __version__,
        "versions": versions(),
        "tables": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in tables},
    }
