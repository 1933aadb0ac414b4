"""Fetch data sets, or check those that were fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from escaping_minima.config.sections import Resolved
from escaping_minima.data import registry
from escaping_minima.data.check import ALTERED, UNREADABLE, check
from escaping_minima.data.fetch import FetchSettings, fetch_all, fetch_settings
from escaping_minima.data.mark import Vouched, stamp_of, to_json
from escaping_minima.data.progress import ProgressLine
from escaping_minima.data.registry import find_data_set
from escaping_minima.data.trouble import UnavailableError
from escaping_minima.data.verify import verify
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_json
from escaping_minima.plan.jobs import read_plan


def fetch_planned(plan: Path, mark: Path) -> None:
    """Fetch what the jobs of a plan train on, and leave a mark that vouches for each file.

    Parameters
    ----------
    plan : Path
        The file made by ``plan``.
    mark : Path
        Where the mark goes; see `escaping_minima.data.mark`.

    Raises
    ------
    UserError
        If a data set cannot be had (exit code 1).
    """
    run, _ = read_plan(plan)
    settings = fetch_settings(run["data_folder"], run["mirrors"], run["accept_checksums"])
    with ProgressLine() as progress:
        fetch_all(run["data_sets"], settings, progress)
    write_json(mark, to_json(_vouch(run["data_sets"], settings)))


def _vouch(names: Iterable[str], settings: FetchSettings) -> dict[Path, Vouched]:
    """Verify what now lies in the data folder, and note what tells whether it stays the same."""
    found = {}
    for data_set in map(find_data_set, names):
        for file in data_set.files:
            path = (settings.folder / data_set.folder / file.name).absolute()
            try:
                # before it is read, so that no change after it goes unseen
                stamp = stamp_of(path)
                found[path] = Vouched(stamp, *verify(path, file, settings.accepted))
            except (OSError, UnavailableError) as error:
                raise UserError(f"{path}: changed as it was fetched: {error}", 1) from None
    return found


def fetch(resolved: Resolved, names: Sequence[str], only_check: bool) -> int:
    """Fetch data sets into the cache, or only verify what is there.

    Parameters
    ----------
    resolved : Resolved
        The configuration.
    names : sequence of str
        The data sets. If empty: all to verify; all but the weights of encoders to fetch.
    only_check : bool
        Fetch nothing.

    Returns
    -------
    int
        1 if a file was found altered or cannot be read, else 0.

    Raises
    ------
    UserError
        If there is no such data set (exit code 2), or one cannot be had (exit code 1).
    """
    settings = fetch_settings(resolved.data_folder, resolved.mirrors, resolved.accept_checksums)
    known = registry.read_registry().items()
    names = names or [n for n, data_set in known if only_check or data_set.has_versions]
    if not only_check:
        with ProgressLine() as progress:
            fetch_all(names, settings, progress)
        return 0
    found = check(names, settings)
    for path, state in found:
        print(f"{path}: {state}")
    return int(any(state.startswith((ALTERED, UNREADABLE)) for _, state in found))
