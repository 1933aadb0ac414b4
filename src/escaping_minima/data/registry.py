"""The data sets that the project knows: their files, checksums, hosts, licences.

They stand in ``registry.json``. A URL there is a pattern: {file} stands for the name of the file.
``contents`` are what a file holds once it is unpacked: a copy that is packed in another way passes
by them; a file without ``contents`` holds itself. Sizes are in bytes, checksums are SHA-256.
``package`` is where an installed Python package has the file, its folder first. (JSON, because
training reads it and needs no YAML.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError

REGISTRY = Path(__file__).resolve().with_name("registry.json")


@dataclass(frozen=True)
class Content:
    """Bytes that a decoder reads: a file once it is unpacked, or a member of an archive."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class DataFile:
    """An official file.

    Attributes
    ----------
    name : str
        Its official name.
    bytes : int
        Its size.
    sha256 : str
        Its checksum.
    contents : tuple of Content
        What it holds once unpacked; a plain file holds itself.
    urls : tuple of str
        Where it and copies of it are found, the best first.
    package : str
        The path by which a Python package has it that may be installed; empty where none has.
    """

    name: str
    bytes: int
    sha256: str
    contents: tuple[Content, ...]
    urls: tuple[str, ...]
    package: str = ""


@dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes
    ----------
    name : str
        What users and studies call it.
    kind : str
        "images", "texts", "vocabulary" or "encoder".
    format : str
        What decodes it: a module of `escaping_minima.data.formats`.
    folder : str
        The folder of its files in a cache or a mirror.
    classes : tuple of str
        The names of the labels, in order, where no file holds them.
    files : tuple of DataFile
        Its official files.
    """

    name: str
    title: str
    kind: str
    format: str
    folder: str
    description: str
    licence: str
    citation: str
    classes: tuple[str, ...]
    files: tuple[DataFile, ...]

    @property
    def has_versions(self) -> bool:
        """Whether there are samples and a generated set; weights are only fetched, by name."""
        return self.kind != "encoder"


@cache
def read_registry() -> Mapping[str, DataSet]:
    """Read the data sets, by name.

    Raises
    ------
    UserError
        If the registry is missing or damaged; exit code 1.
    """
    try:
        entries = json.loads(REGISTRY.read_text(encoding="utf-8"))
        return {name: _read_data_set(name, entry) for name, entry in entries.items()}
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    # a slip in the pattern of a URL is a lookup that fails
    except (ValueError, TypeError, LookupError, AttributeError):
        reason = "damaged"
    raise UserError(f"{REGISTRY}: {reason}; install the project again", exit_code=1)


def find_data_set(name: str) -> DataSet:
    """Return a data set by name.

    Raises
    ------
    UserError
        If there is none of that name.
    """
    registry = read_registry()
    if name not in registry:
        raise UserError(f"data set: found {name!r}; allowed: {', '.join(registry)}")
    return registry[name]


def _read_data_set(name: str, entry: Mapping[str, Any]) -> DataSet:
    words = ("title", "kind", "format", "folder", "description", "licence", "citation")
    return DataSet(
        name=name,
        **{word: entry[word] for word in words},
        classes=tuple(entry.get("classes", ())),
        files=tuple(_read_file(n, e, entry["urls"]) for n, e in entry["files"].items()),
    )


def _read_file(name: str, entry: Mapping[str, Any], urls: list[str]) -> DataFile:
    itself = {name: {"bytes": entry["bytes"], "sha256": entry["sha256"]}}
    contents = entry.get("contents", itself).items()
    return DataFile(
        name=name,
        bytes=entry["bytes"],
        sha256=entry["sha256"],
        contents=tuple(Content(n, e["bytes"], e["sha256"]) for n, e in contents),
        urls=tuple(url.format(file=name) for url in entry.get("urls", urls)),
        package=entry.get("package", ""),
    )
