"""What a compressed file or an archive holds, read in memory and never written to a path."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from escaping_minima.data.registry import Content
from escaping_minima.errors import UserError

# Another version of a file may be somewhat larger than the official one; a bomb is far larger.
_MARGIN = 1 << 20
# What gzip, xz and tar say of bytes that are not theirs; numbers and names in the headers of an
# archive are read as they stand, and extensions within extensions without end.
_DAMAGED = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    tarfile.TarError,
    ValueError,
    LookupError,
    OverflowError,
    RecursionError,
)
# Archives also hold members that nobody asks for, such as a readme.
_OTHER_MEMBERS = 16 << 20


def size_limit(official: int) -> int:
    """Return how many bytes are read at most where ``official`` are expected."""
    return 2 * official + _MARGIN


def iter_contents(
    path: Path, contents: Sequence[Content], label: str
) -> Iterator[tuple[Content, bytes]]:
    """Read what a file holds.

    Parameters
    ----------
    path : Path
        The file.
    contents : sequence of Content
        What to read: members of a tar archive by their exact names, or the one content of any
        other file. Their sizes bound what is read.
    label : str
        The official name of the file, whose ending (.tar.gz, .gz, .xz or another) says how it is
        packed, after any folders.

    Yields
    ------
    tuple of (Content, bytes)
        In the order of the archive.

    Raises
    ------
    UserError
        If the file cannot be read, is damaged, lacks a member, or is larger or otherwise made
        than such a file can be; exit code 1.
    """
    try:
        with _open(path, label) as file:
            if label.endswith(".tar.gz"):
                yield from _iter_members(file, contents, label)
            else:
                (content,) = contents
                yield content, _read_bounded(file, size_limit(content.bytes), label)
    except _DAMAGED as error:
        raise _refusal(label, f"damaged or cut short ({error})") from None
    except OSError as error:
        raise _refusal(label, f"cannot be read ({error.strerror})") from None


def _open(path: Path, label: str) -> BinaryIO:
    if label.endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if label.endswith(".xz"):
        return cast(BinaryIO, lzma.open(path, "rb"))
    return path.open("rb")


def _read_bounded(file: BinaryIO, limit: int, label: str) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise _refusal(label, f"unpacks to more than {limit:,} bytes, which no version of it does")
    return data


def _too_much(label: str, limit: int) -> UserError:
    return _refusal(label, f"unpacks to more than {limit:,} bytes, which no version does")


class _Capped:
    """A stream that ends in a refusal where an archive unpacks to more than it may."""

    def __init__(self, file: BinaryIO, limit: int, label: str) -> None:
        self._file = file
        self._left = limit
        self._label = label
        self._limit = limit

    def read(self, count: int) -> bytes:
        data = self._file.read(count)
        self._left -= len(data)
        if self._left < 0:
            raise _too_much(self._label, self._limit)
        return data


def _iter_members(
    file: BinaryIO, contents: Sequence[Content], label: str
) -> Iterator[tuple[Content, bytes]]:
    wanted = {content.name: content for content in contents}
    limit = size_limit(sum(content.bytes for content in contents)) + _OTHER_MEMBERS
    capped = cast(BinaryIO, _Capped(file, limit, label))
    with tarfile.open(fileobj=capped, mode="r|") as archive:
        for member in archive:
            _refuse_odd_member(member, label)
            if member.size > limit:
                # reading on would count through all of it, although the archive has long ended
                raise _too_much(label, limit)
            content = wanted.pop(member.name.removeprefix("./"), None)
            if content is not None:
                yield content, _read_member(archive, member, content, label)
    # gzip's own checksum stands behind the end of the archive
    while capped.read(_MARGIN):
        pass
    if wanted:
        raise _refusal(label, f"has no member {next(iter(wanted))}")


def _refuse_odd_member(member: tarfile.TarInfo, label: str) -> None:
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise _refusal(label, f"its member {member.name!r} leads out of the archive")
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise _refusal(label, f"its member {member.name!r} is neither a plain file nor a folder")


def _read_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, content: Content, label: str
) -> bytes:
    if member.size > size_limit(content.bytes):
        raise _refusal(
            label,
            f"its member {member.name} has {member.size:,} bytes instead of {content.bytes:,}",
        )
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def _refusal(label: str, reason: str) -> UserError:
    return UserError(f"{label}: {reason}", exit_code=1)
