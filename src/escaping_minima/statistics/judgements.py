"""What a family's verdicts say: of a part, of a setting, of a claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from escaping_minima.statistics.evidence import PartVerdict, Verdict


class SettingWord(StrEnum):
    """What the evidence says of a claim at one setting."""

    HOLDS = "holds"
    SPLIT = "split"
    AGAINST = "against"
    OPEN = "open"
    UNTESTED = "untested"


@dataclass(frozen=True)
class UnionVerdict:
    """A union decided, with the statements of which at least one must hold.

    Parameters
    ----------
    label : str
        The label of the union.
    verdict : Verdict
        Reproduced if a statement is, not reproduced if all are decided against, else inconclusive;
        not tested where the claim was not.
    p, q : float
        Smallest levels at which it would be reproduced, and at which it would not be.
    parts : tuple of PartVerdict
        The statements, each reproduced at the union's level divided by their number.
    """

    label: str
    verdict: Verdict
    p: float
    q: float
    parts: tuple[PartVerdict, ...]

    @property
    def negligible(self) -> bool:
        """Reproduced, but each statement that is lies wholly below its margin."""
        holding = [part for part in self.parts if part.verdict is Verdict.REPRODUCED]
        return bool(holding) and all(part.negligible for part in holding)


@dataclass(frozen=True)
class SettingVerdict:
    """The verdict at one setting.

    Parameters
    ----------
    label : str
        The setting.
    word : SettingWord
        It holds if all its parts are reproduced; it is split if some are and some are not, against
        if some are not and none is, else open. What is said of some parts pays for the choice: see
        `verdicts`.
    parts : tuple of PartVerdict or UnionVerdict
        Each part, decided and shown at the levels from which the word is read.
    level, level_against : float
        Levels at which all parts hold together, and at which they do not.
    untested_reason : str or None
        Why the setting is not tested, where it alone is not.
    """

    label: str
    word: SettingWord
    parts: tuple[PartVerdict | UnionVerdict, ...]
    level: float
    level_against: float
    untested_reason: str | None = None


@dataclass(frozen=True)
class Judgement:
    """The verdict on one claim, with what it rests on.

    Parameters
    ----------
    id : str
        The claim.
    verdict : Verdict
        The verdict.
    p, q : float
        Smallest level at which the claim as a whole is reproduced, and at which it is decided
        against, as of a claim that is alone; 1 for an untested one.
    levels : tuple of float
        The levels that Holm's procedure gives it: of "reproduced", and of "not reproduced".
    ranks : tuple of int
        Its ranks in the two procedures; equal ones share the first of theirs.
    m : int
        Size of the family.
    negligible : bool
        Reproduced wholly or partly, and where it holds at least one part by less than its margin.
    left_out : tuple of (str, str)
        What was left out, and why.
    settings : tuple of SettingVerdict
        The verdict at each setting, with each part.
    reason : str
        What a reader must know beside the verdict; may be empty.
    needed : int or None
        For an inconclusive claim, the replicates at which all that is open would be decided
        together, with a power of 80 percent at the margins; None with a reason where there is no
        such number.
    needed_range : tuple of int or None
        In its place from so few replicates that they do not give one number.
    """

    id: str
    verdict: Verdict
    p: float
    q: float
    levels: tuple[float, float]
    ranks: tuple[int, int]
    m: int
    negligible: bool
    left_out: tuple[tuple[str, str], ...]
    settings: tuple[SettingVerdict, ...]
    reason: str
    needed: int | None
    needed_range: tuple[int, int] | None

    def _labels(self, word: SettingWord) -> tuple[str, ...]:
        return tuple(s.label for s in self.settings if s.word is word)

    @property
    def holds_at(self) -> tuple[str, ...]:
        """Labels of the settings at which all parts hold."""
        return self._labels(SettingWord.HOLDS)

    @property
    def split_at(self) -> tuple[str, ...]:
        """Labels of the settings at which some parts hold and some do not."""
        return self._labels(SettingWord.SPLIT)

    @property
    def against_at(self) -> tuple[str, ...]:
        """Labels of the settings at which the claim is decided against."""
        return self._labels(SettingWord.AGAINST)

    @property
    def open_at(self) -> tuple[str, ...]:
        """Labels of the settings that are open."""
        return self._labels(SettingWord.OPEN)

    @property
    def untested_at(self) -> tuple[str, ...]:
        """Labels of the settings that are not tested."""
        return self._labels(SettingWord.UNTESTED)


def word_of(verdicts: Iterable[Verdict]) -> SettingWord:
    """Read the word of a setting off the verdicts on its parts."""
    found = set(verdicts)
    if found == {Verdict.REPRODUCED}:
        return SettingWord.HOLDS
    if Verdict.NOT_REPRODUCED not in found:
        return SettingWord.OPEN
    return SettingWord.SPLIT if Verdict.REPRODUCED in found else SettingWord.AGAINST


def verdict_of(words: Iterable[SettingWord]) -> Verdict:
    """Read the verdict on a tested claim off the words of its settings."""
    found = set(words)
    if found == {SettingWord.HOLDS}:
        return Verdict.REPRODUCED
    if found == {SettingWord.AGAINST}:
        return Verdict.NOT_REPRODUCED
    holds = found & {SettingWord.HOLDS, SettingWord.SPLIT}
    fails = found & {SettingWord.AGAINST, SettingWord.SPLIT}
    return Verdict.PARTLY if holds and fails else Verdict.INCONCLUSIVE
