"""What of an earlier run only claims to be there: found before a run, and removed if it is real.

Snakemake sees whether a mark or a folder is there, not what became of the blocks behind the mark
or of the files in the folder. A folder that a rule made is whole if everything is there that it
lists; without a list it is not whole.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from escaping_minima.claims.records import load_records
from escaping_minima.data.mark import is_vouched, is_withdrawn, read_mark
from escaping_minima.plan.jobs import Job
from escaping_minima.plan.run_plan import RunPlan
from escaping_minima.results.blocks import manifest_path
from escaping_minima.results.paths import CONTENTS, ResultPaths


def find_false(plan: RunPlan) -> set[Path]:
    """Find the marks and folders of a run that do not hold; nothing is changed.

    Parameters
    ----------
    plan : RunPlan

    Returns
    -------
    set of Path
        Marks of jobs whose blocks are gone or rest on data that are no longer accepted, the mark
        of data that changed since they were verified, folders that lack a file, and verdicts of
        single claims without their tables. All of them exist.
    """
    found = [*_false_data(plan), *_false_jobs(plan), *_false_folders(plan), *_false_claims(plan)]
    return {path for path in found if _is_there(path)}


def drop(false: Iterable[Path]) -> None:
    """Remove marks and folders; what cannot be removed is left to the rule that makes it anew."""
    for path in false:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def is_whole(folder: Path) -> bool:
    """Whether a folder that a rule made still holds all that it lists."""
    try:
        names = (folder / CONTENTS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return bool(names) and all(_is_there(folder / name) for name in names)


def _is_there(path: Path) -> bool:
    """Whether a file or folder is there; a path that cannot be one leads nowhere."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def _false_data(plan: RunPlan) -> Iterator[Path]:
    folder, accepted = plan.settings.data_folder, plan.settings.accept_checksums
    mark = read_mark(plan.paths.fetched)
    if not all(is_vouched(name, folder, mark, accepted) for name in plan.data_sets):
        yield plan.paths.fetched


def _false_jobs(plan: RunPlan) -> Iterator[Path]:
    folder, accepted = plan.settings.data_folder, plan.settings.accept_checksums
    mark = read_mark(plan.paths.fetched)
    # data that the user no longer accepts are fetched even if all was trained
    withdrawn = {name for name in plan.data_sets if is_withdrawn(name, folder, mark, accepted)}
    for job in plan.jobs:
        rests_on = {name for c in job.cells for name in c.cell.data_sets}
        trained = plan.paths.trained(job.key)
        if rests_on & withdrawn or not _holds(trained, job, plan.paths):
            yield trained


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
    blocks = [paths.block(job.study, *block) for block in planned]
    return all(_is_there(b) and _is_there(manifest_path(b)) for b in blocks)


def _false_folders(plan: RunPlan) -> list[Path]:
    return [folder for folder in plan.paths.made(plan.settings.studies) if not is_whole(folder)]


def _false_claims(plan: RunPlan) -> Iterator[Path]:
    if not plan.jobs:
        # their tables are the published ones
        return
    for study in plan.settings.studies:
        for family in load_records(study).families:
            tables = plan.paths.family_tables(study, family.id)
            if _is_there(tables.parent) and not is_whole(tables):
                yield tables
                yield from tables.parent.glob("*.json")
