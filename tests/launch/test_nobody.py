"""A run by a number that no table of users has, in a container or a batch job."""

from __future__ import annotations

import getpass
import os
import pwd
from pathlib import Path

import pytest

from escaping_minima.launch.nobody import stand_ins


@pytest.fixture
def nobody(monkeypatch):
    """Take from the process all by which it knows its user."""

    def unknown(number):
        raise KeyError(f"uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_what_snakemake_asks_for_is_there(nobody, monkeypatch):
    with pytest.raises(RuntimeError):
        Path.home()
    for name, value in stand_ins().items():
        monkeypatch.setenv(name, value)
    assert getpass.getuser() == f"user {os.getuid()}"
    from platformdirs import AppDirs

    assert not Path(AppDirs("snakemake").user_config_dir).exists()
    assert Path(AppDirs("snakemake").user_config_dir).is_absolute()


def test_who_is_known_stays_so(nobody, monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setenv("USER", "me")
    assert stand_ins() == {}
