"""Check values against a section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from escaping_minima.config.layers import Layer, find_origin
from escaping_minima.config.messages import one_line
from escaping_minima.config.schema import section_schema
from escaping_minima.config.study_sections import Section
from escaping_minima.errors import UserError

SectionT = TypeVar("SectionT", bound=Section)


def check_section(
    section: type[SectionT], values: Mapping[Any, Any], layers: Sequence[Layer], label: str
) -> SectionT:
    """Check values against a section.

    Parameters
    ----------
    section : type of Section
        The model.
    values : Mapping
        What to check.
    layers : sequence of Layer
        What the values were laid together from, to name the place of an error.
    label : str
        The place of what comes from no layer.

    Returns
    -------
    Section
        The checked section.

    Raises
    ------
    UserError
        If anything is unknown or not allowed; one line, exit code 2.
    """
    try:
        return section.model_validate(dict(values))
    except ValidationError as error:
        schema = section_schema(section)
        message = one_line(error, schema, lambda at: find_origin(at, values, layers, label))
        raise UserError(message) from None
