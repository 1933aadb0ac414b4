"""Where the package is."""

from __future__ import annotations

from pathlib import Path

#: Its name.
PACKAGE = "escaping_minima"
#: Its folder.
ROOT = Path(__file__).resolve().parent
#: The checkout that it is part of, where it was not copied out of one.
CHECKOUT = ROOT.parents[1]
