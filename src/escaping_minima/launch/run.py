"""Run: the whole pipeline through Snakemake, with progress, and a summary at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from escaping_minima.config.load import read_words
from escaping_minima.errors import UserError
from escaping_minima.files.locks import hand_on, hold, sign
from escaping_minima.launch.failure import PREFIX, explain_failure
from escaping_minima.launch.nobody import stand_ins
from escaping_minima.launch.progress import Progress
from escaping_minima.launch.silence import fall_silent, nobody_reads
from escaping_minima.launch.stop import Stop, deaf_to_hangup
from escaping_minima.launch.watcher import Watcher
from escaping_minima.plan.gpus import count_gpus
from escaping_minima.plan.run_plan import RunPlan, make_plan, write_plan

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

ROOT = Path(__file__).resolve().parents[3]

_DRY = ("-n", "--dry-run", "--dryrun")


def run(
    settings: Resolved,
    configfile: Path,
    overrides: Sequence[str],
    cores: int,
    more: Sequence[str],
) -> int:
    """Run Snakemake on the whole workflow and report progress.

    Parameters
    ----------
    settings : Resolved
    configfile : Path
    overrides : sequence of str
        ``key=value`` words, handed on to Snakemake.
    cores : int
        For Snakemake.
    more : sequence of str
        More words for Snakemake: targets, options.

    Returns
    -------
    int
        0, or 128 and the number of the signal that stopped the run: SIGPIPE if nobody read on.

    Raises
    ------
    UserError
        If another run has the results folder, or something in the run failed.
    """
    plan = make_plan(settings)
    log = plan.paths.base / "logs" / "snakemake.log"
    # Snakemake inherits the lock, and keeps it should this process die
    with hold(plan.paths.root / "lock", f"{plan.paths.root}/") as lock:
        process = _start(_command(configfile, overrides, cores, more), log, lock)
        sign(lock, process.pid)
    stop = Stop(process)
    watcher = Watcher(log)
    was_heard = _follow(plan, watcher, process, log)
    if not was_heard:
        # nobody would know of what went on
        stop.end()
    code = process.wait()
    watcher.read()
    if stop.signal:
        saved = "what was running has saved its state; start again to go on"
        with suppress(OSError):
            print(f"{PREFIX}stopped; {saved}", file=sys.stderr)
        return 128 + stop.signal
    if not was_heard:
        return 128 + signal.SIGPIPE
    if code:
        raise explain_failure(code, watcher, plan, log)
    _report_end(plan, more, log)
    return 0


def _follow(plan: RunPlan, watcher: Watcher, process: subprocess.Popen[bytes], log: Path) -> bool:
    """Report progress until Snakemake ends; return False if nobody reads that any more."""
    try:
        print(f"scale {plan.label} -> {plan.paths.base}/ (log: {log})", flush=True)
        Progress(plan, watcher).follow(process)
    except OSError as error:
        if not nobody_reads(error):
            raise
        fall_silent()
        return False
    return True


def _command(
    configfile: Path, overrides: Sequence[str], cores: int, more: Sequence[str]
) -> list[str]:
    # what --configfile and --config take has no end, so they come last
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    config = ["--configfile", str(configfile), *config_words(overrides)]
    # one job a GPU at a time, beside the jobs of the cores
    gpus = ["--resources", f"gpu={count}"] if (count := count_gpus()) else []
    return [*snakemake, "--cores", str(cores), *gpus, *more, *config]


def config_words(overrides: Sequence[str]) -> list[str]:
    """Return ``--config`` words from which Snakemake reads what ``key=value`` words say.

    Parameters
    ----------
    overrides : sequence of str
        ``dotted.key=value`` with YAML values; later ones win.

    Returns
    -------
    list of str
        Dotted keys are nested mappings.
    """
    # of two words for one section Snakemake would take the last alone
    merged = read_words(overrides)
    # Snakemake strips quotes at both ends, and what is left of a text may read as a number or a
    # mapping; a space at both ends keeps them
    words = [f"{key}= {json.dumps(value, ensure_ascii=False)} " for key, value in merged.items()]
    return ["--config", *words] if words else []


def _start(command: Sequence[str], log: Path, lock: TextIO) -> subprocess.Popen[bytes]:
    """Start Snakemake; its words go to the log, so that it can outlive this process."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as sink, deaf_to_hangup():
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno()],
                # a module of the user's in this folder is not one that a job asks for
                env=os.environ | hand_on(lock) | stand_ins() | {"PYTHONSAFEPATH": "1"},
            )
    except OSError as error:
        raise UserError(f"{log}: cannot be written ({error.strerror})", exit_code=1) from None


def _report_end(plan: RunPlan, more: Sequence[str], log: Path) -> None:
    """Say what a run that did not fail has made, or what a dry one found to do."""
    if set(_DRY) & set(more):
        print(log.read_text(encoding="utf-8"), end="")
        return
    if all(word.startswith("-") for word in more):
        # no target was named, so the whole report was made; the rules write the plan only where
        # there is something to do
        if plan.jobs and not plan.paths.plan.exists():
            write_plan(plan, plan.paths.plan)
        _print_summary(plan)
    else:
        print(f"done: {' '.join(more)}")


def _print_summary(plan: RunPlan) -> None:
    from escaping_minima.report.ledger import build_ledger
    from escaping_minima.report.summary import summary_lines

    for line in summary_lines(build_ledger(plan.paths, plan.settings.studies, plan.label)):
        print(line)
    print(f"report: {os.path.relpath(plan.paths.report / 'index.html')}")
