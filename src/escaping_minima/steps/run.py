"""Run: the whole pipeline through Snakemake, with progress, and a summary at the end."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import psutil

from escaping_minima.claims.records import load_records
from escaping_minima.config.layers import merge_layers, read_override
from escaping_minima.errors import UserError
from escaping_minima.plan.gpus import count_gpus
from escaping_minima.plan.run_plan import RunPlan, make_plan
from escaping_minima.results.locks import hand_on, hold, sign

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "escaping-minima: "

#: Before this share of the training is done, the time that is left cannot be told.
_LEAST = 0.03
_SHELLS = ("bash", "sh", "dash")
_DRY = ("-n", "--dry-run", "--dryrun")


def run(
    settings: Resolved,
    configfile: Path,
    overrides: Sequence[str],
    cores: str,
    more: Sequence[str],
) -> int:
    """Run Snakemake on the whole workflow and report progress.

    Parameters
    ----------
    settings : Resolved
    configfile : Path
    overrides : sequence of str
        ``key=value`` words, handed on to Snakemake.
    cores : str
        For Snakemake: a number or "all".
    more : sequence of str
        More words for Snakemake: targets, options.

    Returns
    -------
    int
        0, or 128 and the number of the signal that stopped the run.

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
    stop = _Stop(process)
    print(f"scale {plan.label} -> {plan.paths.base}/ (log: {log})", flush=True)
    watcher = _Watcher(log)
    _Progress(plan, watcher).follow(process)
    code = process.wait()
    watcher.read()
    if stop.signal:
        saved = "what was running has saved its state; start again to go on"
        print(f"{PREFIX}stopped; {saved}", file=sys.stderr)
        return 128 + stop.signal
    if code:
        raise _failure(code, watcher, plan, log)
    if _is_whole(more):
        _print_summary(plan)
    elif set(_DRY) & set(more):
        print(log.read_text(encoding="utf-8"), end="")
    else:
        print(f"done: {' '.join(more)}")
    return 0


def _command(
    configfile: Path, overrides: Sequence[str], cores: str, more: Sequence[str]
) -> list[str]:
    # what --configfile and --config take has no end, so they come last
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    config = ["--configfile", str(configfile), *_config_words(overrides)]
    # one job a GPU at a time, beside the jobs of the cores
    gpus = ["--resources", f"gpu={count}"] if (count := count_gpus()) else []
    return [*snakemake, "--cores", cores, *gpus, *more, *config]


def _config_words(overrides: Sequence[str]) -> list[str]:
    """Return ``--config`` words for Snakemake, dotted keys turned into nested mappings."""
    # of two words for one section Snakemake would take the last alone
    merged = merge_layers([read_override(text) for text in overrides])
    words = [f"{key}={json.dumps(value)}" for key, value in merged.items()]
    return ["--config", *words] if words else []


def _start(command: Sequence[str], log: Path, lock: TextIO) -> subprocess.Popen[bytes]:
    """Start Snakemake; its words go to the log, so that it can outlive this process."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf-8") as sink:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno()],
                env=os.environ | hand_on(lock),
            )
    except OSError as error:
        raise UserError(f"{log}: cannot be written ({error.strerror})", exit_code=1) from None


class _Stop:
    """On SIGTERM and SIGINT: no new job, and what trains saves its state."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.signal = 0
        self._process = process
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._catch)

    def _catch(self, number: int, frame: object) -> None:
        self.signal = self.signal or number
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    # a shell would die at once, and Snakemake not wait for what it has started
                    if child.name() not in _SHELLS:
                        child.terminate()


