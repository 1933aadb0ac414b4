"""How methods and functions are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.parts.looks import look_of
from escaping_minima.studies.stationary_distributions.plan import METHODS

#: Methods in words, in the order of the printed table.
METHOD_NAMES: Mapping[str, str] = {method: look_of(method).title for method in METHODS}
#: Functions in words.
FUNCTION_NAMES: Mapping[str, str] = {
    "himmelblau": "Himmelblau",
    "three_hump_camel": "Three-Hump Camel",
    "six_hump_camel": "Six-Hump Camel",
}
