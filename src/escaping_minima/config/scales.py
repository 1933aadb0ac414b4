"""The scales: named numbers for every study."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from escaping_minima.config.check import check_section
from escaping_minima.config.parse import check_mapping, parse_yaml
from escaping_minima.config.sections import SCALES, Scale, ScaleNumbers
from escaping_minima.errors import UserError

_FILE = "scales.yaml"


@cache
def read_scales() -> dict[Scale, ScaleNumbers]:
    """Read and check ``scales.yaml``.

    Returns
    -------
    dict
        The numbers of every study, by scale.

    Raises
    ------
    UserError
        If a scale is missing or unknown, or a number is missing or not allowed.
    """
    return parse_scales(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))


def parse_scales(text: str) -> dict[Scale, ScaleNumbers]:
    """Check the text of a scales file; see `read_scales`."""
    scales = check_mapping(parse_yaml(text, _FILE), _FILE)
    if set(scales) != set(SCALES):
        found = ", ".join(map(str, scales))
        raise UserError(f"{_FILE}: found the scales {found}; allowed: {', '.join(SCALES)}, all")
    return {name: _check_scale(name, scales[name]) for name in SCALES}


def _check_scale(name: Scale, values: object) -> ScaleNumbers:
    label = f"{_FILE}, {name}"
    return check_section(ScaleNumbers, check_mapping(values, label), (), label)
