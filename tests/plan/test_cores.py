"""The cores that a process may use, and how people ask for some of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from escaping_minima.errors import UserError
from escaping_minima.plan import cores


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a group within a group, on a machine with eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(cores, "GROUPS", tmp_path)
    monkeypatch.setattr(cores, "GROUP", tmp_path / "own")
    (tmp_path / "own").write_text("1:name=systemd:/x\n0::/above/own\n")
    (tmp_path / "above" / "own").mkdir(parents=True)
    return tmp_path


def test_only_cores_that_the_process_may_run_on_count() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.count_cores() == 1
        assert cores.read_cores("all") == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("above", "own", "count"),
    [
        ("max 100000", "max 100000", 8),
        ("max 100000", "150000 100000", 2),
        ("100000 100000", "400000 100000", 1),
        ("1600000 100000", "max 100000", 8),
        ("nonsense", "10000 100000", 1),
    ],
)
def test_a_share_of_time_is_worth_so_many_cores(
    groups: Path, above: str, own: str, count: int
) -> None:
    (groups / "above" / "cpu.max").write_text(f"{above}\n")
    (groups / "above" / "own" / "cpu.max").write_text(f"{own}\n")
    assert cores.count_cores() == count


def test_without_groups_the_cores_count(groups: Path) -> None:
    (groups / "own").unlink()
    assert cores.count_cores() == 8


@pytest.mark.parametrize("text", ["-1", "0", "", "two", "1.5", "²", "ALL"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^--cores: found '.*'; allowed: all, or a whole number"):
        cores.read_cores(text)


def test_a_number_is_taken_as_it_is() -> None:
    assert cores.read_cores("16") == 16
