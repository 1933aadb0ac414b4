from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escaping_minima.config.load import read_config
from escaping_minima.errors import UserError


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """Write config.yaml in the current folder, so that messages name it without a path."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str | bytes) -> Path:
        path = Path("config.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def complaint(write: Callable[[str | bytes], Path]) -> Callable[..., str]:
    """Read a bad configuration and return the one line that it earns."""

    def complain(text: str | bytes, *overrides: str) -> str:
        with pytest.raises(UserError) as caught:
            read_config(write(text), overrides)
        line = str(caught.value)
        assert caught.value.exit_code == 2
        assert "\n" not in line
        return line

    return complain
