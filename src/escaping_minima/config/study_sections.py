"""The section of a study, made of what its ``settings.py`` says of each setting."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, field_validator

from escaping_minima.config.spelling import read_scalar, read_whole
from escaping_minima.parts.study import Study
from escaping_minima.parts.study_settings import Allowed, OneOf, Switch, described_settings

_Fields = dict[str, Any]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class StudySection(Section):
    """What a user may set of one study; null stands for the number of the scale."""

    @field_validator("*", mode="before")
    @classmethod
    def _read_scalar(cls, value: Any) -> Any:
        return read_scalar(value)


def section_field(study: Study[Any]) -> tuple[Any, Any]:
    """Return the field of the configuration that holds a study's section.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple
        Type and default, as `pydantic.create_model` takes them.
    """
    optional: _Fields = {
        name: (_type_of(said.allowed) | None, Field(default=None, description=said.description))
        for name, said in described_settings(study.settings).items()
    }
    about = f"{study.about} A key that is null takes the number of the scale."
    section: Any = create_model(study.name, __base__=StudySection, __doc__=about, **optional)
    kind = Annotated[section, BeforeValidator(_read_section)]
    return kind, Field(default=section(), description=about)


def numbers_field(study: Study[Any]) -> tuple[Any, Any]:
    """Return the field that holds a study's numbers once the scale is applied: none is left open.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple
        Type and default, as `pydantic.create_model` takes them.
    """
    settings = described_settings(study.settings).items()
    needed: _Fields = {name: (_type_of(said.allowed), ...) for name, said in settings}
    return create_model(study.name, __base__=Section, **needed), ...


def one_of(values: tuple[str | int, ...]) -> Any:
    """Return the type that has these values alone."""
    literal: Any = Literal
    return literal[values]


def _type_of(allowed: Allowed) -> Any:
    if isinstance(allowed, Switch):
        return bool
    if isinstance(allowed, OneOf):
        whole = all(isinstance(value, int) for value in allowed.values)
        kind = one_of(allowed.values)
        return Annotated[kind, BeforeValidator(read_whole)] if whole else kind
    within = Field(ge=allowed.least, le=allowed.most, multiple_of=allowed.multiple_of)
    return Annotated[int, within, BeforeValidator(read_whole)]


def _read_section(value: Any) -> Any:
    # A section whose keys are all commented out is null in YAML.
    value = read_scalar(value)
    return {} if value is None else value
