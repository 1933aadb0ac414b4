"""What is printed reaches every terminal, whatever characters it has."""

from __future__ import annotations

import io
import sys

import pytest

from escaping_minima.cli import main
from escaping_minima.package import CHECKOUT


# the last one is how Python writes where no language is set
@pytest.mark.parametrize(
    ("encoding", "errors", "shown"),
    [
        ("ascii", "strict", rb"gr\xf6\xdfe>=1.json"),
        ("latin-1", "strict", b"gr\xf6\xdfe>=1.json"),
        ("utf-8", "strict", "größe≥1.json".encode()),
        ("ascii", "surrogateescape", rb"gr\xf6\xdfe>=1.json"),
    ],
)
def test_every_terminal_is_written_to(tmp_path, monkeypatch, encoding, errors, shown):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.chdir(CHECKOUT)
    path = tmp_path / "größe≥1.json"
    with pytest.raises(SystemExit) as left:
        main(["plan", "--scale", "smoke", "--output", str(path)])
    terminal.flush()
    assert left.value.code == 0
    assert shown + b": " in terminal.buffer.getvalue()
    assert path.exists()
