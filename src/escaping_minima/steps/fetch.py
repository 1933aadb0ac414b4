"""Fetch data sets, or check those that were fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escaping_minima.config.sections import Resolved
from escaping_minima.data.check import ALTERED, check
from escaping_minima.data.fetch import FetchSettings, fetch_all, fetch_settings
from escaping_minima.data.places import data_folder
from escaping_minima.data.progress import ProgressLine
from escaping_minima.data.registry import read_registry
from escaping_minima.data.sources import user_mirrors
from escaping_minima.plan.jobs import read_plan
from escaping_minima.results.atomic import write_json


def fetch_planned(plan: Path, mark: Path) -> None:
    """Fetch what the jobs of a plan train on, and leave a mark that says so.

    Parameters
    ----------
    plan : Path
        The file made by ``plan``.
    mark : Path
        Where the names of the data sets go.

    Raises
    ------
    UserError
        If a data set cannot be had (exit code 1).
    """
    run, _ = read_plan(plan)
    settings = FetchSettings(
        folder=data_folder(run["data_folder"]),
        mirrors=user_mirrors(run["mirrors"]),
        accepted=frozenset(run["accept_checksums"]),
    )
    with ProgressLine() as progress:
        fetch_all(run["data_sets"], settings, progress)
    write_json(mark, run["data_sets"])


def fetch(resolved: Resolved, names: Sequence[str], only_check: bool) -> int:
    """Fetch data sets into the cache, or only verify what is there.

    Parameters
    ----------
    resolved : Resolved
        The configuration.
    names : sequence of str
        The data sets; all if empty.
    only_check : bool
        Fetch nothing.

    Returns
    -------
    int
        1 if a file was found altered, else 0.

    Raises
    ------
    UserError
        If there is no such data set (exit code 2), or one cannot be had (exit code 1).
    """
    settings = fetch_settings(resolved)
    names = names or list(read_registry())
    if not only_check:
        with ProgressLine() as progress:
            fetch_all(names, settings, progress)
        return 0
    found = check(names, settings)
    for path, state in found:
        print(f"{path}: {state}")
    return int(any(state.startswith(ALTERED) for _, state in found))