class _Watcher:
    """Follows what Snakemake writes into its log: the rule at work, and why something failed."""

    def __init__(self, log: Path) -> None:
        self._file = log.open(encoding="utf-8", errors="replace")
        self._rest = ""
        self._lines: list[str] = []
        self.stage = ""

    def read(self) -> None:
        """Take in what is new."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            self._lines.append(line.strip())
            if match := re.match(r"(?:local)?rule ([\w-]+):", self._lines[-1]):
                self.stage = match[1].replace("_", " ")

    def failures(self) -> list[str]:
        """Return what the failed jobs said in a line of their own, or else their last words."""
        ours = [t.removeprefix(PREFIX) for t in self._lines if t.startswith(PREFIX)]
        return list(dict.fromkeys(ours or map(_last_words, self._failed_logs())))

    def missing_target(self) -> str:
        """Return the target that no rule makes, empty if that was not the matter."""
        found = (re.match(r"No rule to produce (\S+)", line) for line in self._lines)
        return next((match[1] for match in found if match), "")

    def last_line(self) -> str:
        """Return the last line that says something."""
        return next((line for line in reversed(self._lines) if line), "")

    def _failed_logs(self) -> list[str]:
        logs, in_error = [], False
        for line in self._lines:
            if line.startswith("Error in rule"):
                in_error = True
            elif in_error and line.startswith("log:"):
                logs.append(line.removeprefix("log:").split(" (check")[0].strip())
                in_error = False
        return logs


def _last_words(log: str) -> str:
    with contextlib.suppress(OSError):
        lines = Path(log).read_text(encoding="utf-8", errors="replace").split("\n")
        if said := [line.strip() for line in lines if line.strip()]:
            ours = [line.removeprefix(PREFIX) for line in said if line.startswith(PREFIX)]
            return ours[-1] if ours else f"{log}: {said[-1]}"
    return f"{log}: the job failed without a word"


def _failure(code: int, watcher: _Watcher, plan: RunPlan, log: Path) -> UserError:
    if code < 0:
        name = signal.Signals(-code).name
        return UserError(f"Snakemake was ended by {name}; start again, nothing done is lost", 1)
    if target := watcher.missing_target():
        return UserError(_unknown_target(target, plan))
    said = watcher.failures()
    if not said:
        return UserError(f"Snakemake failed: {watcher.last_line()} (see {log})", 1)
    more = f" (and {len(said) - 1} more, see {log})" if len(said) > 1 else ""
    # 2 is what the rules say to a wrong request; all that Snakemake knows is 1
    return UserError(f"{said[0]}{more}", exit_code=code)


def _unknown_target(target: str, plan: RunPlan) -> str:
    studies = plan.settings.studies
    known = [f"study_{study}" for study in studies]
    known += [f"claim_{claim.id}" for study in studies for claim in load_records(study).claims]
    near = difflib.get_close_matches(target, known, 1, 0.6)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"target: found {target!r}; allowed: all, {', '.join(known)}{meant}"


class _Progress:
    """One line that says how far the training is and how long it will take."""

    def __init__(self, plan: RunPlan, watcher: _Watcher) -> None:
        self._blocks = {
            plan.paths.block(job.study, c.cell.id, b).with_suffix(".json"): c.cell.cost
            for job in plan.jobs
            for c in job.cells
            for b in c.indices
        }
        self._watcher = watcher
        self._began = time.time()
        self._tty = sys.stdout.isatty()
        self._shown = ""

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Show progress until the process ends."""
        pause = 1.0 if self._tty else 15.0
        shown_at = 0.0
        while process.poll() is None:
            if time.monotonic() - shown_at >= pause:
                self._watcher.read()
                self._show(self._line())
                shown_at = time.monotonic()
            time.sleep(0.2)
        if self._tty and self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", flush=True)

    def _line(self) -> str:
        done, fresh = 0.0, 0.0
        for path, cost in self._blocks.items():
            try:
                written = path.stat().st_mtime
            except OSError:
                continue
            done += cost
            fresh += cost if written >= self._began else 0
        spent = time.time() - self._began
        if not self._watcher.stage:
            return f"looking for what is left to do ({_clock(spent)})"
        total = sum(self._blocks.values())
        if not self._watcher.stage.startswith("train "):
            return f"{self._watcher.stage} ({_clock(spent)})"
        left = total - done
        known = fresh > 0 and fresh >= _LEAST * (fresh + left)
        time_left = f", about {_clock(left * spent / fresh)} left" if known else ""
        return f"training {100 * done // total:3.0f} % ({_clock(spent)}{time_left})"

    def _show(self, line: str) -> None:
        if line == self._shown and not self._tty:
            return
        if self._tty:
            print(f"\r{line:<{len(self._shown)}}", end="", flush=True)
        else:
            print(line, flush=True)
        self._shown = line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _is_whole(more: Sequence[str]) -> bool:
    """Say whether the whole report was made: no target was named, and it was no dry run."""
    return not set(_DRY) & set(more) and all(word.startswith("-") for word in more)


def _print_summary(plan: RunPlan) -> None:
    from escaping_minima.report.ledger import build_ledger, summary_lines

    for line in summary_lines(build_ledger(plan.paths, plan.settings.studies, plan.label)):
        print(line)
    print(f"report: {os.path.relpath(plan.paths.report / 'index.html')}")
