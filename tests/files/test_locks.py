"""Locks name a live holder and vanish with a dead one."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from escaping_minima.errors import UserError
from escaping_minima.files.locks import hand_on, hold, sign, take_over, wait_for

HOLDER = """
import sys, time
from pathlib import Path
from escaping_minima.files.locks import hold
lock = hold(Path(sys.argv[1]), "results/")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    path = tmp_path / "lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield path, process
    process.kill()
    process.wait()


def test_a_live_holder_is_named(holder):
    path, process = holder
    with pytest.raises(
        UserError, match=rf"results/ is in use by process {process.pid} on "
    ) as caught:
        hold(path, "results/")
    assert caught.value.exit_code == 1


def test_a_killed_holder_leaves_nothing_to_clear(holder):
    path, process = holder
    process.kill()
    process.wait()
    hold(path, "results/").close()


def test_waiting_ends_when_the_holder_does(holder, capsys):
    path, process = holder
    subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {process.pid}"])
    began = time.monotonic()
    with wait_for(path, "cell abc"):
        assert time.monotonic() - began > 0.3
    assert f"cell abc is being worked on by process {process.pid}" in capsys.readouterr().out


def test_waiting_goes_on_where_nothing_can_be_said(holder, monkeypatch):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    path, process = holder
    monkeypatch.setattr(sys, "stdout", Full())
    with wait_for(path, "cell abc", process.kill):
        pass


def test_a_child_process_does_not_keep_the_lock(tmp_path):
    path = tmp_path / "lock"
    lock = hold(path, "results/")
    child = subprocess.Popen(["sleep", "30"])
    lock.close()
    hold(path, "results/").close()
    child.kill()
    child.wait()


@pytest.fixture
def full_disk(small_disk):
    """Return a function that mounts a tiny disk without a byte to spare."""

    def mount(*options):
        place = small_disk(16, *options)
        (place / "cell" / "deep").mkdir(parents=True)
        with suppress(OSError):
            (place / "filler").write_bytes(bytes(100_000))
        return place / "cell"

    return mount


def test_a_full_disk_takes_the_name_and_not_the_lock(full_disk):
    path = full_disk() / "lock"
    with hold(path, "results/") as lock:
        sign(lock, 1)
        with pytest.raises(UserError, match="results/ is in use by another process;"):
            hold(path, "results/")
    with (
        wait_for(path, "cell abc"),
        pytest.raises(UserError, match="results/ is in use by another process;"),
    ):
        hold(path, "results/")
    hold(path, "results/").close()


def test_a_lock_that_a_full_disk_cannot_hold_names_the_key(full_disk):
    # the disk, two folders and the file that fills it
    place = full_disk("nr_inodes=4")
    with pytest.raises(UserError) as caught, wait_for(place / "lock", "toy", setting="data_folder"):
        pass
    assert str(caught.value) == (
        f"{place}: the disk is full; free some space or set 'data_folder' in config.yaml to "
        "another folder"
    )
    assert caught.value.exit_code == 1
    with pytest.raises(UserError, match=r"set 'results' in config\.yaml to another folder"):
        hold(place / "lock", "results/")


@pytest.fixture
def without_locks(tmp_path, monkeypatch):
    """Return a folder whose file system has no locks; the temporary folder has."""
    folder, real = tmp_path / "shared", fcntl.flock
    (tmp_path / "local").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "local"))

    def flock(file, operation):
        if folder in Path(file.name).parents:
            raise OSError(errno.ENOLCK, "No locks available")
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    return folder


def test_where_a_file_system_has_no_locks_the_temporary_folder_has(without_locks, monkeypatch):
    path = without_locks / "lock"
    with hold(path, "results/") as lock:
        with pytest.raises(UserError, match=rf"results/ is in use by process {os.getpid()} on "):
            hold(path, "results/")
        hold(without_locks / "another", "results/").close()
        # the process that this one starts has the same file under a number of its own
        for name in hand_on(lock):
            monkeypatch.setenv(name, str(os.dup(lock.fileno())))
        with take_over(path, "results/") as taken:
            assert os.path.sameopenfile(taken.fileno(), lock.fileno())
    with wait_for(path, "cell abc"), pytest.raises(UserError, match="in use by process"):
        hold(path, "results/")
    assert path.exists()


def test_where_nothing_can_be_locked_that_is_said(without_locks, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(without_locks))
    with pytest.raises(UserError, match=r"cannot be locked, .*; set TMPDIR to") as caught:
        hold(without_locks / "lock", "results/")
    assert caught.value.exit_code == 1
