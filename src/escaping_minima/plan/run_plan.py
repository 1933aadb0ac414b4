"""The plan of a whole run, from its resolved configuration."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from escaping_minima.data.mark import is_vouched, is_withdrawn, read_mark
from escaping_minima.plan.jobs import Job, plan_study, plan_to_json
from escaping_minima.results.atomic import write_if_changed
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved


@dataclass(frozen=True)
class RunPlan:
    """All jobs of a run.

    Attributes
    ----------
    settings : Resolved
    jobs : tuple of Job
        None when everything is rendered from published tables.
    paths : ResultPaths
    """

    settings: Resolved
    jobs: tuple[Job, ...]
    paths: ResultPaths

    @property
    def label(self) -> str:
        """How reports call the run."""
        if self.settings.source == "published":
            return "published tables"
        return self.settings.label()

    @property
    def data_sets(self) -> tuple[str, ...]:
        """The data sets that must be fetched before any job trains, by name."""
        needed = {c.cell.data_set for job in self.jobs for c in job.cells}
        return tuple(sorted(needed - {""}))

    def text(self) -> str:
        """Return the plan as JSON, as ``train`` and ``collect`` read it."""
        run = {
            "scale": self.settings.scale,
            "label": self.label,
            "results": str(self.paths.root),
            "device": self.settings.device,
            "data_folder": self.settings.data_folder,
            "mirrors": list(self.settings.mirrors),
            "accept_checksums": list(self.settings.accept_checksums),
            "data_sets": list(self.data_sets),
            "checkpoint_seconds": self.settings.checkpoint_seconds,
            "keep_stale": not self.settings.rerun_stale,
        }
        return plan_to_json(self.jobs, run)


def make_plan(settings: Resolved) -> RunPlan:
    """Lay out the jobs of every chosen study.

    Parameters
    ----------
    settings : Resolved
        The configuration after the scale was applied.
    """
    root = Path(settings.results)
    if settings.source == "published":
        return RunPlan(settings, (), ResultPaths(root, FROM_PUBLISHED))
    jobs = [
        job
        for study in settings.studies
        for job in plan_study(study, getattr(settings, study).model_dump())
    ]
    return RunPlan(settings, tuple(jobs), ResultPaths(root, settings.scale))


def drop_false_marks(plan: RunPlan) -> None:
    """Remove what says that a job was trained, or data fetched, where that no longer holds.

    Snakemake follows these marks, not the blocks: it deletes what a job declares as its output
    whenever the job fails or starts again. Data that changed since they were verified are fetched
    before anything trains; those that the user no longer accepts are, even if all was trained.
    """
    folder, accepted = plan.settings.data_folder, plan.settings.accept_checksums
    mark = read_mark(plan.paths.fetched)
    if not all(is_vouched(name, folder, mark, accepted) for name in plan.data_sets):
        _remove(plan.paths.fetched)
    withdrawn = {name for name in plan.data_sets if is_withdrawn(name, folder, mark, accepted)}
    for job in plan.jobs:
        rests_on = {c.cell.data_set for c in job.cells}
        if rests_on & withdrawn or not _holds(plan.paths.trained(job.key), job, plan.paths):
            _remove(plan.paths.trained(job.key))


def _holds(mark: Path, job: Job, paths: ResultPaths) -> bool:
    """Whether the blocks are there that a job's mark vouches for."""
    planned = {(c.cell.id, b) for c in job.cells for b in c.indices}
    try:
        marked = json.loads(mark.read_text(encoding="utf-8"))
        planned &= {(cell, block) for cell, block in marked}
    except FileNotFoundError:
        return True
    except (OSError, ValueError, TypeError):
        # a mark that says nothing vouches for nothing: all its blocks must be there
        pass
    return all(paths.block(job.study, *block).exists() for block in planned)


def _remove(mark: Path) -> None:
    with contextlib.suppress(OSError):
        mark.unlink()


def write_plan(plan: RunPlan, path: Path) -> None:
    """Write the plan, leaving an equal file alone."""
    write_if_changed(path, plan.text())
