"""Block files count only as a whole pair that matches its checksum."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from escaping_minima.errors import UserError
from escaping_minima.files import atomic
from escaping_minima.results.blocks import block_status, manifest_path, read_block, write_block
from escaping_minima.results.tables import read_tables, write_tables

TABLE = pd.DataFrame({"end_x": [1.0, 2.0], "basins": [1, 3]})
MANIFEST = {"cell_id": "abc", "source_hash": "s1"}


@pytest.fixture
def block(tmp_path):
    path = tmp_path / "runs" / "b0000.parquet"
    write_block(path, TABLE, MANIFEST)
    return path


def test_a_written_block_reads_back(block):
    table, manifest = read_block(block, "abc")
    pd.testing.assert_frame_equal(table, TABLE)
    assert manifest["rows"] == 2
    assert block_status(block, "abc", "s1") == "done"
    assert not [p for p in block.parent.iterdir() if p.name.startswith(".")]


def test_every_kind_of_doubt_has_its_name(block):
    assert block_status(block, "abc", "s2") == "stale"
    assert block_status(block, "abc", None) == "done"
    assert block_status(block, "other", "s1") == "corrupt"
    assert block_status(block.with_name("b0001.parquet"), "abc", "s1") == "missing"
    content = block.read_bytes()
    block.write_bytes(content[:-1])
    assert block_status(block, "abc", "s1") == "corrupt"
    block.write_bytes(content)
    manifest_path(block).write_text("{")
    assert block_status(block, "abc", "s1") == "corrupt"
    manifest_path(block).write_text("[]")
    assert block_status(block, "abc", "s1") == "corrupt"
    manifest_path(block).unlink()
    assert block_status(block, "abc", "s1") == "missing"


def test_a_corrupt_block_is_named_with_its_remedy(block):
    block.write_bytes(b"PAR1 not really")
    with pytest.raises(
        UserError, match=r"b0000\.parquet: the block is corrupt; delete it"
    ) as caught:
        read_block(block, "abc")
    assert caught.value.exit_code == 1


def test_nothing_that_was_there_is_lost_when_the_disk_is_full(block, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = block.read_bytes()
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full; free some space") as caught:
        write_block(block, TABLE.assign(end_x=0.0), MANIFEST)
    assert caught.value.exit_code == 1
    assert block.read_bytes() == before
    assert block_status(block, "abc", "s1") == "done"
    assert sorted(p.name for p in block.parent.iterdir()) == ["b0000.json", "b0000.parquet"]


def test_a_really_full_disk_is_one_line():
    """/dev/full is a disk that is always full; a file cannot be renamed there, but written."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    error = None
    try:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")
    except OSError as caught:
        error = caught
    assert "the disk is full" in atomic._explain(Path("results/x"), error)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "results").write_text("a file in the way")
    with pytest.raises(UserError, match="results"):
        write_block(tmp_path / "results" / "b0000.parquet", TABLE, MANIFEST)


def test_json_is_canonical(tmp_path):
    path = tmp_path / "a.json"
    atomic.write_json(path, {"b": 1, "a": "é"})
    assert json.loads(path.read_text()) == {"a": "é", "b": 1}
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    with pytest.raises(ValueError, match="Out of range"):
        atomic.write_json(path, {"x": float("nan")})


def test_equal_text_leaves_the_file_alone(tmp_path):
    path = tmp_path / "plan.json"
    assert atomic.write_if_changed(path, "one")
    os.utime(path, (1, 1))
    assert not atomic.write_if_changed(path, "one")
    assert path.stat().st_mtime == 1
    assert atomic.write_if_changed(path, "two")


def test_tables_read_back_and_large_ones_are_refused(tmp_path):
    tables = {"cells.csv": TABLE, "outcomes.parquet": TABLE}
    write_tables(tmp_path, tables)
    read = read_tables(tmp_path)
    assert read.keys() == tables.keys()
    for name in tables:
        pd.testing.assert_frame_equal(read[name], TABLE)
    with pytest.raises(ValueError, match="more than"):
        write_tables(tmp_path, {"big.csv": pd.DataFrame({"x": range(200_000)})})


def test_unreadable_tables_are_named(tmp_path):
    with pytest.raises(UserError, match="no tables there"):
        read_tables(tmp_path)
    (tmp_path / "outcomes.parquet").write_bytes(b"nonsense")
    with pytest.raises(UserError, match=r"outcomes\.parquet: not a readable table"):
        read_tables(tmp_path)
