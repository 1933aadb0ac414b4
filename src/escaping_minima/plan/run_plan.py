"""The plan of a whole run, from its resolved configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escaping_minima.files.atomic import write_if_changed
from escaping_minima.plan.gpus import uses_gpus
from escaping_minima.plan.jobs import Job, plan_study, plan_to_json
from escaping_minima.plan.packs import pack_jobs
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
        In order of value; none when everything is rendered from published tables.
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
        found = {name for job in self.jobs for c in job.cells for name in c.cell.data_sets}
        return tuple(sorted(found))

    def text(self) -> str:
        """Return the plan as JSON, as ``train`` and ``collect`` read it."""
        return plan_to_json(self.jobs, self.run_settings())

    def run_settings(self) -> dict[str, Any]:
        """Return the settings of the run that a plan holds."""
        return {
            "scale": self.settings.scale,
            "label": self.label,
            "results": str(self.paths.root),
            "device": self.settings.device,
            "data_folder": self.settings.data_folder,
            "mirrors": list(self.settings.mirrors),
            "accept_checksums": list(self.settings.accept_checksums),
            "data_sets": list(self.data_sets),
            "checkpoint_seconds": self.settings.checkpoint_seconds,
            "runs_side_by_side": self.settings.runs_side_by_side,
            "keep_stale": not self.settings.rerun_stale,
        }


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
        # jobs that start last must be short: networks, in the later studies, take longest
        for study in reversed(settings.studies)
        for job in plan_study(study, getattr(settings, study).model_dump())
    ]
    if uses_gpus(settings.device):
        jobs = pack_jobs(jobs, settings.runs_side_by_side)
    return RunPlan(settings, tuple(jobs), ResultPaths(root, settings.scale))


def write_plan(plan: RunPlan, path: Path) -> None:
    """Write the plan, leaving an equal file alone."""
    write_if_changed(path, plan.text())
