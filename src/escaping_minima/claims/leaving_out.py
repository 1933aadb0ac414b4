"""Sides that say nothing of what is asked, and are left out: named, and entered nowhere.

A side may do what another one does in nearly all replicates, so that next to nothing is its own; or
next to nothing of it may be among what a share is of. Both rules count, and neither looks at which
way anything differs. Where a side is compared with its own base, which way the pairs differ is not
chosen by how many do, so a test of paired shares stays valid where it is made. Where it is compared
with a side that is not its base, or with a number, how many of its ends differ from the base's can
go with what is tested, and so can the making of the test: near the limit its level is not assured.
The rule on pools leaves a share as it is given its pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escaping_minima.claims.grammar import Part, Side
from escaping_minima.claims.records import Reading
from escaping_minima.claims.source import Source


@dataclass(frozen=True)
class LeftOut:
    """A side that is left out.

    Attributes
    ----------
    runs : str
        Whose runs they are.
    count, replicates : int
        How many of them do what would be asked about, of how many.
    do : str
        What these do, and how many would have to.
    """

    runs: str
    count: int
    replicates: int
    do: str


def side_left_out(part: Part, reading: Reading, source: Source) -> LeftOut | None:
    """Return the first side of a part that says nothing; None where both sides do.

    Parameters
    ----------
    part : Part
    reading : Reading
        Whose ``idle`` and ``pool_below`` are the rules.
    source : Source

    Raises
    ------
    MissingRunsError
        If the tables have no runs of a side, or of its base.
    """
    for side in part.sides:
        for found, below in _counted(side, reading, source):
            if 100 * found.count < below * found.replicates:
                return found
    return None


def say_left_out(
    label: str, sides: Sequence[LeftOut], whole: bool, source: Source
) -> tuple[str, str]:
    """Say what is left out of a setting, and why.

    Parameters
    ----------
    label : str
        The setting.
    sides : sequence of LeftOut
        At least one.
    whole : bool
        Whether nothing of the setting is left.
    source : Source
    """
    names = "; ".join(side.runs for side in sides)
    reasons = dict.fromkeys(side.do for side in sides)
    why = "; ".join(_why([s for s in sides if s.do == do], source) for do in reasons)
    return (label, f"{names}: {why}") if whole else (f"{label}: {names}", why)


def _counted(side: Side, reading: Reading, source: Source) -> Iterator[tuple[LeftOut, float]]:
    """Yield what each rule counts of a side, and below how many percent it leaves it out."""
    study = source.study
    if (rule := reading.idle) is not None and (base := {**side, **rule.base}) != dict(side):
        differing, n = study.count_differing(side, base, source.family, source.tables)
        than = study.say_side(base, side)
        differ = getattr(study, "DIFFER", "end elsewhere than under")
        do = f"{differ} {than}, less than {rule.below:g} percent"
        yield LeftOut(study.say_runs(side), differing, n, do), rule.below
    if (below := reading.pool_below) is not None:
        values = study.values(side, source.family, source.tables)
        inside = values.members
        what = (
            "are among those that the share is of"
            if values.share
            else "have a number that is known"
        )
        do = f"{what}, less than {below:g} percent"
        yield LeftOut(study.say_runs(side), int(inside.sum()), len(inside), do), below


def _why(sides: Sequence[LeftOut], source: Source) -> str:
    most = max(sides, key=lambda side: side.count / side.replicates)
    least = "" if len(sides) == 1 else "at most "
    words = source.records.words
    what = words.column(words.replicates)
    return f"{least}{most.count:,} of {most.replicates:,} {what} {most.do}"
