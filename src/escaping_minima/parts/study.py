"""What a study offers: the one object by which the rest of the package knows it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.grammar import Side
    from escaping_minima.claims.records import Family, Records
    from escaping_minima.claims.sides import Values
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.answer import Answer
    from escaping_minima.plan.cells import PlannedCell

    Tables = Mapping[str, pd.DataFrame]

SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class SideForm:
    """What a side of a record names beside what it measures.

    Attributes
    ----------
    needs : tuple of str
        Keys that it must name, or be swept over.
    may : tuple of str
        Keys that it may name.
    """

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


class Index(Protocol):
    """Makes of collected tables what the comparisons of a study look numbers up in."""

    def build(self, tables: Tables, records: Records) -> Any:
        """Index collected tables, given by file name."""


class Evidence(Protocol):
    """Turns collected tables into what the records of claims compare; a module will do.

    Where `count_differing` counts something else than ends that differ, ``DIFFER`` says what its
    replicates do, before the name of the side that they are set against.
    """

    @property
    def BLOCK(self) -> int:  # noqa: N802
        """Independent runs in a block."""

    @property
    def Tables(self) -> Index:  # noqa: N802
        """Makes the tables that the functions below read."""

    @property
    def SIDES(self) -> Mapping[str, Collection[Any] | None]:  # noqa: N802
        """What a side of a record may name: keys, with their values where these are few."""

    @property
    def FORMS(self) -> Mapping[str, SideForm]:  # noqa: N802
        """Forms of a side, by the key that says what it measures: each side has one of these."""

    @property
    def missing_needs(self) -> Callable[[Family, Any], str | None]:
        """Says why a family of claims cannot be tested, None where it can."""

    @property
    def printed_tables(self) -> Callable[[Records], Any]:
        """Gives the paper's own numbers as such tables, None where they are no replicates."""

    @property
    def varies(self) -> Callable[[Side, str], bool]:
        """Says whether a side depends on what is swept: gradient descent has no radius."""

    @property
    def values(self) -> Callable[[Side, Family, Any], Values]:
        """Gives what the replicates of a side came to; the side names its setting of a sweep.

        Raises `MissingRunsError` where the tables have no runs of it.
        """

    @property
    def count_differing(self) -> Callable[[Side, Side, Family, Any], tuple[int, int]]:
        """Counts the replicates of two sides that come to different ends, and all of them.

        Whatever of the ends the sides ask for: whose they are decides.
        """

    @property
    def say_runs(self) -> Callable[[Side], str]:
        """Says whose runs a side is about, not what of them."""

    @property
    def say_side(self) -> Callable[[Side, Side | None], str]:
        """Says a side; beside another one only what differs from it."""

    @property
    def say_number(self) -> Callable[[float, Side], str]:
        """Says a number that a side is compared with."""

    @property
    def say_setting(self) -> Callable[[str, Any], str]:
        """Says a setting of a sweep, given the sweep's name."""

    @property
    def leave_one_out(
        self,
    ) -> Callable[[Mapping[str, pd.DataFrame]], Iterator[tuple[str, Mapping[str, pd.DataFrame]]]]:
        """Yields collected tables without each replicate, or block of them, and its name.

        Nothing where there is one alone. What a run needs to test a claim is asked of whole tables.
        """


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
    beside : callable, optional
        Gives, of the derived tables, what is said beside verdicts and is none, by claim.
    shows_all : bool, optional
        Whether its figures draw published tables of every study too.
    companions : Mapping, optional
        Groups of jobs with whose cells those of another group are compared, by that group.
    answers : callable, optional
        Gives the sentences with which the report opens, of the verdicts of all claims of a
        rendering, by claim (those of studies that were not rendered are missing), and of the
        study's collected and derived tables, by file name. It lies in ``answers.py``, whose edits
        make the report anew.
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
    beside: Callable[[Tables], Mapping[str, str]] | None = None
    shows_all: bool = False
    companions: Mapping[str, str] = field(default_factory=dict)
    answers: Callable[[Mapping[str, str], Tables], Sequence[Answer]] | None = None

    def plan_cells(self, numbers: Mapping[str, Any]) -> Sequence[PlannedCell]:
        """Lay out every cell, given the value of each setting by name."""
        return self.plan(self.settings(**numbers))
