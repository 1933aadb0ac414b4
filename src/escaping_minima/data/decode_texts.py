"""Texts, labels and tokens from the bytes of their official formats."""

from __future__ import annotations

from typing import NamedTuple

from escaping_minima.errors import UserError


class Comment(NamedTuple):
    """A row of GoEmotions: its text, the numbers of its emotions, the id of the comment."""

    text: str
    emotions: tuple[int, ...]
    identity: str


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
        raise _corrupt(name, f"not UTF-8 text (at byte {error.start:,})") from None
    lines = text.removesuffix("\n").split("\n")
    if lines == [""]:
        raise _corrupt(name, "empty")
    return lines


def decode_goemotions(data: bytes, classes: int, name: str) -> list[Comment]:
    """Decode a split of GoEmotions.

    Parameters
    ----------
    data : bytes
        Lines of text, comma-separated numbers of emotions and comment id, separated by tabs.
    classes : int
        The number of emotions.
    name : str
        The file, for messages.

    Returns
    -------
    list of Comment

    Raises
    ------
    UserError
        If a line has not three columns or names no or an unknown emotion; exit code 1.

    Notes
    -----
    Source: the readme beside the data, google-research/goemotions.
    """
    return [
        _decode_comment(line, classes, f"{name}, line {number}")
        for number, line in enumerate(decode_lines(data, name), start=1)
    ]


def _decode_comment(line: str, classes: int, name: str) -> Comment:
    columns = line.split("\t")
    if len(columns) != 3:
        raise _corrupt(name, f"has {len(columns)} columns instead of 3")
    text, emotions, identity = columns
    return Comment(
        text, tuple(_decode_label(word, classes, name) for word in emotions.split(",")), identity
    )


def decode_labels(data: bytes, classes: int, name: str) -> list[int]:
    """Decode a label a line, as in TweetEval.

    Raises
    ------
    UserError
        If a line holds anything else than a number below ``classes``; exit code 1.
    """
    return [
        _decode_label(line, classes, f"{name}, line {number}")
        for number, line in enumerate(decode_lines(data, name), start=1)
    ]


def _decode_label(word: str, classes: int, name: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word) < classes):
        raise _corrupt(name, f"has the label {word[:20]!r}; allowed: 0 to {classes - 1}")
    return int(word)


def decode_mapping(data: bytes, name: str) -> tuple[str, ...]:
    """Decode the names of the classes of TweetEval: number and name a line, numbers in order.

    Raises
    ------
    UserError
        If a line is made otherwise or out of order; exit code 1.
    """
    names = []
    for number, line in enumerate(decode_lines(data, name)):
        label, tab, word = line.partition("\t")
        if label != str(number) or not tab or not word.strip():
            raise _corrupt(
                name, f"has {line[:20]!r} in line {number + 1} instead of '{number}', a tab, a name"
            )
        names.append(word.strip())
    return tuple(names)


def decode_vocabulary(data: bytes, name: str) -> tuple[str, ...]:
    """Decode a WordPiece vocabulary: a token a line, its number being that of the line from 0.

    Raises
    ------
    UserError
        If a token is given twice or the unknown token is missing; exit code 1.
    """
    tokens = decode_lines(data, name)
    first: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
        if token in first:
            raise _corrupt(
                name, f"has the token {token[:20]!r} in line {first[token]} and line {number}"
            )
        first[token] = number
    if "[UNK]" not in first:
        raise _corrupt(name, "has no token [UNK]: not a WordPiece vocabulary")
    return tuple(tokens)


def _corrupt(name: str, reason: str) -> UserError:
    return UserError(f"{name}: {reason}", exit_code=1)
