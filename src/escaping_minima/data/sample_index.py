"""The index of the samples that the project carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from escaping_minima.data.registry import Content

SAMPLES = Path(__file__).resolve().parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A file of samples: its path below `SAMPLES`, and what it holds once unpacked."""

    file: str
    content: Content


@cache
def read_index() -> Mapping[str, tuple[Sample, ...]]:
    """Read the files of samples, by data set."""
    index = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))
    return {name: tuple(map(_read_sample, files)) for name, files in index["data_sets"].items()}


def _read_sample(entry: Mapping[str, str]) -> Sample:
    content = Content(entry["content"], int(entry["content_bytes"]), entry["content_sha256"])
    return Sample(entry["file"], content)
