"""Asking for a GPU that is not there is one line."""

from __future__ import annotations

import pytest
import torch

from escaping_minima.engine.devices import resolve_device
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
