"""What is dated in the future is dated now; see tests/workflow/test_networks.py for a whole run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from escaping_minima.errors import UserError
from escaping_minima.launch.dates import bring_to_present, find_future

TOMORROW = time.time() + 86_400


def dated_tomorrow(path: Path) -> Path:
    os.utime(path, (TOMORROW, TOMORROW), follow_symlinks=False)
    return path


def test_files_folders_with_stamps_and_links_are_found_and_dated(tmp_path: Path) -> None:
    table, folder, now = tmp_path / "a.csv", tmp_path / "made", tmp_path / "b.csv"
    for path in (table, now):
        path.write_text("1\n")
    folder.mkdir()
    (folder / ".snakemake_timestamp").touch()
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    future = {dated_tomorrow(p) for p in (table, folder / ".snakemake_timestamp", link)}
    found = find_future([link, folder, now, tmp_path / "not there"])
    assert found == future
    bring_to_present(found)
    assert len({path.lstat().st_mtime_ns for path in found}) == 1
    assert not find_future([link, folder, now])
    assert link.is_symlink()
    assert table.read_text() == "1\n"


def test_what_cannot_be_dated_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **words: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    table = tmp_path / "a.csv"
    table.touch()
    dated_tomorrow(table)
    monkeypatch.setattr(os, "utime", refuse)
    with pytest.raises(UserError, match=r"a.csv: dated .*, which is in the future, and") as refused:
        bring_to_present([table])
    assert refused.value.exit_code == 1
