"""Stopping a run: no new job starts, and what trains saves its state."""

from __future__ import annotations

import contextlib
import signal
import subprocess

import psutil

_SHELLS = ("bash", "sh", "dash")


class Stop:
    """Catches SIGTERM and SIGINT, and ends Snakemake and its jobs in order.

    Attributes
    ----------
    signal : int
        The signal that came first, 0 before any.
    """

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
