"""What of an earlier run does not hold; see tests/workflow/test_recovery.py for what follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from escaping_minima.launch.marks import drop, is_whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that a rule made: two files, and their list."""
    made = tmp_path / "made"
    (made / "within").mkdir(parents=True)
    (made / "a.csv").write_text("a\n")
    (made / "within" / "b c.csv").write_text("b\n")
    (made / ".contents").write_text("./a.csv\n./within/b c.csv\n")
    return made


def test_a_folder_is_whole_while_all_that_it_lists_is_there(folder: Path) -> None:
    assert is_whole(folder)
    (folder / "more.csv").touch()
    assert is_whole(folder)
    (folder / "within" / "b c.csv").unlink()
    assert not is_whole(folder)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe"])
def test_a_list_that_says_nothing_vouches_for_nothing(folder: Path, text: bytes) -> None:
    (folder / ".contents").write_bytes(text)
    assert not is_whole(folder)


def test_a_folder_without_a_list_is_not_whole(folder: Path) -> None:
    (folder / ".contents").unlink()
    assert not is_whole(folder)
    assert not is_whole(folder / "nowhere")
    # longer than any name may be
    assert not is_whole(folder / ("x" * 300))


def test_files_and_folders_are_dropped_and_what_is_gone_is_no_matter(folder: Path) -> None:
    mark = folder.with_name("mark.json")
    mark.touch()
    drop([mark, folder, folder.with_name("gone")])
    assert list(folder.parent.iterdir()) == []
