"""An estimate weighs networks by images and updates, from a short calibration."""

from __future__ import annotations

import re

import pytest

from escaping_minima.config.load import load_config, resolve
from escaping_minima.kinds.training import run as module
from escaping_minima.steps import estimate as step
from escaping_minima.steps.estimate import JOB_SECONDS, REPORT_SECONDS, estimate

#: What the scale has besides main and sample runs.
FURTHER = (
    *("ladder_seeds", "sample_ladder_seeds", "order_seeds", "sample_order_seeds"),
    *("spread_seeds", "noise_seeds", "flatness_seeds", "annealing_blocks"),
)


def lines(tmp_path, more=(), **section):
    section = {**dict.fromkeys(FURTHER, 0), "short_batches": False, **section}
    raw = {"scale": "paper", "studies": ["batch_increase"], "results": str(tmp_path)} | dict(more)
    return estimate(resolve(load_config(raw | {"batch_increase": section})), 2)


def hours(line):
    number, unit = re.search(r"training: ([\d.]+) (h|min|s) of one core", line).groups()
    return float(number) * {"h": 1.0, "min": 1 / 60, "s": 1 / 3600}[unit]


@pytest.fixture
def calibrated(monkeypatch):
    """A machine on which every image costs a millisecond, at every batch size."""
    monkeypatch.setattr(module, "_TIMED", {})
    monkeypatch.setattr(module, "_seconds_per_item", lambda *words: 1e-3)


def test_hours_are_epochs_times_images(calibrated, tmp_path):
    numbers = {"controls": False, "mesh_epochs": 0, "sample_seeds": 0}
    found = lines(tmp_path, epochs=3000, seeds=1, **numbers)
    # two blocks that take so long share a job
    assert "4 of 4 jobs and 7 of 7 blocks are to run" in found[0]
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


@pytest.mark.parametrize(("side_by_side", "pack"), [(3, 3), (None, 0)])
def test_packs_are_calibrated_as_they_will_run_and_dealt_to_the_gpus(
    monkeypatch, tmp_path, side_by_side, pack
):
    packs = []

    def calibrate(pieces, device, pack):
        assert device == "cuda"
        packs.append(pack)
        return {piece.cell.id: 100.0 for piece in pieces}

    monkeypatch.setattr(module, "calibrate", calibrate)
    monkeypatch.setattr(step, "count_gpus", lambda: 2)
    more = {"device": "cuda", "runs_side_by_side": side_by_side}
    numbers = {"controls": False, "mesh_epochs": 0, "sample_seeds": 0, "seeds": 4, "epochs": 5}
    found = lines(tmp_path, more, **numbers)
    assert set(packs) == {pack}
    # four runs of each of seven cells
    jobs, blocks = map(int, re.search(r"(\d+) jobs and (\d+) of", found[0]).groups())
    size = 2 * pack or 16
    assert blocks == 28
    per_job = [float(re.search(r"pack_\d+: ([\d.]+) min", line).group(1)) for line in found[3:]]
    assert len(per_job) == jobs > 1
    assert max(per_job) <= round((size * 100 + JOB_SECONDS) / 60)
    total = 28 * 100 + jobs * JOB_SECONDS
    assert f"training: {total / 60:.0f} min of one core or GPU" in found[1]
    wall = int(re.search(r"the report about (\d+) min", found[1]).group(1))
    # one of the two works at least half of the time, and neither waits for more than a job
    assert total / 2 <= 60 * (wall + 0.5) - REPORT_SECONDS
    assert 60 * (wall - 0.5) - REPORT_SECONDS <= total / 2 + size * 100 + JOB_SECONDS
