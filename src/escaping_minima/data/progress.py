"""A line that says how far a download is."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

_LEAST_SECONDS = 0.2
_MEGABYTE = 1_000_000


class Progress(Protocol):
    """What fetching reports to."""

    def advance(self, what: str, done: int, total: int) -> None:
        """Say that ``done`` of about ``total`` bytes are here."""

    def say(self, line: str) -> None:
        """Say something that stays."""


class ProgressLine:
    """Lines on a stream; in a terminal, with one below them that is written over.

    Parameters
    ----------
    stream : TextIO, optional
        Standard error if none is given.

    Notes
    -----
    As a context manager it leaves no unfinished line behind.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._last = 0.0
        self._width = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._overwrite("")

    def advance(self, what: str, done: int, total: int) -> None:
        """Write over the line, a few times a second at most."""
        now = time.monotonic()
        if self._is_terminal and now - self._last >= _LEAST_SECONDS:
            self._last = now
            self._overwrite(f"{what}: {done / _MEGABYTE:.1f} of {total / _MEGABYTE:.1f} MB")

    def say(self, line: str) -> None:
        """Write a line for good."""
        self._overwrite("")
        print(line, file=self._stream, flush=True)

    def _overwrite(self, text: str) -> None:
        if self._is_terminal:
            print(f"\r{text:<{self._width}}\r{text}", end="", file=self._stream, flush=True)
            self._width = len(text)
