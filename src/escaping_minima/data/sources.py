"""Where a file may come from: the user's mirrors, then packages, official hosts and copies."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from escaping_minima.data.registry import DataFile, DataSet
from escaping_minima.errors import UserError

MIRROR_VARIABLE = "ESCAPING_MINIMA_MIRROR"

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


def user_mirrors(mirrors: Sequence[str]) -> tuple[str, ...]:
    """Return the mirrors of the environment, then those of the configuration.

    Parameters
    ----------
    mirrors : sequence of str
        The user's ``mirrors``: folders or URLs.

    Raises
    ------
    UserError
        If one is a URL that is not of http or https.
    """
    words = os.environ.get(MIRROR_VARIABLE, "").split(",")
    found = (*(word.strip() for word in words if word.strip()), *mirrors)
    for mirror in found:
        scheme = _SCHEME.match(mirror)
        if scheme and not is_url(mirror):
            raise UserError(
                f"mirror: found {show(mirror)!r}; allowed: a folder, or a URL of http or https"
            )
    return found


def locate(data_set: DataSet, file: DataFile, mirrors: Sequence[str]) -> tuple[str, ...]:
    """Return the paths and URLs of a file, those of the user's mirrors first."""
    inside = f"{data_set.folder}/{file.name}"
    named = (f"{mirror.rstrip('/')}/{_quoted(mirror, inside)}" for mirror in mirrors)
    return (*named, *_in_package(file), *file.urls)


def _in_package(file: DataFile) -> list[str]:
    """Return where an installed package has a file; nothing of the package is run."""
    package, _, inside = file.package.partition("/")
    spec = importlib.util.find_spec(package) if package else None
    return [f"{folder}/{inside}" for folder in (spec and spec.submodule_search_locations) or ()]


def _quoted(mirror: str, inside: str) -> str:
    return quote(inside) if is_url(mirror) else inside


def is_url(location: str) -> bool:
    """Whether a location is reached over the network."""
    return location.lower().startswith(("http://", "https://"))


def host(location: str) -> str:
    """Return the host and port of a URL; of a path, nothing."""
    return urlsplit(location).netloc.rpartition("@")[2] if is_url(location) else ""


def show(location: str) -> str:
    """Return a location as it may be printed and recorded: without passwords and tokens."""
    if not _SCHEME.match(location):
        return location
    parts = urlsplit(location)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
