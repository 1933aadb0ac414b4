"""Why a run failed, in one line."""

from __future__ import annotations

import contextlib
import difflib
import shutil
import signal
from pathlib import Path

from escaping_minima.claims.records import load_records
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import full_disk
from escaping_minima.launch.watcher import Watcher
from escaping_minima.plan.run_plan import RunPlan

#: How a line begins that this package wrote for the user.
PREFIX = "escaping-minima: "


def explain_failure(code: int, watcher: Watcher, plan: RunPlan, log: Path) -> UserError:
    """Return the error that says why Snakemake ended with a code other than 0.

    Parameters
    ----------
    code : int
        Below 0 if a signal ended it.
    watcher : Watcher
        Its log, read to the end.
    plan : RunPlan
    log : Path
        Where a person finds more.
    """
    if code < 0:
        name = signal.Signals(-code).name
        return UserError(f"Snakemake was ended by {name}; start again, nothing done is lost", 1)
    if target := watcher.missing_target():
        return UserError(_unknown_target(target, plan))
    said = _failures(watcher)
    if not said:
        return UserError(f"Snakemake failed: {watcher.complaint()} (see {log})", 1)
    more = f" (and {len(said) - 1} more, see {log})" if len(said) > 1 else ""
    # 2 is what the rules say to a wrong request; all that Snakemake knows is 1
    return UserError(f"{said[0]}{more}", exit_code=code)


def _failures(watcher: Watcher) -> list[str]:
    """Return what the failed jobs said in a line of their own, or else their last words."""
    ours = [t.removeprefix(PREFIX) for t in watcher.lines if t.startswith(PREFIX)]
    return list(dict.fromkeys(ours or map(_last_words, watcher.failed_logs())))


def _last_words(log: str) -> str:
    with contextlib.suppress(OSError):
        lines = Path(log).read_text(encoding="utf-8", errors="replace").split("\n")
        if said := [line.strip() for line in lines if line.strip()]:
            ours = [line.removeprefix(PREFIX) for line in said if line.startswith(PREFIX)]
            return ours[-1] if ours else f"{log}: {said[-1]}"
        # what filled the disk left no room for a word in the log
        if shutil.disk_usage(Path(log).parent).free == 0:
            return full_disk(Path(log))
    return f"{log}: the job failed without a word"


def _unknown_target(target: str, plan: RunPlan) -> str:
    studies = plan.settings.studies
    known = [f"study_{study}" for study in studies]
    known += [f"claim_{claim.id}" for study in studies for claim in load_records(study).claims]
    near = difflib.get_close_matches(target, known, 1, 0.6)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"target: found {target!r}; allowed: all, {', '.join(known)}{meant}"
