"""GoEmotions: a comment a line, with its emotions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from escaping_minima.data.formats.lines import decode_label, decode_lines
from escaping_minima.data.formats.text_data import Labels, TextData
from escaping_minima.errors import UserError


class Comment(NamedTuple):
    """A row of GoEmotions: its text, the numbers of its emotions, the id of the comment."""

    text: str
    emotions: tuple[int, ...]
    identity: str


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> TextData:
    """Decode GoEmotions; a comment may have several emotions.

    Parameters
    ----------
    contents : mapping
        The splits and the list of emotions, by official name.
    classes : tuple of str
        Not needed: a file holds them.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If a file is corrupt; exit code 1.
    """
    emotions = tuple(decode_lines(contents["emotions.txt"], f"{place}: emotions.txt"))
    return TextData(
        *_decode_split(contents, "train.tsv", len(emotions), place),
        *_decode_split(contents, "dev.tsv", len(emotions), place),
        *_decode_split(contents, "test.tsv", len(emotions), place),
        classes=emotions,
    )


def _decode_split(
    contents: Mapping[str, bytes], name: str, classes: int, place: str
) -> tuple[list[str], Labels]:
    comments = decode_comments(contents[name], classes, f"{place}: {name}")
    labels = np.zeros((len(comments), classes), np.uint8)
    for row, comment in enumerate(comments):
        labels[row, list(comment.emotions)] = 1
    return [comment.text for comment in comments], labels


def decode_comments(data: bytes, classes: int, name: str) -> list[Comment]:
    """Decode a split.

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
        raise UserError(f"{name}: has {len(columns)} columns instead of 3", exit_code=1)
    text, emotions, identity = columns
    return Comment(
        text, tuple(decode_label(word, classes, name) for word in emotions.split(",")), identity
    )
