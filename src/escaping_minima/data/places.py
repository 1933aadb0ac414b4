"""Where fetched data sets are kept."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder(folder: str | Path | None = None) -> Path:
    """Return the folder of the fetched data sets.

    Parameters
    ----------
    folder : str or Path, optional
        The user's ``data_folder``. Without it: ``$ESCAPING_MINIMA_DATA``, else
        ``escaping-minima`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    if folder is not None:
        return Path(folder)
    if named := os.environ.get("ESCAPING_MINIMA_DATA"):
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification has a relative path ignored.
    base = cache if cache.is_absolute() else Path.home() / ".cache"
    return base / "escaping-minima"
