"""Where fetched data sets are kept."""

from __future__ import annotations

import os
from pathlib import Path

from escaping_minima.errors import UserError

DATA_VARIABLE = "ESCAPING_MINIMA_DATA"


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

    Raises
    ------
    UserError
        If no variable says where, and the user has no home; exit code 1.
    """
    if folder is not None:
        return Path(folder)
    if named := os.environ.get(DATA_VARIABLE):
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification has a relative path ignored.
    base = cache if cache.is_absolute() else _home() / ".cache"
    return base / "escaping-minima"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise UserError(
            f"data_folder: not set, and this user ({os.getuid()}) has no home folder to keep data "
            f"in; set 'data_folder' in config.yaml, ${DATA_VARIABLE} or $HOME",
            exit_code=1,
        ) from None
