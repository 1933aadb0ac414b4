"""GPUs are counted as the driver would let a process see them."""

from __future__ import annotations

import pytest

from escaping_minima.plan import gpus


@pytest.mark.parametrize(
    ("visible", "count"), [("", 0), ("-1", 0), ("0", 1), ("0,2", 2), ("0,-1,2", 1), ("GPU-ab", 1)]
)
def test_what_the_environment_allows(monkeypatch, visible, count):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus.count_gpus() == count


def test_what_the_driver_lists(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "none")
    assert gpus.count_gpus() == 0
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(gpus, "DRIVER", tmp_path)
    assert gpus.count_gpus() == 2
