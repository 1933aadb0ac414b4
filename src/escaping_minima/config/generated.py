"""The files generated from the sections: the schema, the reference page, ``config.yaml``."""

from __future__ import annotations

from pathlib import Path

from escaping_minima.config.reference import config_text, reference_text
from escaping_minima.config.schema import schema_text

_WRITERS = {
    Path("config.yaml"): config_text,
    Path("workflow/schemas/config.schema.json"): schema_text,
    Path("docs/configuration.md"): reference_text,
}


def write_generated(root: str | Path) -> list[Path]:
    """Write the generated files.

    Parameters
    ----------
    root : str or Path
        The repository.

    Returns
    -------
    list of Path
        The files that were written because they differed, relative to ``root``.
    """
    drifted = check_generated(root)
    for path in drifted:
        target = Path(root) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_WRITERS[path](), encoding="utf-8", newline="\n")
    return drifted


def check_generated(root: str | Path) -> list[Path]:
    """List the generated files that are missing or not what the sections say.

    Parameters
    ----------
    root : str or Path
        The repository.

    Returns
    -------
    list of Path
        Relative to ``root``; empty if nothing has drifted.
    """
    return [path for path, text in _WRITERS.items() if _read(Path(root) / path) != text()]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
