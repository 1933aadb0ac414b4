"""A run is refused where the system would fail it later, without a reason."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from escaping_minima.errors import UserError
from escaping_minima.launch import limits


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return the limits of open files that were set; none is."""
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda which, pair: found.append(pair))
    return found


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (1024, 4096, []),
        (32, 4096, [(128, 4096)]),
        (32, resource.RLIM_INFINITY, [(128, resource.RLIM_INFINITY)]),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, []),
    ],
)
def test_a_low_limit_of_open_files_is_raised(
    monkeypatch: pytest.MonkeyPatch,
    set_to: list[tuple[int, int]],
    soft: int,
    hard: int,
    expected: list[tuple[int, int]],
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    limits.require_open_files()
    assert set_to == expected


def test_a_limit_that_cannot_be_raised_is_named(
    monkeypatch: pytest.MonkeyPatch, set_to: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (32, 32))
    with pytest.raises(UserError, match=r"a limit of 32 \(ulimit -n\); allowed: 128 or") as refused:
        limits.require_open_files()
    assert refused.value.exit_code == 1
    assert not set_to


def test_a_folder_that_takes_no_temporary_files_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    limits.require_temporary_files()
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    with pytest.raises(UserError, match=r"^TMPDIR: .*gone: takes no temporary files \(No such"):
        limits.require_temporary_files()


def test_a_full_folder_of_temporary_files_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**words: Any) -> None:
        assert words == {"dir": "/tmp"}
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(limits.tempfile, "TemporaryFile", refuse)
    with pytest.raises(UserError, match=r"^/tmp: takes no temporary files \(No space left") as full:
        limits.require_temporary_files()
    assert full.value.exit_code == 1
