"""Fetching from folders: what is accepted, what is refused, what is left in the cache."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress

import pytest

from escaping_minima.data.fetch import fetch_all
from escaping_minima.data.record import read_record
from escaping_minima.errors import UserError


def record(fetcher):
    return read_record(fetcher.folder / "toy")


def test_the_official_files_are_placed_and_recorded(toy, fetcher, make_mirror):
    mirror = make_mirror(toy.OFFICIAL)
    fetcher.fetch(mirror)
    assert fetcher.names() == ["noise.gz", "pack.tar.gz", "plain.txt", "record.json"]
    for name, data in toy.OFFICIAL.items():
        entry = record(fetcher)[name]
        assert fetcher.read(name) == data
        assert (entry.bytes, entry.sha256) == (len(data), toy.sha256(data))
        assert (entry.verified, entry.source) == ("the official file", f"{mirror}/toy/{name}")
    assert fetcher.notes.steps[-1] == ("plain.txt", len(toy.PLAIN), len(toy.PLAIN))


def test_what_is_there_is_not_fetched_again(toy, fetcher, make_mirror):
    fetcher.fetch(make_mirror(toy.OFFICIAL))
    before = (fetcher.folder / "toy" / "record.json").stat().st_mtime_ns
    fetcher.fetch()
    assert (fetcher.folder / "toy" / "record.json").stat().st_mtime_ns == before


def test_files_laid_into_the_cache_by_hand_are_verified_and_recorded(toy, fetcher):
    (fetcher.folder / "toy").mkdir(parents=True)
    for name, data in toy.OFFICIAL.items():
        (fetcher.folder / "toy" / name).write_bytes(data)
    fetcher.fetch()
    assert set(record(fetcher)) == set(toy.OFFICIAL)
    assert {entry.source for entry in record(fetcher).values()} == {"found in the cache"}


def test_another_packing_of_the_official_contents_passes(toy, fetcher, make_mirror):
    packed = {
        "noise.gz": toy.pack_gzip(toy.NOISE, level=1),
        # other members and another order matter to nobody
        "pack.tar.gz": toy.pack_tar(
            {"toy/readme": b"hello", **dict(reversed(toy.MEMBERS.items()))}, level=1
        ),
        "plain.txt": toy.PLAIN,
    }
    fetcher.fetch(make_mirror(packed))
    assert fetcher.read("pack.tar.gz") == packed["pack.tar.gz"] != toy.OFFICIAL["pack.tar.gz"]
    verified = {name: entry.verified for name, entry in record(fetcher).items()}
    assert verified == {
        "noise.gz": "official contents in another packing",
        "pack.tar.gz": "official contents in another packing",
        "plain.txt": "the official file",
    }


OTHERS = {
    "noise.gz": lambda toy: toy.pack_gzip(toy.NOISE[:-1] + b"!"),
    "pack.tar.gz": lambda toy: toy.pack_tar({**toy.MEMBERS, "toy/b.bin": toy.NOISE[:70_001]}),
    "plain.txt": lambda toy: toy.PLAIN + b"!",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_version_is_refused_and_its_checksum_named(toy, fetcher, make_mirror, name):
    fetcher.know(name)
    other = OTHERS[name](toy)
    line = fetcher.complaint(make_mirror({name: other}))
    assert line.startswith(f"toy/{name} could not be had; tried ")
    assert "other" in line
    assert f"its SHA-256 is {toy.sha256(other)}" in line
    assert line.endswith("accept another version by listing its SHA-256 in accept_checksums")
    assert fetcher.names() == []


@pytest.mark.parametrize("name", OTHERS)
def test_another_version_passes_where_the_user_accepts_it(toy, fetcher, make_mirror, name):
    fetcher.know(name)
    other = OTHERS[name](toy)
    fetcher.fetch(make_mirror({name: other}), accept=toy.sha256(other))
    assert fetcher.read(name) == other
    assert record(fetcher)[name].verified == "accepted by the user"


def test_another_accepted_checksum_does_not_help(toy, fetcher, make_mirror):
    fetcher.know("plain.txt")
    other = toy.PLAIN + b"?"
    line = fetcher.complaint(make_mirror({"plain.txt": other}), accept="0" * 64)
    assert toy.sha256(other) in line


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_shorter_than_the_official_file_is_not_offered(toy, fetcher, make_mirror, name):
    fetcher.know(name)
    short = toy.OFFICIAL[name][:-1]
    line = fetcher.complaint(make_mirror({name: short}))
    assert f"it has only {len(short):,} of {len(short) + 1:,} bytes" in line
    assert "SHA-256" not in line
    assert "accept" not in line
    # who knows better may still say so
    fetcher.fetch(make_mirror({name: short}), accept=toy.sha256(short))


@pytest.mark.parametrize(
    "start", [b"<?xml version='1.0'?><html>", b"\xef\xbb\xbf\n<!DOCTYPE html>", b"<!-- --><head>"]
)
def test_a_page_is_not_offered(toy, fetcher, make_mirror, start):
    fetcher.know("plain.txt")
    line = fetcher.complaint(make_mirror({"plain.txt": start + toy.PLAIN}))
    assert "it is a web page" in line
    assert "accept" not in line


def test_an_altered_file_in_the_cache_is_replaced(toy, fetcher, make_mirror):
    mirror = make_mirror(toy.OFFICIAL)
    fetcher.fetch(mirror)
    (fetcher.folder / "toy" / "plain.txt").write_bytes(b"altered")
    fetcher.fetch(mirror)
    assert fetcher.read("plain.txt") == toy.PLAIN


def test_a_bad_file_never_replaces_a_good_one(toy, fetcher, make_mirror):
    accepted = toy.PLAIN + b"!"
    fetcher.know("plain.txt")
    mirror = make_mirror({"plain.txt": accepted})
    fetcher.fetch(mirror, accept=toy.sha256(accepted))
    # no longer accepted, so another is looked for, and none is found
    fetcher.complaint(mirror)
    assert fetcher.read("plain.txt") == accepted


def test_the_second_mirror_serves_where_the_first_is_none(toy, fetcher, make_mirror, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    bad = [str(tmp_path / name) for name in ("absent", "empty", "file")]
    fetcher.fetch(*bad, make_mirror(toy.OFFICIAL))
    assert set(record(fetcher)) == set(toy.OFFICIAL)
    assert [line.rpartition(": ")[2] for line in fetcher.notes.lines[:3]] == [
        "no such folder",
        "no such file",
        "not a folder",
    ]


def test_where_nothing_answers_one_line_lists_what_was_tried(fetcher, tmp_path):
    line = fetcher.complaint(str(tmp_path / "a"), str(tmp_path / "b"))
    assert line == (
        f"toy/noise.gz could not be had; tried {tmp_path}/a/toy/noise.gz: no such folder, "
        f"{tmp_path}/b/toy/noise.gz: no such folder; name a mirror, a folder or a URL that "
        "holds these files under these names, with --config mirrors=PLACE or "
        "$ESCAPING_MINIMA_MIRROR"
    )


def test_an_unreadable_file_is_said(fetcher, tmp_path):
    (tmp_path / "mirror" / "toy" / "noise.gz").mkdir(parents=True)
    assert "cannot be read (Is a directory)" in fetcher.complaint(str(tmp_path / "mirror"))


def test_a_huge_file_is_not_copied(toy, fetcher, make_mirror):
    fetcher.know("plain.txt")
    line = fetcher.complaint(make_mirror({"plain.txt": bytes(3_000_000)}))
    assert "has 3,000,000 bytes, which is another file" in line
    assert fetcher.names() == []


def test_a_full_disk_is_one_line_and_leaves_the_cache_as_it_was(
    toy, fetcher, make_mirror, small_disk, host
):
    # room for a part of noise.gz beside what is there
    fetcher.folder = small_disk(500)
    mirror = make_mirror(toy.OFFICIAL)
    fetcher.know("pack.tar.gz", "plain.txt")
    fetcher.fetch(mirror)
    place = fetcher.folder / "toy"
    before = {path.name: path.read_bytes() for path in place.glob("[!.]*")}
    fetcher.know(urls=(host.url + "/toy/{file}",))
    for source in (mirror, host.url):
        line = fetcher.complaint(source)
        assert re.fullmatch(
            re.escape(f"{place}/.noise.gz.") + r"\w+\.part: the disk is full; free some space or "
            "set 'data_folder' to another folder; what was there is untouched",
            line,
        )
        assert {path.name: path.read_bytes() for path in place.glob("[!.]*")} == before
        assert list(place.glob(".*.part")) == []
    # nobody else was asked for what cannot be kept
    assert len(host.requests) == 1
    small_disk(5_000)
    fetcher.fetch(mirror)
    assert set(record(fetcher)) == set(toy.OFFICIAL)


def test_a_disk_that_is_full_before_the_start_is_one_line(toy, fetcher, make_mirror, small_disk):
    fetcher.folder = small_disk(16)
    (fetcher.folder / "toy").mkdir()
    with suppress(OSError):
        (fetcher.folder / "filler").write_bytes(bytes(100_000))
    fetcher.know("plain.txt")
    assert "the disk is full; free some space or set 'data_folder'" in fetcher.complaint(
        make_mirror(toy.OFFICIAL)
    )
    # nor can the record be written of what is there
    (fetcher.folder / "filler").unlink()
    small_disk(120)
    (fetcher.folder / "toy" / "plain.txt").write_bytes(toy.PLAIN)
    with suppress(OSError):
        (fetcher.folder / "filler").write_bytes(bytes(200_000))
    line = fetcher.complaint()
    assert line.startswith(f"{fetcher.folder}/toy/.record.json.part: the disk is full; free")
    assert fetcher.names() == ["plain.txt"]


def test_a_cache_that_cannot_be_made_is_one_line(fetcher, tmp_path):
    (tmp_path / "file").write_text("")
    fetcher.folder = tmp_path / "file"
    assert fetcher.complaint().endswith(
        "cannot be written (Not a directory); allow writing or set 'data_folder' to another folder"
    )


def test_a_complete_cache_need_not_be_writable(toy, fetcher, make_mirror, monkeypatch):
    fetcher.fetch(make_mirror(toy.OFFICIAL))
    (fetcher.folder / "toy" / ".lock").unlink()
    monkeypatch.setattr(os, "access", lambda *_: False)
    fetcher.fetch()
    assert not (fetcher.folder / "toy" / ".lock").exists()
    (fetcher.folder / "toy" / "plain.txt").unlink()
    assert "cannot be written (Permission denied)" in fetcher.complaint()


def test_good_files_need_no_record_where_none_can_be_written(toy, fetcher, monkeypatch):
    place = fetcher.folder / "toy"
    place.mkdir(parents=True)
    for name, data in toy.OFFICIAL.items():
        (place / name).write_bytes(data)
    monkeypatch.setattr(os, "access", lambda *_: False)
    fetcher.fetch()
    assert fetcher.notes.lines == [
        f"toy: complete in {place}, which cannot be written, so that there is no record of it"
    ]
    assert fetcher.names() == sorted(toy.OFFICIAL)
    (place / "plain.txt").write_bytes(toy.PLAIN[:-1] + b"!")
    assert "cannot be written (Permission denied)" in fetcher.complaint()


def test_all_data_sets_that_cannot_be_had_are_in_one_line(toy, fetcher, make_mirror, monkeypatch):
    from escaping_minima.data import registry

    one, two = toy.make_data_set("noise.gz"), toy.make_data_set("plain.txt")
    monkeypatch.setattr(registry, "read_registry", lambda: {"one": one, "two": two})
    with pytest.raises(UserError) as caught:
        fetch_all(["one", "two"], fetcher.settings(), fetcher.notes)
    assert "toy/noise.gz could not be had" in str(caught.value)
    assert "toy/plain.txt could not be had" in str(caught.value)


def test_an_unknown_data_set_is_a_wrong_request(fetcher):
    with pytest.raises(UserError, match=r"found 'mist'; allowed: toy$") as caught:
        fetch_all(["toy", "mist"], fetcher.settings(), fetcher.notes)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "[]", '{"files": {"noise.gz": {"bytes": 1}}}', "{"])
def test_a_damaged_record_says_nothing(toy, fetcher, make_mirror, text):
    fetcher.fetch(make_mirror(toy.OFFICIAL))
    (fetcher.folder / "toy" / "record.json").write_text(text)
    assert record(fetcher) == {}
    fetcher.fetch()
    assert set(record(fetcher)) == set(toy.OFFICIAL)


def test_the_record_is_json_for_people(toy, fetcher, make_mirror):
    fetcher.fetch(make_mirror(toy.OFFICIAL))
    held = json.loads(fetcher.read("record.json"))
    assert held["data_set"] == "toy"
    assert set(held["files"]["noise.gz"]) == {"bytes", "sha256", "source", "verified", "date"}
