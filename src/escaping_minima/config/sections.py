"""The typed sections of the configuration.

Everything said about a key elsewhere (the schema, the reference, ``config.yaml``, the messages) is
derived from these models. The keys of the run stand here; those of a study in its ``settings.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, create_model, field_validator

from escaping_minima.config.spelling import read_list, read_null, read_scalar
from escaping_minima.config.study_sections import (
    Section,
    numbers_field,
    one_of,
    section_field,
)
from escaping_minima.parts.studies import all_studies

Scale = Literal["smoke", "quick", "gpu", "paper"]
Source = Literal["runs", "published"]
Device = Literal["auto", "cpu", "cuda"]

SCALES: tuple[Scale, ...] = get_args(Scale)
_STUDIES = all_studies()
STUDIES: tuple[str, ...] = tuple(study.name for study in _STUDIES)

if TYPE_CHECKING:
    StudyName = str
else:
    StudyName = one_of(STUDIES)

SideBySide = Annotated[int, Field(ge=1, le=32)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# Snakemake reads braces as wildcards and <name> as one of its own paths, a command a leading - as
# an option, nothing here expands a leading ~, and a line break or a control character has no place
# in a log, a message or a YAML word.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_FOLDER = rf"^[^-~{{}}<>\s{_CONTROL}]([^{{}}<>{_CONTROL}]*[^{{}}<>\s{_CONTROL}])?$"
Folder = Annotated[
    str,
    Field(
        pattern=_FOLDER,
        json_schema_extra={
            "patternErrorMessage": "the path of a folder, without { } < > and no ~ or - first"
        },
    ),
]
DataFolder = Annotated[
    str,
    Field(
        pattern=_FOLDER,
        json_schema_extra={
            "patternErrorMessage": "the path of a folder (no { } < >, no ~ or - first)"
        },
    ),
]
# A comma parts several mirrors in the environment variable.
Mirror = Annotated[
    str,
    Field(
        pattern=rf"^[^~,\s{_CONTROL}]([^,{_CONTROL}]*[^,\s{_CONTROL}])?$",
        json_schema_extra={"patternErrorMessage": "the path of a folder or a URL (no comma, no ~)"},
    ),
]
Checksum = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-fA-F]{64}$",
        json_schema_extra={"patternErrorMessage": "a SHA-256 in 64 digits of 0-9 and a-f"},
    ),
    AfterValidator(str.lower),
]
MirrorList = Annotated[tuple[Mirror, ...], BeforeValidator(read_list)]
ChecksumList = Annotated[tuple[Checksum, ...], BeforeValidator(read_list)]
StudyList = Annotated[
    tuple[StudyName, ...],
    BeforeValidator(read_list),
    Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
]


class RunKeys(Section):
    """The keys of the run itself, which all studies share."""

    scale: Scale = Field(
        default="quick",
        description=(
            "How large the runs are. smoke: a test of every rule, about a minute; quick: a first "
            "run, about 20 minutes on two cores, no download; gpu: an evening on one GPU; "
            "paper: what the papers print."
        ),
    )
    source: Source = Field(
        default="runs",
        description=(
            "Where the numbers come from. runs: train, then render; published: train nothing and "
            "render everything from the committed tables of results/published into "
            "results/from-published."
        ),
    )
    results: Folder = Field(
        default="results", description="The folder that all runs are written to."
    )
    studies: StudyList = Field(default=STUDIES, description="The studies to run and report.")
    device: Device = Field(
        default="auto", description="Where training runs. auto: on the GPU where there is one."
    )
    rerun_stale: bool | None = Field(
        default=None,
        description=(
            "Repeat runs made by older code. null: yes at smoke and quick; no at gpu and paper, "
            "where such results are kept and marked stale in the report."
        ),
    )
    checkpoint_seconds: Seconds = Field(
        default=30,
        description=(
            "A running block writes its state about this often, so a killed run loses no more."
        ),
    )
    runs_side_by_side: SideBySide | None = Field(
        default=None,
        description=(
            "Runs of network training at once on one GPU. null: as many as their batch sizes are "
            "worth and its memory holds."
        ),
    )
    data_folder: DataFolder | None = Field(
        default=None,
        description=(
            "The folder that fetched data sets are kept in. null: $ESCAPING_MINIMA_DATA if that is "
            "set, else escaping-minima in $XDG_CACHE_HOME or ~/.cache."
        ),
    )
    mirrors: MirrorList = Field(
        default=(),
        description=(
            "Folders or URLs that hold DATA_SET/FILE, tried in this order before the official "
            "hosts and after those in $ESCAPING_MINIMA_MIRROR (one or several, between commas)."
        ),
    )
    accept_checksums: ChecksumList = Field(
        default=(),
        description=(
            "SHA-256 of files that differ from the official ones and are accepted all the same. "
            "The record beside the data says so."
        ),
    )

    @field_validator("rerun_stale", "checkpoint_seconds", "runs_side_by_side", mode="before")
    @classmethod
    def _read_scalar(cls, value: Any) -> Any:
        return read_scalar(value)

    @field_validator("data_folder", mode="before")
    @classmethod
    def _read_null(cls, value: Any) -> Any:
        return read_null(value)

    @field_validator("studies")
    @classmethod
    def _check_studies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("empty or repeated")
        return value


_SECTIONS: Any = {study.name: section_field(study) for study in _STUDIES}
_NUMBERS: Any = {study.name: numbers_field(study) for study in _STUDIES}

#: The keys of the run and a section a study; see `escaping_minima.config.load.resolve`.
Config = create_model(
    "Config",
    __base__=RunKeys,
    __doc__="The configuration as a user writes it, checked.",
    **_SECTIONS,
)
#: The numbers of every study at one scale.
ScaleNumbers = create_model("ScaleNumbers", __base__=Section, **_NUMBERS)


class Resolved(Section):
    """The configuration with the scale applied: what a plan is made from.

    The numbers of a study stand under its name.

    Attributes
    ----------
    rerun_stale : bool
        Whether results made by older code are repeated.
    overridden : tuple of str
        Dotted keys, of the chosen studies, whose number is not the one of the scale.
    """

    scale: Scale
    source: Source
    results: str
    studies: tuple[str, ...]
    device: Device
    rerun_stale: bool
    checkpoint_seconds: float
    runs_side_by_side: int | None
    data_folder: str | None
    mirrors: tuple[str, ...]
    accept_checksums: tuple[str, ...]
    overridden: tuple[str, ...]

    def label(self, study: str | None = None) -> str:
        """Say in a few words which numbers a report rests on.

        Parameters
        ----------
        study : str, optional
            Speak of this study alone, without its name before the keys.

        Returns
        -------
        str
            For example ``quick`` or ``quick, with starts=1000``.
        """
        changes = [self._change(key, study) for key in self.overridden if _concerns(key, study)]
        return f"{self.scale}, with {', '.join(changes)}" if changes else self.scale

    def _change(self, key: str, study: str | None) -> str:
        section, _, name = key.partition(".")
        value = getattr(getattr(self, section), name)
        return f"{name if study else key}={str(value).lower()}"


def _concerns(key: str, study: str | None) -> bool:
    return study is None or key.startswith(f"{study}.")


#: What `Resolved` is made as: with the numbers of every study.
Numbered = create_model("Resolved", __base__=Resolved, **_NUMBERS)
