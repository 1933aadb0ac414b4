"""A signal becomes a request that the running blocks obey once their states are saved."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StopFlag:
    """Set by a signal, asked by the running blocks.

    Attributes
    ----------
    signal : int
        Its number, 0 as long as there was none.
    """

    def __init__(self) -> None:
        self.signal = 0

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal != 0

    def leave_if_set(self) -> None:
        """End the process as the signal asked."""
        if self.signal:
            raise SystemExit(128 + self.signal)

    def catch(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal."""
        self.signal = number


@contextmanager
def stop_flag() -> Iterator[StopFlag]:
    """Catch SIGTERM, SIGINT and the SIGHUP of a closed terminal for a block of code."""
    flag = StopFlag()
    caught = [signal.SIGTERM, signal.SIGINT]
    # what was started to outlive its terminal (nohup) does
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        caught.append(signal.SIGHUP)
    previous: dict[int, Callable[..., Any] | int | None] = {
        number: signal.signal(number, flag.catch) for number in caught
    }
    try:
        yield flag
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
