"""What a terminal shows that does not have every character."""

from __future__ import annotations

import codecs
import io
import sys

#: Name of the handler of encoding errors.
_HANDLER = "escaping-minima"
#: What stands for the characters of words and numbers that are no letters.
_PLAIN = {
    "\u2212": "-",
    "\u2013": "-",
    "\u2026": "...",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2264": "<=",
    "\u2265": ">=",
    "\u00d7": "x",
    "\u00b1": "+-",
}


def print_anywhere() -> None:
    """Let what is printed never fail for a character that the terminal's encoding lacks.

    Signs become plain ones, and a letter its number, as on standard error.
    """
    codecs.register_error(_HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text)
    return plain, error.end
