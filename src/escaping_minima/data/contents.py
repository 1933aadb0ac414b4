"""The verified bytes behind a data set: fetched, from the samples, or generated."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from escaping_minima.data.generate import generate
from escaping_minima.data.places import data_folder
from escaping_minima.data.record import ACCEPTED, read_record
from escaping_minima.data.registry import DataFile, DataSet
from escaping_minima.data.sample_index import SAMPLES, read_index
from escaping_minima.data.unpack import iter_contents
from escaping_minima.errors import UserError

Version = Literal["generated", "sample", "full"]

MISSING = "missing"
#: What helps where a file of the cache cannot be read.
ALLOW = "allow reading it or set 'data_folder' to another folder"

_INSTALL = "install the project again"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Contents:
    """What the decoders read.

    Attributes
    ----------
    data : mapping
        Bytes by official name, unpacked.
    checksums : dict
        Their SHA-256.
    accepted : tuple of str
        The files that are not the official ones and that the user has accepted.
    place : str
        Where they came from, for messages.
    """

    data: Mapping[str, bytes]
    checksums: dict[str, str]
    accepted: tuple[str, ...]
    place: str


def read_contents(
    data_set: DataSet,
    version: Version,
    folder: str | Path | None,
    accepted: Collection[str] | None = None,
) -> Contents:
    """Read and verify the bytes of a version of a data set.

    Parameters
    ----------
    data_set : DataSet
    version : str
        "generated", "sample" or "full".
    folder : str or Path, optional
        Where full sets lie; see `data_folder`.
    accepted : collection of str, optional
        SHA-256 of other versions of the files that the user accepts now. None: those that were
        accepted when they were fetched, as the record beside them says.

    Raises
    ------
    UserError
        If there is no such version (exit code 2), or a file is missing, altered or unreadable
        (exit code 1).
    """
    if not data_set.has_versions and version in ("generated", "sample"):
        raise UserError(f"version of {data_set.name}: found {version!r}; allowed: 'full'")
    if version == "generated":
        return _summarise(generate(data_set), (), f"generated {data_set.name}")
    if version == "sample":
        return _read_sample(data_set)
    if version == "full":
        return _read_full(data_set, data_folder(folder) / data_set.folder, accepted)
    raise UserError(
        f"version of {data_set.name}: found {version!r}; allowed: {', '.join(get_args(Version))}"
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def trouble_with(path: Path) -> str:
    """Say why a file cannot be opened: that it is missing, or another reason; else nothing."""
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return ""


def _summarise(data: Mapping[str, bytes], accepted: tuple[str, ...], place: str) -> Contents:
    checksums = {name: hashlib.sha256(held).hexdigest() for name, held in data.items()}
    return Contents(data, checksums, accepted, place)


def _read_sample(data_set: DataSet) -> Contents:
    data = {}
    for sample in read_index()[data_set.name]:
        path = SAMPLES / sample.file
        if trouble := trouble_with(path):
            raise UserError(f"{path}: {trouble}; {_INSTALL}", exit_code=1)
        try:
            ((_, held),) = iter_contents(path, [sample.content], str(path))
        except UserError as error:
            raise UserError(f"{error}; {_INSTALL}", exit_code=1) from None
        if hashlib.sha256(held).hexdigest() != sample.content.sha256:
            raise UserError(
                f"{path}: altered; its SHA-256 is not the one in {SAMPLES / 'index.json'}; "
                f"{_INSTALL}",
                exit_code=1,
            )
        data[sample.content.name] = held
    return _summarise(data, (), str(SAMPLES / data_set.name))


def _read_full(data_set: DataSet, folder: Path, accepted: Collection[str] | None) -> Contents:
    data: dict[str, bytes] = {}
    others = []
    for file in data_set.files:
        path = folder / file.name
        held = _read_file(path, file, data_set)
        if not _is_official(held, file) and _is_accepted(path, file, data_set, accepted):
            others.append(file.name)
        data |= held
    return _summarise(data, tuple(others), str(folder))


def _read_file(path: Path, file: DataFile, data_set: DataSet) -> dict[str, bytes]:
    if trouble := trouble_with(path):
        mend = _fetch(data_set) if trouble == MISSING else ALLOW
        raise UserError(f"{path}: {trouble}; {mend}", exit_code=1)
    try:
        return {c.name: held for c, held in iter_contents(path, file.contents, str(path))}
    except UserError as error:
        raise UserError(f"{error}; {_fetch(data_set)}", exit_code=1) from None


def _fetch(data_set: DataSet) -> str:
    return f"run: escaping-minima fetch {data_set.name}"


def _is_official(held: Mapping[str, bytes], file: DataFile) -> bool:
    return all(hashlib.sha256(held[c.name]).hexdigest() == c.sha256 for c in file.contents)


def _is_accepted(
    path: Path, file: DataFile, data_set: DataSet, accepted: Collection[str] | None
) -> bool:
    """Whether the user has accepted the file; if it is not the official one either, refuse it."""
    try:
        found = file_sha256(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {ALLOW}", 1) from None
    if found == file.sha256:
        return False
    entry = read_record(path.parent).get(file.name)
    on_record = entry is not None and entry.verified == ACCEPTED and entry.sha256 == found
    if on_record if accepted is None else found in accepted:
        return True
    if on_record:
        raise UserError(
            f"{path}: no longer accepted; list its SHA-256 {found} in accept_checksums, "
            f"or {_fetch(data_set)}",
            exit_code=1,
        )
    raise UserError(
        f"{path}: altered; its SHA-256 is {found} instead of {file.sha256}; {_fetch(data_set)}",
        exit_code=1,
    )
