"""Find the studies: every folder of ``studies`` that has a ``study.py``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.parts.study import Study

#: The folder of all studies.
STUDIES = Path(__file__).resolve().parents[1] / "studies"


def all_studies() -> tuple[Study[Any], ...]:
    """Return every study, in the order that they declare."""
    folders = (path.parent.name for path in STUDIES.glob("*/study.py"))
    return tuple(sorted(map(_load, folders), key=lambda study: (study.order, study.name)))


def study_names() -> tuple[str, ...]:
    """Return the names of all studies, in the order that they declare."""
    return tuple(study.name for study in all_studies())


def find_study(name: str) -> Study[Any]:
    """Return a study by name.

    Raises
    ------
    UserError
        If there is no such study.
    """
    try:
        return _load(name)
    except ModuleNotFoundError as error:
        if error.name not in (_module(name), _module(name).rpartition(".")[0]):
            raise
        allowed = ", ".join(study_names())
        raise UserError(f"study: found {name!r}; allowed: {allowed}; choose one of these") from None


def _load(name: str) -> Study[Any]:
    study: Study[Any] = importlib.import_module(_module(name)).STUDY
    return study


def _module(name: str) -> str:
    return f"escaping_minima.studies.{name}.study"
