"""Data sets as arrays and texts, verified each time they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escaping_minima.data.contents import Contents, Version, read_contents
from escaping_minima.data.decode_images import check_labels, decode_cifar, decode_idx
from escaping_minima.data.decode_texts import (
    decode_goemotions,
    decode_labels,
    decode_lines,
    decode_mapping,
    decode_vocabulary,
)
from escaping_minima.data.registry import DataSet, find_data_set, read_registry
from escaping_minima.errors import UserError

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64] | NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ImageData:
    """An image data set; the arrays are read-only.

    Attributes
    ----------
    train_images, test_images : ndarray of uint8, shape (n, channels, height, width)
    train_labels, test_labels : ndarray of uint8, shape (n,)
        Of CIFAR-100 the fine ones.
    classes : tuple of str
        What the labels mean.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    train_coarse, test_coarse : ndarray of uint8, shape (n,), or None
        The coarse labels of CIFAR-100.
    """

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    classes: tuple[str, ...]
    checksums: dict[str, str]
    accepted: tuple[str, ...] = ()
    train_coarse: Bytes | None = None
    test_coarse: Bytes | None = None


@dataclass(frozen=True, eq=False)
class TextData:
    """A text data set.

    Attributes
    ----------
    train_texts, validation_texts, test_texts : list of str
    train_labels, validation_labels, test_labels : ndarray
        int64 of shape (n,) where a text has one class; uint8 of shape (n, classes), 1 where the
        class applies, where it may have several.
    classes : tuple of str
        What the labels mean.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    """

    train_texts: list[str]
    train_labels: Labels
    validation_texts: list[str]
    validation_labels: Labels
    test_texts: list[str]
    test_labels: Labels
    classes: tuple[str, ...]
    checksums: dict[str, str]
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a WordPiece vocabulary, in order, and where they were read from."""

    tokens: tuple[str, ...]
    checksums: dict[str, str]
    accepted: tuple[str, ...] = ()


