"""Data sets as arrays and texts, verified each time they are read."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escaping_minima.data.contents import Version, read_contents
from escaping_minima.data.formats.image_data import ImageData
from escaping_minima.data.formats.text_data import TextData
from escaping_minima.data.registry import DataSet, find_data_set, read_registry
from escaping_minima.errors import UserError

if TYPE_CHECKING:
    from escaping_minima.data.formats.safetensors import Tensors
    from escaping_minima.data.formats.wordpiece import Vocabulary

# what is loaded is named where it is loaded
__all__ = ["ImageData", "TextData", "load_encoder", "load_images", "load_texts", "load_vocabulary"]

FORMATS = "escaping_minima.data.formats"


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
    data: ImageData = _load(_find(name, "images"), version, folder, accepted)
    return data


def load_texts(
    name: str,
    version: Version,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> TextData:
    """Load a text data set: "goemotions" or "tweeteval-emotion"; see `load_images`."""
    data: TextData = _load(_find(name, "texts"), version, folder, accepted)
    return data


def load_vocabulary(
    version: Version,
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> Vocabulary:
    """Load the WordPiece vocabulary of bert-base-uncased; see `load_images`."""
    data: Vocabulary = _load(find_data_set("bert-vocabulary"), version, folder, accepted)
    return data


def load_encoder(
    name: str,
    version: Version = "full",
    folder: str | Path | None = None,
    accepted: Collection[str] | None = None,
) -> Tensors:
    """Load the weights of a pretrained encoder, of which there is no other version.

    Parameters
    ----------
    name : str
        "all-minilm-l6-v2" or "bert-base-uncased".
    version, folder, accepted
        See `load_images`.
    """
    data: Tensors = _load(_find(name, "encoder"), version, folder, accepted)
    return data


def _find(name: str, kind: str) -> DataSet:
    allowed = [known.name for known in read_registry().values() if known.kind == kind]
    if name not in allowed:
        raise UserError(f"data set of {kind}: found {name!r}; allowed: {', '.join(allowed)}")
    return find_data_set(name)


def _load(
    data_set: DataSet,
    version: Version,
    folder: str | Path | None,
    accepted: Collection[str] | None,
) -> Any:
    contents = read_contents(data_set, version, folder, accepted)
    data = _find_format(data_set).decode(contents.data, data_set.classes, contents.place)
    return replace(data, checksums=contents.checksums, accepted=contents.accepted)


def _find_format(data_set: DataSet) -> Any:
    """Import what decodes a data set, and no other format."""
    module_path = f"{FORMATS}.{data_set.format}"
    try:
        module = importlib.import_module(module_path)
    except ModuleNotFoundError as error:
        if error.name != module_path:
            raise
        module = None
    # a helper that formats share is none
    if not hasattr(module, "decode"):
        raise UserError(
            f"{data_set.name}: format: found {data_set.format!r}; allowed: a module of {FORMATS} "
            "that has decode()",
            exit_code=1,
        )
    return module
