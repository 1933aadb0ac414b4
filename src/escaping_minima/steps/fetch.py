"""Fetch data sets, or check those that were fetched."""

from __future__ import annotations

from collections.abc import Sequence

from escaping_minima.config.sections import Resolved
from escaping_minima.data.check import ALTERED, check
from escaping_minima.data.fetch import fetch_all, fetch_settings
from escaping_minima.data.progress import ProgressLine
from escaping_minima.data.registry import read_registry


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
        fetch_all(names, settings, ProgressLine())
        return 0
    found = check(names, settings)
    for path, state in found:
        print(f"{path}: {state}")
    return int(any(state.startswith(ALTERED) for _, state in found))
