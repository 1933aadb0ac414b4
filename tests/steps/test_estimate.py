"""An estimate weighs networks by images and updates, from a short calibration."""

from __future__ import annotations

import re

import pytest

from escaping_minima.config.load import load_config, resolve
from escaping_minima.kinds.training import run as module
from escaping_minima.steps.estimate import estimate


def lines(tmp_path, **section):
    raw = {"scale": "paper", "studies": ["batch_increase"], "results": str(tmp_path)}
    return estimate(resolve(load_config(raw | {"batch_increase": section})), 2)


def hours(line):
    number, unit = re.search(r"training: ([\d.]+) (h|min|s) of one core", line).groups()
    return float(number) * {"h": 1.0, "min": 1 / 60, "s": 1 / 3600}[unit]


@pytest.fixture
def calibrated(monkeypatch):
    """A machine on which every image costs a millisecond, at every batch size."""
    monkeypatch.setattr(module, "_seconds_per_item", lambda plan, cell, size, device: 1e-3)


def test_hours_are_epochs_times_images(calibrated, tmp_path):
    numbers = {"controls": False, "mesh_epochs": 0, "sample_seeds": 0}
    found = lines(tmp_path, epochs=3000, seeds=1, **numbers)
    assert "7 of 7 jobs and 7 of 7 blocks are to run" in found[0]
    # seven runs, each of 3,000 epochs of 60,000 images trained on and 70,000 evaluated
    expected = 7 * 3000 * (60_000 + module.EVALUATION_SHARE * 70_000) * 1e-3 / 3600
    assert hours(found[1]) == pytest.approx(expected, rel=0.01)
    twice = lines(tmp_path, epochs=3000, seeds=2, **numbers)
    assert hours(twice[1]) == pytest.approx(2 * expected, rel=0.01)


def test_the_calibration_takes_real_updates(tmp_path):
    numbers = {"controls": False, "sample_controls": False, "mesh_epochs": 0, "sample_seeds": 1}
    found = lines(tmp_path, epochs=10, seeds=0, **numbers)
    # four runs of eight epochs of 2,000 images: seconds to minutes, not hours
    assert "4 of 4 blocks" in found[0]
    assert 4 / 3600 < hours(found[1]) < 1.0
