"""Stopping a run: no new job starts, and what trains saves its state."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator

import psutil

_SHELLS = ("bash", "sh", "dash")


@contextlib.contextmanager
def deaf_to_hangup() -> Iterator[None]:
    """Start processes that a closed terminal does not end at once: a `Stop` ends them in order."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class Stop:
    """Catches SIGTERM, SIGINT and SIGHUP, and ends Snakemake and its jobs in order.

    Parameters
    ----------
    process : Popen
        Snakemake, started so that SIGHUP does not reach it; see `deaf_to_hangup`.

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
        # what was started to outlive its terminal (nohup) does
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._catch)

    def _catch(self, number: int, frame: object) -> None:
        self.signal = self.signal or number
        self.end()

    def end(self) -> None:
        """Have Snakemake start nothing more, and what trains save its state."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    # a shell would die at once, and Snakemake not wait for what it has started
                    if child.name() not in _SHELLS:
                        child.terminate()
