"""``escaping-minima fetch``, by hand and with ``--check``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from escaping_minima.cli import main
from escaping_minima.data.check import check
from escaping_minima.data.contents import read_contents
from escaping_minima.data.registry import find_data_set
from escaping_minima.errors import UserError


def states(fetcher, **accept):
    found = check(["toy"], fetcher.settings(**accept))
    return {path.name: state for path, state in found}


def test_each_file_is_said_to_be_what_it_is(toy, fetcher, make_mirror):
    other = toy.PLAIN + b"!"
    files = {
        "noise.gz": toy.OFFICIAL["noise.gz"],
        "pack.tar.gz": toy.pack_tar(toy.MEMBERS, level=1),
        "plain.txt": other,
    }
    fetcher.fetch(make_mirror(files), accept=toy.sha256(other))
    assert states(fetcher, accept=toy.sha256(other)) == {
        "noise.gz": "the official file",
        "pack.tar.gz": "official contents in another packing",
        "plain.txt": "accepted by the user",
    }
    # the record still has it, the user no longer
    assert states(fetcher)["plain.txt"] == (
        f"ALTERED: other bytes than the official {len(toy.PLAIN):,}; its SHA-256 is "
        f"{toy.sha256(other)}; run: escaping-minima fetch toy"
    )


def test_missing_and_altered_files_are_said(toy, fetcher, make_mirror):
    fetcher.fetch(make_mirror(toy.OFFICIAL))
    (fetcher.folder / "toy" / "noise.gz").unlink()
    (fetcher.folder / "toy" / "pack.tar.gz").write_bytes(toy.OFFICIAL["pack.tar.gz"][:-1])
    (fetcher.folder / "toy" / "plain.txt").write_bytes(b"!")
    found = states(fetcher)
    assert found["noise.gz"] == "missing; run: escaping-minima fetch toy"
    assert found["pack.tar.gz"].startswith("ALTERED: pack.tar.gz: damaged or cut short")
    assert found["plain.txt"].startswith("ALTERED: other bytes than the official")


@pytest.fixture
def closed(toy, fetcher):
    """Close the folder of the toy data set to this process, which may be root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        fetcher.folder = Path(name) / "cache"
        place = fetcher.folder / "toy"
        place.mkdir(parents=True)
        for file, data in toy.OFFICIAL.items():
            (place / file).write_bytes(data)
        place.chmod(0)
        root = os.geteuid() == 0
        if root:
            os.setresuid(65534, 65534, 0)
        yield fetcher
        if root:
            os.setresuid(0, 0, 0)
        place.chmod(0o700)


def test_a_folder_that_may_not_be_entered_is_said(closed):
    place = closed.folder / "toy"
    assert set(states(closed).values()) == {
        "UNREADABLE: cannot be read (Permission denied); allow reading it or set 'data_folder' to "
        "another folder"
    }
    assert closed.complaint() == (
        f"{place}: cannot be written (Permission denied); allow writing or set 'data_folder' to "
        "another folder"
    )
    with pytest.raises(UserError) as caught:
        read_contents(find_data_set("toy"), "full", closed.folder)
    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        f"{place}/noise.gz: cannot be read (Permission denied); allow reading it or set "
        "'data_folder' to another folder"
    )


@pytest.fixture
def command(tmp_path, capfd):
    """Run the command on a cache of its own; return its exit code and what it wrote."""
    config = tmp_path / "config.yaml"
    config.write_text(f"data_folder: {tmp_path / 'cache'}\n")

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(["fetch", "--configfile", str(config), *words])
        return ended.value.code, *capfd.readouterr()

    return run


def test_the_command_fetches_and_checks(toy, fetcher, make_mirror, command):
    mirror = f"mirrors={make_mirror(toy.OFFICIAL)}"
    code, out, err = command("toy", "--config", mirror)
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == f"toy: complete in {fetcher.folder}/toy"
    code, out, err = command("--check")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{fetcher.folder}/toy/{name}: the official file" for name in toy.OFFICIAL
    ]
    (fetcher.folder / "toy" / "plain.txt").write_bytes(b"!")
    assert command("toy", "--check")[0] == 1
    (fetcher.folder / "toy" / "plain.txt").unlink()
    assert command("toy", "--check")[0] == 0
    (fetcher.folder / "toy" / "plain.txt").mkdir()
    assert command("toy", "--check")[0] == 1


def test_the_command_fails_with_one_line(fetcher, command):
    code, out, err = command("toy")
    assert (code, out) == (1, "")
    assert err.startswith("escaping-minima: toy/noise.gz could not be had; tried")
    assert err.count("\n") == 1
    code, _, err = command("mist")
    assert code == 2
    assert err == "escaping-minima: data set: found 'mist'; allowed: toy\n"


def test_the_environment_names_mirrors(toy, fetcher, make_mirror, command, monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPING_MINIMA_MIRROR", f"{tmp_path}/absent, {make_mirror(toy.OFFICIAL)}")
    assert command("toy")[0] == 0
