"""The typed sections of the configuration.

Everything said about a key elsewhere (the schema, the reference, ``config.yaml``, the messages) is
derived from these models. A new study is its name in `Study`, its two sections, one field in
`ScaleNumbers` and one in `Config`, and its numbers in ``scales.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from escaping_minima.config.spelling import read_list, read_null, read_scalar, read_whole

Scale = Literal["smoke", "quick", "gpu", "paper"]
Source = Literal["runs", "published"]
Study = Literal["stationary_distributions", "batch_increase"]
DataVersion = Literal["generated", "sample", "full"]
Device = Literal["auto", "cpu", "cuda"]

SCALES: tuple[Scale, ...] = get_args(Scale)
STUDIES: tuple[Study, ...] = get_args(Study)

_Whole = BeforeValidator(read_whole)
# Upper bounds keep a slip of the keyboard from planning a million blocks.
Starts = Annotated[int, Field(ge=500, le=1_000_000, multiple_of=500), _Whole]
Steps = Annotated[int, Field(ge=1, le=1_000_000), _Whole]
Seeds = Annotated[int, Field(ge=0, le=1000), _Whole]
Epochs = Annotated[int, Field(ge=1, le=100_000), _Whole]
NoEpochs = Annotated[int, Field(ge=0, le=100_000), _Whole]
SweepEvery = Annotated[Literal[1, 2, 4], _Whole]
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
        pattern=r"^[0-9a-f]{64}$",
        json_schema_extra={"patternErrorMessage": "a SHA-256 in 64 digits of 0-9 and a-f"},
    ),
]
MirrorList = Annotated[tuple[Mirror, ...], BeforeValidator(read_list)]
ChecksumList = Annotated[tuple[Checksum, ...], BeforeValidator(read_list)]
StudyList = Annotated[
    tuple[Study, ...],
    BeforeValidator(read_list),
    Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class StudySection(Section):
    """What a user may set of one study; null stands for the number of the scale."""

    @field_validator("*", mode="before")
    @classmethod
    def _read_scalar(cls, value: Any) -> Any:
        return read_scalar(value)


class StationaryDistributions(StudySection):
    """Where every method ends, from many random starts on three synthetic functions."""

    starts: Starts | None = Field(
        default=None, description="Random starts per function and method; 500 make one block."
    )
    steps: Steps | None = Field(default=None, description="Steps of a method from every start.")
    sweep_every: SweepEvery | None = Field(
        default=None,
        description=(
            "Which of the nine points main x 10^(k/4), k = -4..4, of the radius sweep are run: "
            "every k divisible by this number; 1 is the whole grid."
        ),
    )
    variants: bool | None = Field(
        default=None,
        description="Also run the named variants: the other readings of ambiguous passages.",
    )


class StationaryDistributionsNumbers(Section):
    """The numbers of `StationaryDistributions` once the scale is applied: none is left open."""

    starts: Starts
    steps: Steps
    sweep_every: SweepEvery
    variants: bool


class BatchIncrease(StudySection):
    """A batch size that grows during training against fixed ones, on MNIST."""

    data: DataVersion | None = Field(
        default=None,
        description=(
            "What the main runs train on: all of MNIST (full, fetched), the sample of 10,000 "
            "images in the repository, or generated images, which are for tests alone."
        ),
    )
    seeds: Seeds | None = Field(
        default=None,
        description="Main runs of each of the seven strategies; 0 leaves the main runs out.",
    )
    epochs: Epochs | None = Field(
        default=None, description="Epochs of the main runs, those of Figures 6 to 8."
    )
    mesh_epochs: NoEpochs | None = Field(
        default=None,
        description=(
            "Epochs of the runs of section 4.5, which end earlier; 0, or as many as epochs, leaves "
            "them out."
        ),
    )
    controls: bool | None = Field(
        default=None,
        description="Repeat the main runs with plain SGD and with other readings of the paper.",
    )
    sample_seeds: Seeds | None = Field(
        default=None,
        description=(
            "Runs of the four strategies with N2 = 100 on 2,000 images of the sample, 8 epochs; 0 "
            "leaves them out."
        ),
    )
    sample_controls: bool | None = Field(
        default=None,
        description="Repeat the sample runs with plain SGD and with other readings of the paper.",
    )


class BatchIncreaseNumbers(Section):
    """The numbers of `BatchIncrease` once the scale is applied: none is left open."""

    data: DataVersion
    seeds: Seeds
    epochs: Epochs
    mesh_epochs: NoEpochs
    controls: bool
    sample_seeds: Seeds
    sample_controls: bool


class ScaleNumbers(Section):
    """The numbers of every study at one scale."""

    stationary_distributions: StationaryDistributionsNumbers
    batch_increase: BatchIncreaseNumbers


class Config(Section):
    """The configuration as a user writes it, checked; see `escaping_minima.config.load.resolve`."""

    scale: Scale = Field(
        default="quick",
        description=(
            "How large the runs are. smoke: a test of every rule, about a minute; quick: a first "
            "run, at most 15 minutes on two cores, no download; gpu: an evening on one GPU; "
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
    stationary_distributions: StationaryDistributions = Field(
        default=StationaryDistributions(),
        description=(
            "Where every method ends, from many random starts on three synthetic functions. "
            "A key that is null takes the number of the scale."
        ),
    )
    batch_increase: BatchIncrease = Field(
        default=BatchIncrease(),
        description=(
            "A batch size that grows during training against fixed ones, on MNIST. A key that is "
            "null takes the number of the scale."
        ),
    )

    @field_validator("rerun_stale", "checkpoint_seconds", mode="before")
    @classmethod
    def _read_scalar(cls, value: Any) -> Any:
        return read_scalar(value)

    @field_validator("data_folder", mode="before")
    @classmethod
    def _read_null(cls, value: Any) -> Any:
        return read_null(value)

    @field_validator("studies")
    @classmethod
    def _check_studies(cls, value: tuple[Study, ...]) -> tuple[Study, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("empty or repeated")
        return value

    @field_validator(*STUDIES, mode="before")
    @classmethod
    def _read_empty_section(cls, value: Any) -> Any:
        # A section whose keys are all commented out is null in YAML.
        value = read_scalar(value)
        return {} if value is None else value


class Resolved(ScaleNumbers):
    """The configuration with the scale applied: what a plan is made from.

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
    studies: tuple[Study, ...]
    device: Device
    rerun_stale: bool
    checkpoint_seconds: float
    data_folder: str | None
    mirrors: tuple[str, ...]
    accept_checksums: tuple[str, ...]
    overridden: tuple[str, ...]

    def label(self, study: Study | None = None) -> str:
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

    def _change(self, key: str, study: Study | None) -> str:
        section, _, name = key.partition(".")
        value = getattr(getattr(self, section), name)
        return f"{name if study else key}={str(value).lower()}"


def _concerns(key: str, study: Study | None) -> bool:
    return study is None or key.startswith(f"{study}.")
