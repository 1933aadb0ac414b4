"""What a kernel finds around it: this package, and nobody's personal settings."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from escaping_minima.package import ROOT

#: Where people name kernels and code for every start.
_PERSONAL = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONSTARTUP")
#: What the kernel runs as it starts. It would warn on the terminal that it talks over TCP on this
#: machine; and matplotlib would take settings that lie where it is imported.
_START = """\
import os
get_config().IPKernelApp.log_level = 40
here = os.getcwd()
os.chdir(os.path.dirname(__file__))
import matplotlib
os.chdir(here)
"""


@contextlib.contextmanager
def impersonal(scratch: Path) -> Iterator[None]:
    """Let kernels that start meanwhile run with this package and no user's settings.

    They also run where HOME cannot be written, or is not known.

    Parameters
    ----------
    scratch : Path
        A folder of their own.
    """
    paths = [str(ROOT.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONSAFEPATH": "1",
        "JUPYTER_RUNTIME_DIR": str(scratch / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(scratch / "matplotlibrc"),
        **_home(scratch),
    }
    profile = scratch / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(_START, encoding="utf-8")
    (scratch / "matplotlibrc").touch()
    with _environment({**dict.fromkeys(_PERSONAL), **own}):
        yield


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables, or remove those that are None, and put back what was there."""
    before = {key: os.environ.get(key) for key in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for key, value in values.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


def _home(scratch: Path) -> dict[str, str]:
    """Return where libraries keep what they look up, where that cannot be the user's home."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        # no HOME, and a user whom the system does not know
        return {"HOME": str(scratch)}
    while not folder.exists():
        folder = folder.parent
    # matplotlib keeps its list of fonts there where it can; making that anew takes seconds
    if "MPLCONFIGDIR" in os.environ or os.access(folder, os.W_OK):
        return {}
    return {"MPLCONFIGDIR": str(scratch / "matplotlib")}
