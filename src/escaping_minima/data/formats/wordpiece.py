"""WordPiece: a token a line, its number being that of the line from 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from escaping_minima.data.formats.lines import decode_lines
from escaping_minima.errors import UserError


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a WordPiece vocabulary.

    Attributes
    ----------
    tokens : tuple of str
        In order.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name; entered where they are verified.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    """

    tokens: tuple[str, ...]
    checksums: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> Vocabulary:
    """Decode the vocabulary of a model.

    Parameters
    ----------
    contents : mapping
        The vocabulary, by official name.
    classes : tuple of str
        Not needed: tokens have none.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If the file is corrupt; exit code 1.
    """
    return Vocabulary(decode_tokens(contents["vocab.txt"], f"{place}: vocab.txt"))


def decode_tokens(data: bytes, name: str) -> tuple[str, ...]:
    """Decode the tokens, in order.

    Raises
    ------
    UserError
        If a token is given twice or the unknown token is missing; exit code 1.
    """
    tokens = decode_lines(data, name)
    first: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
        if token in first:
            raise UserError(
                f"{name}: has the token {token[:20]!r} in line {first[token]} and line {number}",
                exit_code=1,
            )
        first[token] = number
    if "[UNK]" not in first:
        raise UserError(f"{name}: has no token [UNK]: not a WordPiece vocabulary", exit_code=1)
    return tuple(tokens)
