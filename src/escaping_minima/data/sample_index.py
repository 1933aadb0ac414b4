"""The index of the samples that the project carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from escaping_minima.data.registry import Content, read_registry
from escaping_minima.errors import UserError

SAMPLES = Path(__file__).resolve().parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A file of samples: its path below `SAMPLES`, and what it holds once unpacked."""

    file: str
    content: Content


@cache
def read_index() -> Mapping[str, tuple[Sample, ...]]:
    """Read the files of samples, by data set.

    Raises
    ------
    UserError
        If the index is missing or damaged; exit code 1.
    """
    path = SAMPLES / "index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))["data_sets"]
        names = (name for name, data_set in read_registry().items() if data_set.has_versions)
        return {name: tuple(map(_read_sample, index[name])) for name in names}
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except (ValueError, TypeError, KeyError):
        reason = "damaged"
    raise UserError(f"{path}: {reason}; install the project again", exit_code=1)


def _read_sample(entry: Mapping[str, str]) -> Sample:
    content = Content(entry["content"], int(entry["content_bytes"]), entry["content_sha256"])
    return Sample(entry["file"], content)
