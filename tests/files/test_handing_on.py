"""A lock that was handed on outlives the process that took it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from escaping_minima.errors import UserError
from escaping_minima.files.locks import hand_on, hold, sign, take_over

TAKER = """
import sys
from pathlib import Path
from escaping_minima.files.locks import take_over
lock = take_over(Path(sys.argv[1]), "results/")
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_handed_on_without_a_gap(tmp_path):
    path = tmp_path / "lock"
    with hold(path, "results/") as lock:
        taker = subprocess.Popen(
            [sys.executable, "-c", TAKER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[lock.fileno()],
            env=os.environ | hand_on(lock),
        )
        sign(lock, taker.pid)
    with pytest.raises(UserError, match=f"in use by process {taker.pid} on "):
        hold(path, "results/")
    assert taker.stdout.readline() == "taken\n"
    with pytest.raises(UserError, match=f"in use by process {taker.pid} on "):
        hold(path, "results/")
    taker.communicate("", timeout=60)
    hold(path, "results/").close()


@pytest.mark.parametrize("number", ["", "nonsense", "0", "987654"])
def test_what_is_not_this_lock_is_not_taken_over(tmp_path, monkeypatch, number):
    monkeypatch.setenv("ESCAPING_MINIMA_LOCK", number)
    path = tmp_path / "lock"
    lock = take_over(path, "results/")
    assert "ESCAPING_MINIMA_LOCK" not in os.environ
    with pytest.raises(UserError, match="in use by process"):
        hold(path, "results/")
    lock.close()
