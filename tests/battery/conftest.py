"""What the battery shares. Parts are found by listing their folders: none can be left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session")
def battery(load_module):
    """Return the battery's problems and surroundings."""
    return load_module(Path(__file__).with_name("problems.py"))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
