"""Run: the whole pipeline through Snakemake, with progress, and a summary at the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TextIO

import psutil

from escaping_minima.plan.run_plan import RunPlan, make_plan
from escaping_minima.results.locks import hold

if TYPE_CHECKING:
    from escaping_minima.config.sections import Resolved

ROOT = Path(__file__).resolve().parents[3]


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
        More words for Snakemake.

    Returns
    -------
    int
        0, or 1 after one line that says what went wrong.
    """
    plan = make_plan(settings)
    lock_path = plan.paths.root / "lock"
    # only a probe: Snakemake itself takes the lock, so that it keeps it should this process die
    hold(lock_path, f"{plan.paths.root}/").close()
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--cores",
        cores,
        "--configfile",
        str(configfile),
        *_config_words(overrides),
        *more,
    ]
    log = plan.paths.base / "logs" / "snakemake.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"scale {plan.label} -> {plan.paths.base}/ (log: {log})", flush=True)
    with log.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        _forward_signals(process)
        watcher = _Watcher(process, sink)
        _Progress(plan, watcher).follow(process)
        code = process.wait()
        watcher.join()
    if code:
        for line in watcher.failure():
            print(line, file=sys.stderr)
        return 1
    _print_summary(plan)
    return 0


def _config_words(overrides: Sequence[str]) -> list[str]:
    """Return ``--config`` words for Snakemake, dotted keys turned into nested mappings."""
    words = []
    for text in overrides:
        key, _, value = text.partition("=")
        outer, _, inner = key.partition(".")
        words.append(f"{outer}={{{inner}: {value}}}" if inner else text)
    return ["--config", *words] if words else []


def _forward_signals(process: subprocess.Popen[str]) -> None:
    """On SIGTERM let the trainings save their state; Ctrl-C reaches them by itself."""

    def stop(number: int, frame: object) -> None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.send_signal(signal.SIGTERM)
        process.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Watcher(Thread):
    """Reads what Snakemake prints: keeps it in the log, and what it says of steps and failures."""

    def __init__(self, process: subprocess.Popen[str], sink: TextIO) -> None:
        super().__init__(daemon=True)
        self._stream = process.stdout
        self._sink = sink
        self._last: deque[str] = deque(maxlen=40)
        self._failed_logs: list[Path] = []
        self._in_error = False
        self.stage = "looking for what is left to do"
        self.start()

    def run(self) -> None:
        assert self._stream is not None
        for line in self._stream:
            self._sink.write(line)
            self._sink.flush()
            text = line.strip()
            if text:
                self._last.append(text)
            if match := re.match(r"(?:local)?rule (\w+):", text):
                self.stage = match[1].replace("_", " ")
                self._in_error = False
            elif text.startswith("Error in rule"):
                self._in_error = True
            elif self._in_error and text.startswith("log:"):
                self._failed_logs.append(
                    Path(text.removeprefix("log:").split(" (check")[0].strip())
                )

    def failure(self) -> list[str]:
        """Return what the failed jobs said, or else Snakemake's own last words."""
        said = [line for log in dict.fromkeys(self._failed_logs) for line in _last_words(log)]
        if said:
            return said
        errors = [
            t for t in self._last if not t.startswith(("Traceback", "File ", "Shutting down"))
        ]
        return [f"escaping-minima: {errors[-1]}" if errors else "escaping-minima: Snakemake failed"]


def _last_words(log: Path) -> list[str]:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    lines = [line for line in lines if line.strip()]
    ours = [line for line in lines if line.startswith("escaping-minima:")]
    return ours[-1:] or [f"escaping-minima: {log}: {line}" for line in lines[-1:]]


class _Progress:
    """One line that says how far the training is and how long it will take."""

    def __init__(self, plan: RunPlan, watcher: _Watcher) -> None:
        self._blocks = {
            plan.paths.block(job.study, c.cell.id, b).with_suffix(".json"): c.cell.steps
            for job in plan.jobs
            for c in job.cells
            for b in range(c.blocks)
        }
        self._watcher = watcher
        self._began = time.time()
        self._tty = sys.stdout.isatty()
        self._shown = ""

    def follow(self, process: subprocess.Popen[str]) -> None:
        """Show progress until the process ends."""
        pause = 1.0 if self._tty else 15.0
        shown_at = 0.0
        while process.poll() is None:
            if time.monotonic() - shown_at >= pause:
                self._show(self._line())
                shown_at = time.monotonic()
            time.sleep(0.2)
        if self._tty and self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", flush=True)

    def _line(self) -> str:
        done, fresh = 0, 0
        for path, steps in self._blocks.items():
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:
                continue
            done += steps
            fresh += steps if written >= self._began else 0
        total = sum(self._blocks.values())
        spent = time.time() - self._began
        if not total or done == total:
            return f"{self._watcher.stage} ({spent:.0f} s)"
        left = f", about {_clock((total - done) * spent / fresh)} left" if fresh else ""
        return f"training {100 * done // total:3d} % ({_clock(spent)}{left})"

    def _show(self, line: str) -> None:
        if line == self._shown and not self._tty:
            return
        end = "" if self._tty else "\n"
        start = "\r" if self._tty else ""
        print(f"{start}{line:<{len(self._shown)}}", end=end, flush=True)
        self._shown = line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _print_summary(plan: RunPlan) -> None:
    from escaping_minima.report.ledger import build_ledger, summary_lines

    for line in summary_lines(build_ledger(plan.paths, plan.settings.studies, plan.label)):
        print(line)
    print(f"report: {os.path.relpath(plan.paths.report / 'index.html')}")
