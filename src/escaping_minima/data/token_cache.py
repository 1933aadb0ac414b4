"""Tokens of text data sets, made once and kept beside the fetched data.

A machine without the library that makes them can so be given them.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escaping_minima.data.contents import Version
from escaping_minima.data.formats.text_data import Labels, TextData
from escaping_minima.data.formats.tokens import FORMAT, TokenData, TokenSplit, join, tokenise
from escaping_minima.data.formats.wordpiece import Vocabulary
from escaping_minima.data.load import load_texts, load_vocabulary
from escaping_minima.data.places import data_folder
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes

#: The folder below that of the fetched data sets.
FOLDER = "tokens"
_SPLITS = ("train", "validation", "test")


def load_tokens(
    name: str,
    version: Version,
    length: int,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> TokenData:
    """Load a text data set as tokens.

    Parameters
    ----------
    name : str
        "goemotions" or "tweeteval-emotion".
    version, folder, accepted
        See `escaping_minima.data.load.load_images`; the vocabulary is of the same version.
    length : int
        At most so many tokens a text.

    Raises
    ------
    UserError
        If texts or vocabulary cannot be read (see `load_images`), or there are neither kept tokens
        nor the library that makes them (exit code 1).
    """
    texts = load_texts(name, version, folder, accepted)
    vocabulary = load_vocabulary(version, folder, accepted)
    if version == "generated":
        # the work of a moment, which would leave something behind with every test
        return _make(texts, vocabulary, length, name, None)
    path = cached_path(name, texts, vocabulary, length, folder)
    kept = None if path is None else _read(path, texts, vocabulary)
    if kept is None:
        kept = _make(texts, vocabulary, length, name, path)
        if path is not None:
            # where nothing can be kept, they are made again next time
            with suppress(UserError):
                write_bytes(path, _encode(kept))
    return kept


def cached_path(
    name: str,
    texts: TextData,
    vocabulary: Vocabulary,
    length: int,
    folder: str | Path | None = None,
) -> Path | None:
    """Return where tokens are kept, by all that decides them; None where there is no such place."""
    held = [FORMAT, length, sorted({**texts.checksums, **vocabulary.checksums}.items())]
    key = hashlib.sha256(json.dumps(held).encode()).hexdigest()[:16]
    try:
        return data_folder(folder) / FOLDER / f"{name}-{length}-{key}.npz"
    except UserError:
        return None


def _make(
    texts: TextData, vocabulary: Vocabulary, length: int, name: str, path: Path | None
) -> TokenData:
    try:
        return tokenise(texts, vocabulary, length)
    except ModuleNotFoundError as error:
        if error.name != "tokenizers":
            raise
    place = "" if path is None else f", nor are the tokens in {path}"
    raise UserError(
        f"tokens of {name}: the library 'tokenizers', which makes them, is not installed{place}; "
        "install it, or copy that file from a machine that has it",
        exit_code=1,
    )


def _encode(data: TokenData) -> bytes:
    held = io.BytesIO()
    columns: dict[str, NDArray[np.generic]] = {}
    for split in _SPLITS:
        part = getattr(data, split)
        columns |= {f"{split}_tokens": part.tokens, f"{split}_ends": part.ends}
    np.savez_compressed(held, allow_pickle=False, **columns)
    return held.getvalue()


def _read(path: Path, texts: TextData, vocabulary: Vocabulary) -> TokenData | None:
    """Read kept tokens; what is missing or damaged is made anew."""
    try:
        with np.load(path, allow_pickle=False) as held:
            found = {key: held[key] for key in held}
        parts = [
            _split(found[f"{split}_tokens"], found[f"{split}_ends"], labels)
            for split, labels in zip(
                _SPLITS,
                (texts.train_labels, texts.validation_labels, texts.test_labels),
                strict=True,
            )
        ]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return join(texts, vocabulary, *parts)


def _split(tokens: np.ndarray, ends: np.ndarray, labels: Labels) -> TokenSplit:
    if len(ends) != len(labels) or ends[-1] != len(tokens):
        raise ValueError("not the tokens of these texts")
    return TokenSplit(tokens, ends, labels)
