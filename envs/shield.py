"""Keep an environment to its own Python and libraries, and let it work for any user.

    .venv/bin/python envs/shield.py

Modules of clusters set PYTHONHOME and PYTHONPATH for another Python; containers run as users whom
the system does not know. `envs/build` calls this by the environment's own Python after each
installation:

- what PYTHONPATH names comes after what the environment holds (pythonpath_last.py says how), for
  every Python that is started there;
- a user without an account or a home gets what stands in for them (unknown_user.py);
- the commands that pip has installed start Python without PYTHONHOME, by which it would not find
  its own modules. `python` itself cannot be shielded from that.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

#: What Python imports when it starts, and the file that says so. Python takes them in the order of
#: their names: after that which makes the project known, and paths first.
MODULES = [Path(__file__).with_name(f"{name}.py") for name in ("pythonpath_last", "unknown_user")]
HOOK = "_{}.pth"
#: How a command begins that pip has written: plainly, or where the path is long or has a space.
PLAIN, THROUGH_SHELL = b"#!", b"#!/bin/sh\n'''exec' "
#: What then stands before the interpreter.
CLEAN = b"/usr/bin/env -u PYTHONHOME "


def hook(module: Path, packages: Path) -> None:
    """Let every Python of the environment import a module when it starts."""
    shutil.copyfile(module, packages / module.name)
    (packages / HOOK.format(module.stem)).write_text(f"import {module.stem}\n", encoding="utf-8")


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
    for module in MODULES:
        hook(module, Path(sysconfig.get_path("purelib")))
    commands = Path(sysconfig.get_path("scripts"))
    for path in sorted(commands.iterdir()):
        if path.is_file() and not path.is_symlink():
            shield_command(path, sys.executable.encode())


if __name__ == "__main__":
    main()
