"""TweetEval: files of texts beside files of labels, and a mapping that names the classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from escaping_minima.data.formats.lines import decode_label, decode_lines
from escaping_minima.data.formats.text_data import Labels, TextData
from escaping_minima.errors import UserError


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> TextData:
    """Decode a task of TweetEval; a text has one class.

    Parameters
    ----------
    contents : mapping
        Texts and labels of the splits and the mapping, by official name.
    classes : tuple of str
        Not needed: a file holds them.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If a file is corrupt or contradicts the one beside it; exit code 1.
    """
    named = decode_mapping(contents["mapping.txt"], f"{place}: mapping.txt")
    return TextData(
        *_decode_split(contents, "train", len(named), place),
        *_decode_split(contents, "val", len(named), place),
        *_decode_split(contents, "test", len(named), place),
        classes=named,
    )


def _decode_split(
    contents: Mapping[str, bytes], split: str, classes: int, place: str
) -> tuple[list[str], Labels]:
    texts_name, labels_name = f"{split}_text.txt", f"{split}_labels.txt"
    texts = decode_lines(contents[texts_name], f"{place}: {texts_name}")
    labels = decode_labels(contents[labels_name], classes, f"{place}: {labels_name}")
    if len(labels) != len(texts):
        raise UserError(
            f"{place}: {labels_name}: holds {len(labels):,} labels for {len(texts):,} texts",
            exit_code=1,
        )
    return texts, np.array(labels, np.int64)


def decode_labels(data: bytes, classes: int, name: str) -> list[int]:
    """Decode a label a line.

    Raises
    ------
    UserError
        If a line holds anything else than a number below ``classes``; exit code 1.
    """
    return [
        decode_label(line, classes, f"{name}, line {number}")
        for number, line in enumerate(decode_lines(data, name), start=1)
    ]


def decode_mapping(data: bytes, name: str) -> tuple[str, ...]:
    """Decode the names of the classes: number and name a line, numbers in order.

    Raises
    ------
    UserError
        If a line is made otherwise or out of order; exit code 1.
    """
    names = []
    for number, line in enumerate(decode_lines(data, name)):
        label, tab, word = line.partition("\t")
        if label != str(number) or not tab or not word.strip():
            raise UserError(
                f"{name}: has {line[:20]!r} in line {number + 1} instead of '{number}', a tab, "
                "a name",
                exit_code=1,
            )
        names.append(word.strip())
    return tuple(names)
