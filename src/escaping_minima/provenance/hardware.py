"""The parts of a machine on which the last digits of a number can depend."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

#: Where Linux describes its processors.
CPUINFO = Path("/proc/cpuinfo")
#: Instructions that a library may choose its code by, as Linux lists those of x86 and of ARM.
_VECTOR = {"flags": r"avx\w*|fma|f16c|amx\w*", "Features": r"asimd\w*|sve\w*|sme\w*"}


def hardware() -> dict[str, str]:
    """Return what is known of the processor and of the GPUs; what is not there is left out.

    Returns
    -------
    dict of str
        ``cpu``, ``vector_instructions``, ``torch_cpu`` (the instructions that torch chose),
        ``gpu``, ``driver``, ``cuda``, ``cudnn``. Those of torch are there once it is loaded.
    """
    found = {
        "cpu": cpu_model(),
        "vector_instructions": " ".join(_vector_instructions()),
        **_gpus(),
        **_torch(),
    }
    return {name: value for name, value in found.items() if value}


def cpu_model() -> str:
    """Return the processor's model, empty if the system does not say it."""
    return _cpuinfo("model name") or ("" if _lines() else platform.processor())


def _vector_instructions() -> list[str]:
    listed = {
        flag
        for key, some in _VECTOR.items()
        for flag in re.findall(rf"\b(?:{some})(?!\S)", _cpuinfo(key))
    }
    return sorted(listed)


def _cpuinfo(key: str) -> str:
    for line in _lines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _lines() -> list[str]:
    try:
        return CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _gpus() -> dict[str, str]:
    """Ask the driver: torch would set up every GPU to answer."""
    words = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        run = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return {}
    rows = [line.rpartition(", ") for line in run.stdout.splitlines() if ", " in line]
    return {"gpu": _joined(r[0] for r in rows), "driver": _joined(r[2] for r in rows)}


def _torch() -> dict[str, str]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    found = {"torch_cpu": str(torch.backends.cpu.get_cpu_capability())}
    if torch.version.cuda:
        found |= {"cuda": torch.version.cuda, "cudnn": str(torch.backends.cudnn.version() or "")}
    return found


def _joined(values: Iterable[str]) -> str:
    return ", ".join(sorted({value.strip() for value in values}))
