"""Put what PYTHONPATH names after what this environment holds.

Python imports this when it starts: envs/shield.py has put it among the packages. Modules of
clusters name their own numpy and the like in PYTHONPATH, built for another Python, which would
come before the pinned ones. What only PYTHONPATH names is still found, and a folder with a copy of
this project stays in front, as those who name one want it.
"""

import os
import sys

_STANDARD = os.path.dirname(os.__file__)
_OWN = (
    _STANDARD,
    os.path.join(_STANDARD, "lib-dynload"),
    os.path.dirname(os.path.abspath(__file__)),
)


def _is_foreign(folder: str) -> bool:
    project = os.path.join(folder, "escaping_minima", "__init__.py")
    return folder not in _OWN and not os.path.isfile(project)


def _reorder() -> None:
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    foreign = {os.path.abspath(folder) for folder in named}
    foreign = {folder for folder in foreign if _is_foreign(folder)}
    # sorted by whether they are foreign, each kind in the order that it has
    sys.path.sort(key=lambda folder: os.path.abspath(folder) in foreign)


_reorder()
