"""Vouched hashes are connected by the rows of a device, in both directions and over several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from escaping_minima.errors import UserError
from escaping_minima.provenance.vouched import Row, add_rows, equivalents, read_rows, still_holds

ROW = Row("aaa", "bbb", "cpu", "2.13", "a processor, with a comma", "c0", "c1", 3, "engine.x:f")


def rows(*pairs, device="cpu"):
    return [replace(ROW, old_hash=a, new_hash=b, device=device) for a, b in pairs]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "vouched.csv"
    add_rows([*rows(("aaa", "bbb"), ("bbb", "ccc"), ("yyy", "zzz")), *rows(("aaa", "ggg"))], path)
    add_rows(rows(("zzz", "aaa"), device="cuda"), path)
    return path


@pytest.mark.parametrize(
    ("then", "now", "device", "holds"),
    [
        ("aaa", "bbb", "cpu", True),
        ("bbb", "aaa", "cpu", True),
        ("aaa", "ccc", "cpu", True),
        ("ggg", "ccc", "cpu", True),
        ("aaa", "zzz", "cpu", False),
        ("aaa", "bbb", "cuda", False),
        ("aaa", "zzz", "cuda:1", True),
        ("unknown", "aaa", "cpu", False),
        ("unknown", "unknown", "cuda", True),
    ],
)
def test_hashes_hold_along_rows_of_their_device(table, then, now, device, holds):
    assert still_holds(then, now, device, table) is holds


def test_all_hashes_of_the_same_numbers_are_found(table):
    assert equivalents("ccc", "cpu", table) == {"aaa", "bbb", "ccc", "ggg"}
    assert equivalents("aaa", "cuda", table) == {"aaa", "zzz"}
    assert equivalents("new", "cpu", table) == {"new"}


def test_rows_that_are_added_count_at_once_and_replace_those_of_their_pair(table):
    assert not still_holds("ccc", "ddd", "cpu", table)
    add_rows([*rows(("ccc", "ddd")), replace(ROW, cases=7)], table)
    assert still_holds("aaa", "ddd", "cpu", table)
    assert len(read_rows(table)) == 6
    assert {r.cases for r in read_rows(table) if r.new_hash == "bbb"} == {7}


def test_rows_come_back_as_they_were_written(tmp_path):
    add_rows([ROW], tmp_path / "one.csv")
    assert read_rows(tmp_path / "one.csv") == [ROW]


def test_without_a_table_only_equal_hashes_hold(tmp_path):
    assert still_holds("a", "a", "cpu", tmp_path / "none.csv")
    assert not still_holds("a", "b", "cpu", tmp_path / "none.csv")


def test_a_damaged_table_is_one_line(tmp_path):
    (tmp_path / "t.csv").write_text("old_hash,cases\na,many\n")
    with pytest.raises(UserError, match="not a table of vouched hashes; restore it with git"):
        still_holds("a", "b", "cpu", tmp_path / "t.csv")


def test_the_committed_table_is_one():
    assert all(row.device in ("cpu", "cuda") and row.cases > 0 for row in read_rows())
