"""GPUs are counted as the driver would let a process see them."""

from __future__ import annotations

import pytest

from escaping_minima.plan import gpus


@pytest.fixture
def driver(monkeypatch, tmp_path):
    """Return a function that puts so many GPUs into the machine."""

    def put(count):
        for number in range(count):
            (tmp_path / f"0000:0{number}:00.0").mkdir()
        monkeypatch.setattr(gpus, "DRIVER", tmp_path)

    return put


@pytest.mark.parametrize(
    ("visible", "count"),
    [
        ("", 0),
        ("-1", 0),
        ("0", 1),
        ("0,2", 2),
        ("0, 1,", 2),
        ("0,-1,2", 1),
        ("0,3,1", 1),
        ("7", 0),
        ("GPU-ab", 1),
    ],
)
def test_what_the_environment_allows(monkeypatch, driver, visible, count):
    driver(3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus.count_gpus() == count


@pytest.mark.parametrize("visible", ["0", "0,1", "GPU-ab"])
def test_a_machine_without_gpus_has_none_whatever_is_named(monkeypatch, driver, visible):
    driver(0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus.count_gpus() == 0
    assert not gpus.uses_gpus("auto")
    # who asks for one is told by torch that there is none
    assert gpus.uses_gpus("cuda")


def test_what_the_driver_lists(monkeypatch, tmp_path, driver):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "none")
    assert gpus.count_gpus() == 0
    driver(2)
    assert gpus.count_gpus() == 2
