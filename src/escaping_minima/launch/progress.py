"""One line that says how far the training is and how long it will take."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time

from escaping_minima.launch.silence import is_heard
from escaping_minima.launch.watcher import Watcher
from escaping_minima.plan.run_plan import RunPlan

#: Before this share of the training is done, the time that is left cannot be told.
_LEAST = 0.03


class Progress:
    """Follows a run by the blocks that it writes."""

    def __init__(self, plan: RunPlan, watcher: Watcher) -> None:
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
        """Show progress until the process ends.

        Raises
        ------
        BrokenPipeError
            As soon as nobody reads it any more.
        """
        pause = 1.0 if self._tty else 15.0
        shown_at = 0.0
        while process.poll() is None:
            if time.monotonic() - shown_at >= pause:
                self._watcher.read()
                self._show(self._line())
                shown_at = time.monotonic()
            if not is_heard():
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
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
