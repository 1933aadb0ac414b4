"""Locks name a live holder and vanish with a dead one."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from escaping_minima.errors import UserError
from escaping_minima.results.locks import hold, wait_for

HOLDER = """
import sys, time
from pathlib import Path
from escaping_minima.results.locks import hold
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


def test_a_child_process_does_not_keep_the_lock(tmp_path):
    path = tmp_path / "lock"
    lock = hold(path, "results/")
    child = subprocess.Popen(["sleep", "30"])
    lock.close()
    hold(path, "results/").close()
    child.kill()
    child.wait()