def load_images(
    name: str,
    version: Version,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> ImageData:
    """Load an image data set.

    Parameters
    ----------
    name : str
        "mnist", "fashion-mnist", "cifar-10" or "cifar-100".
    version : str
        "generated": a tiny invented set for tests; "sample": the real images that the project
        carries; "full": the fetched set.
    folder : str or Path, optional
        Where fetched sets lie; see `escaping_minima.data.places.data_folder`.
    accepted : collection of str, optional
        SHA-256 of other versions of the files that the user accepts now. None: those that were
        accepted when they were fetched.

    Returns
    -------
    ImageData

    Raises
    ------
    UserError
        If there is no such set or version (exit code 2), or a file is missing, altered or
        unreadable (exit code 1).
    """
    data_set = _find(name, "images")
    contents = read_contents(data_set, version, folder, accepted)
    if name in ("mnist", "fashion-mnist"):
        return _decode_mnist(contents, data_set)
    return _decode_cifar(contents, data_set)


def load_texts(
    name: str,
    version: Version,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> TextData:
    """Load a text data set: "goemotions" or "tweeteval-emotion"; see `load_images`."""
    data_set = _find(name, "texts")
    contents = read_contents(data_set, version, folder, accepted)
    return (_decode_goemotions if name == "goemotions" else _decode_tweeteval)(contents)


def load_vocabulary(
    version: Version,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> Vocabulary:
    """Load the WordPiece vocabulary of bert-base-uncased; see `load_images`."""
    contents = read_contents(find_data_set("bert-vocabulary"), version, folder, accepted)
    tokens = decode_vocabulary(*_named(contents, "vocab.txt"))
    return Vocabulary(tokens, contents.checksums, contents.accepted)


def _find(name: str, kind: str) -> DataSet:
    allowed = [known.name for known in read_registry().values() if known.kind == kind]
    if name not in allowed:
        raise UserError(f"data set of {kind}: found {name!r}; allowed: {', '.join(allowed)}")
    return find_data_set(name)


def _named(contents: Contents, name: str) -> tuple[bytes, str]:
    return contents.data[name], f"{contents.place}: {name}"


def _decode_mnist(contents: Contents, data_set: DataSet) -> ImageData:
    def split(prefix: str) -> tuple[Bytes, Bytes]:
        images, images_name = _named(contents, f"{prefix}-images-idx3-ubyte")
        labels, labels_name = _named(contents, f"{prefix}-labels-idx1-ubyte")
        decoded = decode_idx(images, 3, images_name)[:, None]
        classes = decode_idx(labels, 1, labels_name)
        check_labels(classes, decoded, len(data_set.classes), labels_name)
        return decoded, classes

    return ImageData(
        *split("train"),
        *split("t10k"),
        classes=data_set.classes,
        checksums=contents.checksums,
        accepted=contents.accepted,
    )


def _decode_cifar(contents: Contents, data_set: DataSet) -> ImageData:
    label_bytes = 2 if data_set.name == "cifar-100" else 1
    test = [name for name in contents.data if "/test" in name]
    train = sorted(set(contents.data) - set(test))
    train_images, train_labels = _decode_batches(contents, train, label_bytes, data_set)
    test_images, test_labels = _decode_batches(contents, test, label_bytes, data_set)
    coarse = label_bytes == 2
    return ImageData(
        train_images,
        train_labels[:, -1],
        test_images,
        test_labels[:, -1],
        classes=data_set.classes,
        checksums=contents.checksums,
        accepted=contents.accepted,
        train_coarse=train_labels[:, 0] if coarse else None,
        test_coarse=test_labels[:, 0] if coarse else None,
    )


def _decode_batches(
    contents: Contents, names: Sequence[str], label_bytes: int, data_set: DataSet
) -> tuple[Bytes, Bytes]:
    images, labels = [], []
    for name in names:
        data, label = _named(contents, name)
        rows, pixels = decode_cifar(data, label_bytes, label)
        check_labels(rows[:, -1], pixels, len(data_set.classes), label)
        labels.append(rows)
        images.append(pixels)
    return _read_only(np.concatenate(images)), _read_only(np.concatenate(labels))


def _read_only(values: Bytes) -> Bytes:
    values.setflags(write=False)
    return values


def _decode_goemotions(contents: Contents) -> TextData:
    classes = tuple(decode_lines(*_named(contents, "emotions.txt")))

    def split(name: str) -> tuple[list[str], Labels]:
        data, label = _named(contents, name)
        comments = decode_goemotions(data, len(classes), label)
        labels = np.zeros((len(comments), len(classes)), np.uint8)
        for row, comment in enumerate(comments):
            labels[row, list(comment.emotions)] = 1
        return [comment.text for comment in comments], labels

    return _text_data(split, ("train.tsv", "dev.tsv", "test.tsv"), classes, contents)


def _decode_tweeteval(contents: Contents) -> TextData:
    classes = decode_mapping(*_named(contents, "mapping.txt"))

    def split(name: str) -> tuple[list[str], Labels]:
        texts = decode_lines(*_named(contents, f"{name}_text.txt"))
        data, label = _named(contents, f"{name}_labels.txt")
        labels = decode_labels(data, len(classes), label)
        if len(labels) != len(texts):
            raise UserError(
                f"{label}: holds {len(labels):,} labels for {len(texts):,} texts", exit_code=1
            )
        return texts, np.array(labels, np.int64)

    return _text_data(split, ("train", "val", "test"), classes, contents)


def _text_data(
    split: Callable[[str], tuple[list[str], Labels]],
    names: Sequence[str],
    classes: tuple[str, ...],
    contents: Contents,
) -> TextData:
    (train, train_labels), (validation, validation_labels), (test, test_labels) = map(split, names)
    return TextData(
        train,
        train_labels,
        validation,
        validation_labels,
        test,
        test_labels,
        classes,
        contents.checksums,
        contents.accepted,
    )
