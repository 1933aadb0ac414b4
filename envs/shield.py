"""Keep an environment to its own Python and libraries, whatever PYTHONHOME and PYTHONPATH say.

    .venv/bin/python envs/shield.py

Modules of clusters set both for another Python. `envs/build` calls this by the environment's own
Python after each installation:

- what PYTHONPATH names comes after what the environment holds (pythonpath_last.py says how), for
  every Python that is started there;
- the commands that pip has installed start Python without PYTHONHOME, by which it would not find
  its own modules. `python` itself cannot be shielded from that.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

#: A module, and the file by which Python imports it when it starts.
MODULE = Path(__file__).with_name("pythonpath_last.py")
HOOK = "_pythonpath_last.pth"
#: How a command begins that pip has written: plainly, or where the path is long or has a space.
PLAIN, THROUGH_SHELL = b"#!", b"#!/bin/sh\n'''exec' "
#: What then stands before the interpreter.
CLEAN = b"/usr/bin/env -u PYTHONHOME "


def order_paths(packages: Path) -> None:
    """Let every Python of the environment put what PYTHONPATH names last."""
    shutil.copyfile(MODULE, packages / MODULE.name)
    (packages / HOOK).write_text(f"import {MODULE.stem}\n", encoding="utf-8")


def shield_command(path: Path, python: bytes) -> None:
    """Let a command that pip has written start its Python without PYTHONHOME."""
    text = path.read_bytes()
    first, _, rest = text.partition(b"\n")
    if first == PLAIN + python:
        shielded = THROUGH_SHELL + CLEAN + b'"' + python + b'" "$0" "$@"\n\' \'\'\'\n' + rest
    elif text.startswith((THROUGH_SHELL + python, THROUGH_SHELL + b'"' + python)):
        shielded = THROUGH_SHELL + CLEAN + text.removeprefix(THROUGH_SHELL)
    else:
        return
    # moved into place: another process may be starting this command
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(shielded)
    shutil.copymode(path, new)
    new.replace(path)


def main() -> None:
    """Shield the environment whose Python runs this."""
    order_paths(Path(sysconfig.get_path("purelib")))
    commands = Path(sysconfig.get_path("scripts"))
    for path in sorted(commands.iterdir()):
        if path.is_file() and not path.is_symlink():
            shield_command(path, sys.executable.encode())


if __name__ == "__main__":
    main()
