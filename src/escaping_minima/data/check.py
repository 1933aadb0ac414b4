"""What of the cache is there, and whether it is still what it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from escaping_minima.data.contents import ALLOW, MISSING, trouble_with
from escaping_minima.data.fetch import FetchSettings
from escaping_minima.data.registry import DataFile, DataSet, find_data_set
from escaping_minima.data.trouble import UnavailableError
from escaping_minima.data.verify import verify

ALTERED = "ALTERED"
UNREADABLE = "UNREADABLE"


def check(names: Iterable[str], settings: FetchSettings) -> list[tuple[Path, str]]:
    """Verify every file of data sets in the cache; nothing is fetched or written.

    Parameters
    ----------
    names : iterable of str
        The data sets.
    settings : FetchSettings

    Returns
    -------
    list of (Path, str)
        Each file, and what it was found to be: how it was verified, or words that start with
        `MISSING`, `ALTERED` (or not accepted) or `UNREADABLE`.

    Raises
    ------
    UserError
        If there is no such data set.
    """
    data_sets = [find_data_set(name) for name in names]
    return [
        (settings.folder / data_set.folder / file.name, _check_file(data_set, file, settings))
        for data_set in data_sets
        for file in data_set.files
    ]


def _check_file(data_set: DataSet, file: DataFile, settings: FetchSettings) -> str:
    path = settings.folder / data_set.folder / file.name
    trouble = trouble_with(path)
    if trouble == MISSING:
        return f"{MISSING}; run: escaping-minima fetch {data_set.name}"
    if trouble:
        return f"{UNREADABLE}: {trouble}; {ALLOW}"
    try:
        return verify(path, file, settings.accepted)[1]
    except UnavailableError as error:
        return f"{ALTERED}: {error}; run: escaping-minima fetch {data_set.name}"
