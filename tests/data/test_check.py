"""``escaping-minima fetch``, by hand and with ``--check``."""

from __future__ import annotations

import pytest

from escaping_minima.cli import main
from escaping_minima.data.check import check


def states(fetcher):
    found = check(["toy"], fetcher.settings())
    return {path.name: state for path, state in found}


def test_each_file_is_said_to_be_what_it_is(toy, fetcher, make_mirror):
    other = toy.PLAIN + b"!"
    files = {
        "noise.gz": toy.OFFICIAL["noise.gz"],
        "pack.tar.gz": toy.pack_tar(toy.MEMBERS, level=1),
        "plain.txt": other,
    }
    fetcher.fetch(make_mirror(files), accept=toy.sha256(other))
    assert states(fetcher) == {
        "noise.gz": "the official file",
        "pack.tar.gz": "official contents in another packing",
        "plain.txt": "accepted by the user",
    }


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
