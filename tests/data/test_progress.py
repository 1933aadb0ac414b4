"""The line that says how far a download is."""

from __future__ import annotations

import io

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


def test_a_file_gets_whole_lines_alone():
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        line.advance("a.gz", 1, 2)
        line.say("done")
    assert stream.getvalue() == "done\n"
