"""The line that says how far a download is."""

from __future__ import annotations

import io
from types import SimpleNamespace

from escaping_minima.data import progress
from escaping_minima.data.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream):
    """What a terminal shows in the end."""
    lines = []
    for line in stream.getvalue().split("\n"):
        cells = []
        for part in line.split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells).rstrip())
    return lines


def test_a_terminal_shows_how_far_it_is():
    stream = Terminal()
    line = ProgressLine(stream)
    line.advance("a.gz", 1_500_000, 9_000_000)
    # too soon after the first to be worth drawing
    line.advance("a.gz", 1_600_000, 9_000_000)
    assert shown(stream) == ["a.gz: 1.5 of 9.0 MB"]
    line.say("done")
    assert shown(stream) == ["done", ""]


def test_nothing_unfinished_is_left_behind():
    stream = Terminal()
    with ProgressLine(stream) as line:
        line.advance("a.gz", 1, 2)
    assert shown(stream) == [""]


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for second in range(40):
            clock[0] = 100.0 + second
            line.advance("a.gz", second * 1_000_000, 40_000_000)
        line.say("done")
    assert stream.getvalue().splitlines() == [
        "a.gz: 15.0 of 40.0 MB",
        "a.gz: 30.0 of 40.0 MB",
        "done",
    ]


def test_a_log_that_cannot_be_written_ends_nothing():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    with ProgressLine(Full()) as line:
        line.say("done")
