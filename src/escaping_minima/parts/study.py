"""What a study offers: the one object by which the rest of the package knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Claim, Family, Reading, Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.plan.cells import PlannedCell
    from escaping_minima.statistics.verdicts import Member

    Tables = Mapping[str, pd.DataFrame]

SettingsT = TypeVar("SettingsT")


class Index(Protocol):
    """Makes of collected tables what the comparisons of a study look numbers up in."""

    def build(self, tables: Tables, records: Records) -> Any:
        """Index collected tables, given by file name."""


class Evidence(Protocol):
    """Turns collected tables into what the records of claims compare; a module will do."""

    @property
    def BLOCK(self) -> int:  # noqa: N802
        """Independent runs in a block."""

    @property
    def Tables(self) -> Index:  # noqa: N802
        """Makes the tables that the functions below read."""

    @property
    def missing_needs(self) -> Callable[[Family, Any], str | None]:
        """Says why a family of claims cannot be tested, None where it can."""

    @property
    def build_member(self) -> Callable[[Claim, Reading, Any], Member]:
        """Builds a claim in one reading."""


@dataclass(frozen=True)
class Study(Generic[SettingsT]):
    """A study.

    What needs pandas, torch or matplotlib is imported by the functions when they are called, so
    that the configuration and the plan can be made without.

    Attributes
    ----------
    name : str
        That of its folder.
    order : int
        Studies are planned and reported from the lowest to the highest.
    about : str
        What it is about, a sentence with a full stop.
    settings : type
        A dataclass whose fields are made by `escaping_minima.parts.study_settings.setting`.
    plan : callable
        Lays out every cell, given the settings.
    tables : callable
        Gives how blocks become compact tables.
    evidence : callable
        Gives what the claims are judged with.
    derive : callable
        Makes, of collected tables and the study's claims, the tables that the report shows, by
        file name, and the errors found in the source (keys "where", "check", "arithmetic" and
        "finding").
    value_names : callable
        Gives how values of columns of ``cells.csv`` are said, by column; others stand for
        themselves.
    figures : tuple of str
        The names of its figures, in the order in which they are shown.
    """

    name: str
    order: int
    about: str
    settings: type[SettingsT]
    plan: Callable[[SettingsT], Sequence[PlannedCell]]
    tables: Callable[[], CollectedTables]
    evidence: Callable[[], Evidence]
    derive: Callable[[Tables, Records], tuple[dict[str, pd.DataFrame], list[dict[str, str]]]]
    value_names: Callable[[], Mapping[str, Mapping[str, str]]]
    figures: tuple[str, ...]

    def plan_cells(self, numbers: Mapping[str, Any]) -> Sequence[PlannedCell]:
        """Lay out every cell, given the value of each setting by name."""
        return self.plan(self.settings(**numbers))
