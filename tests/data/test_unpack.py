"""What packed files hold, and what is refused before it does harm."""

from __future__ import annotations

import lzma
import tarfile

import pytest

from escaping_minima.data.registry import Content
from escaping_minima.data.unpack import iter_contents
from escaping_minima.errors import UserError


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name and read the contents that are expected of it."""

    def read_contents(name, data, **sizes):
        (tmp_path / name).write_bytes(data)
        wanted = [Content(n.replace("__", "/"), size, "") for n, size in sizes.items()]
        return {c.name: held for c, held in iter_contents(tmp_path / name, wanted, name)}

    return read_contents


@pytest.fixture
def complaint(read):
    def complain(name, data, **sizes):
        with pytest.raises(UserError) as caught:
            read(name, data, **sizes)
        assert caught.value.exit_code == 1
        return str(caught.value)

    return complain


def test_a_plain_file_holds_itself(read):
    assert read("a", b"123", a=3) == {"a": b"123"}


def test_gzip_and_xz_are_unpacked(toy, read):
    assert read("a.gz", toy.pack_gzip(b"123"), a=3) == {"a": b"123"}
    assert read("a.xz", lzma.compress(b"123"), a=3) == {"a": b"123"}


def test_members_are_found_by_their_exact_names(toy, read):
    packed = toy.pack_tar({"t/a": b"1", "t/b": b"2", "./t/c": b"3", "x/t/a": b"4"})
    assert read("t.tar.gz", packed, t__a=1, t__c=1) == {"t/a": b"1", "t/c": b"3"}


def test_a_missing_member_is_named(toy, complaint):
    line = complaint("t.tar.gz", toy.pack_tar({"t/a": b"1"}), t__a=1, t__b=1)
    assert line == "t.tar.gz: has no member t/b"


@pytest.mark.parametrize("name", ["noise.gz", "pack.tar.gz"])
@pytest.mark.parametrize("end", [5, 100, -9, -1])
def test_a_file_that_was_cut_short_is_damaged(toy, complaint, name, end):
    sizes = {n.replace("/", "__"): len(d) for n, d in toy.CONTENTS[name].items()}
    line = complaint(name, toy.OFFICIAL[name][:end], **sizes)
    assert line.startswith(f"{name}: damaged or cut short (")


@pytest.mark.parametrize("end", [0, 5, -9, -1])
def test_an_xz_file_that_was_cut_short_is_damaged(toy, complaint, end):
    line = complaint("a.xz", lzma.compress(toy.NOISE)[:end], a=len(toy.NOISE))
    assert line.startswith("a.xz: damaged or cut short (")


@pytest.mark.parametrize("name", ["a.gz", "a.xz", "a.tar.gz"])
def test_what_is_not_packed_at_all_is_damaged(complaint, name):
    assert "damaged or cut short" in complaint(name, b"hello, this is text" * 99, a=3)


def test_altered_packed_bytes_are_damaged(toy, complaint):
    altered = bytearray(toy.pack_gzip(toy.NOISE))
    altered[-6] ^= 1
    assert "damaged or cut short (CRC" in complaint("a.gz", bytes(altered), a=len(toy.NOISE))


def test_a_folder_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"^a: cannot be read \(Is a directory\)$"):
        list(iter_contents(tmp_path, [Content("a", 1, "")], "a"))


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "t/../../evil"])
def test_a_member_that_leads_out_is_refused(toy, complaint, name):
    line = complaint("t.tar.gz", toy.pack_tar({name: b"!", "t/a": b"1"}), t__a=1)
    assert line == f"t.tar.gz: its member {name!r} leads out of the archive"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(toy, complaint, kind):
    odd = tarfile.TarInfo("t/a")
    odd.type, odd.linkname = kind, "/etc/passwd"
    line = complaint("t.tar.gz", toy.pack_tar({"t/b": b"1"}, odd), t__b=1)
    assert line == "t.tar.gz: its member 't/a' is neither a plain file nor a folder"


@pytest.mark.parametrize(
    "headers",
    [
        {"GNU.sparse.map": "a,b"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
        {"GNU.sparse.size": "x"},
        {"GNU.sparse.map": "1," + "9" * 5000},
    ],
    ids=["map", "body", "size", "digits"],
)
def test_headers_that_make_no_sense_are_damage(toy, complaint, headers):
    odd = tarfile.TarInfo("t/a")
    odd.pax_headers = headers
    line = complaint("t.tar.gz", toy.pack_tar({"t/b": b"1"}, odd), t__b=1)
    assert line.startswith("t.tar.gz: damaged or cut short (")


def test_a_member_of_endless_size_is_refused(toy, complaint):
    odd = tarfile.TarInfo("t/a")
    odd.size = 1 << 60
    packed = toy.pack_gzip(odd.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    line = complaint("t.tar.gz", packed, t__b=1)
    assert "t.tar.gz: unpacks to more than " in line


def test_headers_of_headers_without_end_are_damage(toy, complaint):
    link = tarfile.TarInfo("x")
    link.type, link.size = tarfile.XHDTYPE, 0
    endless = link.tobuf(tarfile.USTAR_FORMAT) * 5000
    assert "damaged or cut short" in complaint("t.tar.gz", toy.pack_gzip(endless), t__b=1)


def test_folders_in_an_archive_are_no_harm(toy, read):
    folder = tarfile.TarInfo("t")
    folder.type = tarfile.DIRTYPE
    assert read("t.tar.gz", toy.pack_tar({"t/a": b"1"}, folder), t__a=1) == {"t/a": b"1"}


@pytest.mark.parametrize(("name", "pack"), [("a.gz", "pack_gzip"), ("a.xz", None)])
def test_a_bomb_is_refused(toy, complaint, name, pack):
    packed = getattr(toy, pack)(bytes(20_000_000)) if pack else lzma.compress(bytes(20_000_000))
    assert len(packed) < 100_000
    line = complaint(name, packed, a=100)
    assert line == f"{name}: unpacks to more than 1,048,776 bytes, which no version of it does"


def test_a_member_that_is_too_large_is_refused(toy, complaint):
    line = complaint("t.tar.gz", toy.pack_tar({"t/a": bytes(5_000_000)}), t__a=100)
    assert line == "t.tar.gz: its member t/a has 5,000,000 bytes instead of 100"


def test_a_bomb_among_the_other_members_is_refused(toy, complaint):
    line = complaint("t.tar.gz", toy.pack_tar({"bomb": bytes(20_000_000), "t/a": b"1"}), t__a=1)
    assert line == "t.tar.gz: unpacks to more than 17,825,794 bytes, which no version does"
