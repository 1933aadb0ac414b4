"""Lines of text and the numbers in them, as several formats of texts have them."""

from __future__ import annotations

from escaping_minima.errors import UserError


def decode_lines(data: bytes, name: str) -> list[str]:
    r"""Split UTF-8 text at line feeds alone; a last line need not end in one.

    Tweets hold other characters that Python's ``splitlines`` would split at.

    Raises
    ------
    UserError
        If the text is not UTF-8 or empty; exit code 1.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: not UTF-8 text (at byte {error.start:,})", exit_code=1) from None
    lines = text.removesuffix("\n").split("\n")
    if lines == [""]:
        raise UserError(f"{name}: empty", exit_code=1)
    return lines


def decode_label(word: str, classes: int, name: str) -> int:
    """Decode the number of a class.

    Raises
    ------
    UserError
        If it is anything else than a number below ``classes``; exit code 1.
    """
    if not (word.isascii() and word.isdigit() and int(word) < classes):
        raise UserError(
            f"{name}: has the label {word[:20]!r}; allowed: 0 to {classes - 1}", exit_code=1
        )
    return int(word)
