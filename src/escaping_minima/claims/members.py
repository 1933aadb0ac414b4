"""From a claim in one reading to a member of its family: settings, and their comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from escaping_minima.claims.comparable import check_comparable
from escaping_minima.claims.grammar import Part, Side, Union
from escaping_minima.claims.leaving_out import LeftOut, say_left_out, side_left_out
from escaping_minima.claims.records import Claim, Reading
from escaping_minima.claims.sides import Compared, MissingRunsError, Values, compare, count_values
from escaping_minima.claims.source import Source, check_sides, say_part
from escaping_minima.claims.together import TOGETHER, compare_together
from escaping_minima.parts.study import Evidence as StudyEvidence
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.families import AnyOf, Member, Setting

#: How a claim without a sweep calls its only setting.
ONE_SETTING = "one setting"


#: Gives the values of a part's left side, of those found and those of the right.
Change = Callable[[Part, Values, Values | float], Values]


def build_member(
    claim: Claim, reading: Reading, source: Source, change: Change | None = None
) -> Member:
    """Return a claim in one reading, with one setting or one for each of its sweep.

    Parameters
    ----------
    claim : Claim
    reading : Reading
        One of the claim's.
    source : Source
    change : callable, optional
        Puts other values on the left than were found: what would be, if.

    Returns
    -------
    Member
        A setting is not tested where runs of it are missing, or where a part has no value for some
        of its replicates: which lack one is no accident, so the others would not stand for all.
        What says nothing of what is asked is left out.

    Raises
    ------
    UserError
        If a side names what the study does not know, lacks what it needs, or two sides cannot be
        compared as the record says.
    """
    check_sides(claim, reading, source)
    settings = list(settings_of(reading, source))
    # a word on one setting pays for all of them, and evidence against it for all of its parts
    built = [
        _Builder(
            claim, reading, source, change, source.level / len(settings) / max(1, len(parts))
        ).build(label, parts)
        for label, parts in settings
    ]
    found = tuple(Setting(b.label, tuple(b.parts), b.reason) for b in built if not b.left_out)
    left_out = tuple(
        say_left_out(b.label, list(b.silent.values()), b.left_out, source)
        for b in built
        if b.silent
    )
    return Member(claim.id, found, left_out)


def settings_of(reading: Reading, source: Source) -> Iterator[tuple[str, Sequence[Part | Union]]]:
    """Yield label and parts of each setting; the parts' sides name the setting.

    Parts of which no side depends on what is swept are a setting of their own.
    """
    sweep, study = reading.swept, source.study
    if sweep is None:
        yield ONE_SETTING, reading.parts
        return
    swept = [p for p in reading.parts if any(study.varies(s, sweep) for s in p.sides)]
    for point in source.records.sweeps[sweep] if swept else ():
        yield study.say_setting(sweep, point), [_at(part, sweep, point, study) for part in swept]
    if rest := [part for part in reading.parts if part not in swept]:
        yield f"without a {sweep}", rest


def _at(part: Part | Union, sweep: str, point: Any, study: StudyEvidence) -> Part | Union:
    """Return a part at a setting: every side that depends on it names it."""
    if isinstance(part, Union):
        inner = (_at(one, sweep, point, study) for one in part.parts)
        return Union(part.name, tuple(one for one in inner if isinstance(one, Part)))

    def at(side: Side) -> Side:
        return {sweep: point, **side} if study.varies(side, sweep) else side

    right = part.right
    other = right if isinstance(right, float) else at(right)
    return replace(part, left=at(part.left), right=other)


@dataclass
class _Built:
    """A setting while it is built.

    Attributes
    ----------
    label : str
    parts : list
        What can be compared.
    missing : list of str
        Why not all can.
    silent : dict
        Sides that say nothing of what is asked, by whose runs they are.
    """

    label: str
    parts: list[Evidence | AnyOf] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    silent: dict[str, LeftOut] = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        """Whether nothing of the setting is left."""
        return not self.parts and not self.missing

    @property
    def reason(self) -> str | None:
        """Why the setting is not tested; None where it is."""
        if not self.missing:
            return None
        others = f", and {len(self.missing) - 1} more" if len(self.missing) > 1 else ""
        return f"{self.missing[0]}{others}"


@dataclass(frozen=True)
class _Builder:
    claim: Claim
    reading: Reading
    source: Source
    change: Change | None
    level: float

    def build(self, label: str, parts: Sequence[Part | Union]) -> _Built:
        built = _Built(label)
        for part in parts:
            one_of = part.parts if isinstance(part, Union) else (part,)
            found = [e for one in one_of if (e := self._evidence(one, built)) is not None]
            if isinstance(part, Union):
                built.parts += [AnyOf(part.name, tuple(found))] if found else []
            else:
                # sides that two values of a list share are the same runs
                built.parts += [e for e in found if e not in built.parts]
        built.missing = list(dict.fromkeys(built.missing))
        return built

    def _evidence(self, part: Part, built: _Built) -> Evidence | None:
        """Return the comparison of a part, or note in the setting why there is none."""
        source = self.source
        try:
            if silent := side_left_out(part, self.reading, source):
                built.silent[silent.runs] = silent
                return None
            said = say_part(part, self.claim, source)
            compared = self._compare(part, said)
        except MissingRunsError as missing:
            built.missing.append(str(missing))
            return None
        if not compared.complete:
            built.missing.append(_without_value(said, compared, source))
        return compared.evidence

    def _compare(self, part: Part, said: str) -> Compared:
        left, right = self._values(part.left), part.right
        other = right if isinstance(right, float) else self._values(right)
        where = f"claim {self.claim.id} of {self.claim.source}: {said}"
        check_comparable(part, left, other, where)
        if self.change is not None:
            left = self.change(part, left, other)
        if part.compared in TOGETHER and isinstance(other, Values):
            return compare_together(part, said, left, other)
        return compare(part, said, left, other, self.level, self._whole_runs(part))

    def _whole_runs(self, part: Part) -> int | None:
        """Count the runs that a number is compared with, where some are left out of the tables.

        A replicate less must not turn the median of runs into their mean.
        """
        source = self.source
        if source.whole is None or part.compared == "signs" or isinstance(part.right, Mapping):
            return None
        return count_values(source.study.values(part.left, source.family, source.whole))

    def _values(self, side: Side) -> Values:
        return self.source.study.values(side, self.source.family, self.source.tables)


def _without_value(said: str, compared: Compared, source: Source) -> str:
    words = source.records.words
    there = f"{compared.values} of {compared.replicates} {words.column(words.replicates)}"
    return f"measure: some runs have no value of {said} ({there})"
