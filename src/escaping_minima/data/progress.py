"""How far a download is: a line in a terminal, lines now and then in a log."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Protocol, TextIO

# Seconds between two lines of progress at least: in a terminal, and where each of them stays.
_IN_A_TERMINAL, _IN_A_LOG = 0.2, 15.0
_MEGABYTE = 1_000_000


class Progress(Protocol):
    """What fetching reports to."""

    def advance(self, what: str, done: int, total: int) -> None:
        """Say that ``done`` of about ``total`` bytes are here."""

    def say(self, line: str) -> None:
        """Say something that stays."""


class ProgressLine:
    """Lines on a stream; in a terminal, progress is one below them that is written over.

    Parameters
    ----------
    stream : TextIO, optional
        Standard error if none is given.

    Notes
    -----
    As a context manager it leaves no unfinished line behind. A stream that cannot be written, as on
    a full disk, ends no download.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        # a download that ends at once leaves no line of progress in a log
        self._next = 0.0 if self._is_terminal else time.monotonic() + _IN_A_LOG
        self._width = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._overwrite("")

    def advance(self, what: str, done: int, total: int) -> None:
        """Write over the line, or write another, but not too often."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_IN_A_TERMINAL if self._is_terminal else _IN_A_LOG)
        text = f"{what}: {done / _MEGABYTE:.1f} of {total / _MEGABYTE:.1f} MB"
        if self._is_terminal:
            self._overwrite(text)
        else:
            self._print(f"{text}\n")

    def say(self, line: str) -> None:
        """Write a line for good."""
        self._overwrite("")
        self._print(f"{line}\n")

    def _overwrite(self, text: str) -> None:
        if self._is_terminal:
            self._print(f"\r{text:<{self._width}}\r{text}")
            self._width = len(text)

    def _print(self, text: str) -> None:
        with suppress(OSError):
            print(text, end="", file=self._stream, flush=True)
