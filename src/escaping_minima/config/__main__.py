"""Rewrite the generated files of the repository in the current folder."""

from __future__ import annotations

from pathlib import Path

from escaping_minima.config.generated import write_generated

if __name__ == "__main__":
    for path in write_generated(Path.cwd()):
        print(f"wrote {path}")
