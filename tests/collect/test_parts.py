"""What a study takes from a block is kept with the block it was taken from, and no other."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from escaping_minima.collect.parts import keep_parts, kept_parts, parts_path, stamp_of
from escaping_minima.results.blocks import write_block

MANIFEST = {"cell_id": "abc", "sha256": "1"}
PARTS = {
    "ends": pd.DataFrame({"outcome": pd.Series([0, 5], dtype="int8"), "x": [0.1, float("nan")]}),
    "wrong": pd.DataFrame({"wrong": [b"\x00\xff\x00"], "name": ["é"]}),
    "none": pd.DataFrame({"start": pd.Series([], dtype="int64")}),
}


@pytest.fixture
def block(tmp_path):
    path = tmp_path / "b0000.parquet"
    write_block(path, pd.DataFrame({"x": [1.0]}), {"cell_id": "abc"})
    keep_parts(path, stamp_of(path, MANIFEST, "sources"), PARTS)
    return path


def test_parts_come_back_as_they_were(block):
    found = kept_parts(block, stamp_of(block, MANIFEST, "sources"))
    assert list(found) == list(PARTS)
    for name, table in PARTS.items():
        pd.testing.assert_frame_equal(found[name], table)


@pytest.mark.parametrize(
    ("manifest", "sources"),
    [
        (MANIFEST | {"sha256": "2"}, "sources"),
        (MANIFEST | {"cell_id": "other"}, "sources"),
        (MANIFEST, "other"),
    ],
)
def test_parts_of_another_block_or_of_other_sources_are_not_used(block, manifest, sources):
    assert kept_parts(block, stamp_of(block, manifest, sources)) is None


def test_parts_of_a_block_that_was_touched_or_deleted_are_not_used(block):
    os.utime(block, (1, 1))
    assert kept_parts(block, stamp_of(block, MANIFEST, "sources")) is None
    block.unlink()
    stamp = stamp_of(block, MANIFEST, "sources")
    keep_parts(block, stamp, PARTS)
    assert kept_parts(block, stamp) is None


@pytest.mark.parametrize("content", [b"", b"short", None])
def test_parts_that_were_cut_short_or_altered_are_not_used(block, content):
    path = parts_path(block)
    whole = path.read_bytes()
    altered = whole.replace(b"\x00\xff\x00", b"\x00\xfe\x00")
    assert altered != whole
    path.write_bytes(altered if content is None else content)
    assert kept_parts(block, stamp_of(block, MANIFEST, "sources")) is None


def test_a_disk_that_refuses_costs_nothing_but_time(block):
    parts_path(block).unlink()
    parts_path(block).mkdir()
    stamp = stamp_of(block, MANIFEST, "sources")
    keep_parts(block, stamp, PARTS)
    assert kept_parts(block, stamp) is None
