"""The scales: named numbers for every study."""

from __future__ import annotations

from functools import cache
from typing import Any

from escaping_minima.config.check import check_section
from escaping_minima.config.sections import SCALES, Scale, ScaleNumbers
from escaping_minima.config.study_sections import Section
from escaping_minima.parts.studies import all_studies
from escaping_minima.parts.study_settings import described_settings


@cache
def read_scales() -> dict[Scale, Section]:
    """Read and check the numbers that every study gives its settings.

    Returns
    -------
    dict
        By scale, a section with one section a study.

    Raises
    ------
    UserError
        If a number is not allowed.
    """
    return {scale: check_scale(scale, numbers_at(scale)) for scale in SCALES}


def numbers_at(scale: Scale) -> dict[str, dict[str, Any]]:
    """Return the numbers of a scale, by study and setting, as the studies say them."""
    return {
        study.name: {
            n: said.scales[scale] for n, said in described_settings(study.settings).items()
        }
        for study in all_studies()
    }


def check_scale(scale: Scale, numbers: dict[str, dict[str, Any]]) -> Section:
    """Check the numbers of a scale; see `read_scales`."""
    return check_section(ScaleNumbers, numbers, (), f"settings of the studies, {scale}")
