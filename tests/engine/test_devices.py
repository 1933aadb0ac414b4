"""Asking for a GPU that is not there is one line."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.engine.devices import free_gpu, resolve_device, resolve_training_device
from escaping_minima.errors import UserError


def test_functions_of_the_plane_run_on_the_cpu_by_default():
    assert resolve_device("auto") == "cpu"
    assert resolve_device("cpu") == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_a_missing_gpu_is_named():
    with pytest.raises(UserError, match="device: 'cuda' was asked for") as caught:
        resolve_device("cuda")
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_is_used_where_asked_for():
    assert resolve_device("cuda") == "cuda"


def test_networks_take_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_training_device("auto") == "cuda"
    assert resolve_training_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_training_device("auto") == "cpu"


def test_jobs_at_once_hold_other_gpus(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with free_gpu("cuda", tmp_path) as first, free_gpu("cuda", tmp_path) as second:
        assert (first, second) == ("cuda:0", "cuda:1")
        with free_gpu("cuda", tmp_path) as third, free_gpu("cpu", tmp_path) as other:
            assert (third, other) == ("cuda:0", "cpu")
    with free_gpu("cuda", tmp_path) as again:
        assert again == "cuda:0"
