"""How near a verdict is to another one: in its margin, its level and the runs that it rests on."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from escaping_minima.statistics.decision import is_against, is_reproduced
from escaping_minima.statistics.evidence import Bounded, Evidence, Verdict
from escaping_minima.statistics.families import AnyOf, Member
from escaping_minima.statistics.levels import (
    ClaimNumbers,
    Numbers,
    claim_numbers,
    verdict_in_family,
)

#: Factors of a claim's margins between which a change of its verdict is looked for.
MARGINS = (0.25, 4.0)
#: Levels between which it is looked for.
LEVELS = (0.001, 0.2)
# Both are searched outwards from where they are in steps of this factor; where a verdict changes
# there and back within one step, that is not seen.
_STEP = 1.06
# A change is found to three significant digits.
_PRECISION = 1.001


@dataclass(frozen=True)
class Change:
    """Where a verdict becomes another.

    Parameters
    ----------
    at : float
        The factor of the margins, or the level.
    verdict : Verdict
        The other one.
    """

    at: float
    verdict: Verdict


@dataclass(frozen=True)
class Nearness:
    """How near the verdict on a claim is to another.

    Parameters
    ----------
    verdict : Verdict
        The present one.
    margin : Change or None
        The nearest factor in `MARGINS` of all the claim's margins at which it is another, the
        other claims of the family as they are.
    margin_decides : bool
        Whether any margin can: an order whose threshold has the margin in it has none.
    level : Change or None
        The nearest family-wise level in `LEVELS` at which it is another.
    left_out : tuple of str
        The replicates, or blocks of them, that were left out, each in turn.
    without : tuple of (str, Verdict)
        Those without which it is another.
    """

    verdict: Verdict
    margin: Change | None
    margin_decides: bool
    level: Change | None
    left_out: tuple[str, ...]
    without: tuple[tuple[str, Verdict], ...]


def nearness(
    members: Sequence[Member],
    without: Mapping[str, Sequence[Member]],
    alpha: float = 0.05,
) -> list[Nearness | None]:
    """Say how near the verdict on each claim of a family is to another.

    Parameters
    ----------
    members : sequence of Member
        The family.
    without : Mapping of str to sequence of Member
        The family once more without each replicate or block, by its name.
    alpha : float
        Family-wise level.

    Returns
    -------
    list of Nearness or None
        One a member, in the same order; None of a claim that is not tested.
    """
    numbers = [claim_numbers(member) for member in members]
    others = {name: _rough_numbers(again, alpha) for name, again in without.items()}
    return [
        _nearness(members, numbers, others, index, alpha) if numbers[index].tested else None
        for index in range(len(members))
    ]


def _nearness(
    members: Sequence[Member],
    numbers: Sequence[ClaimNumbers],
    others: Mapping[str, Sequence[ClaimNumbers]],
    index: int,
    alpha: float,
) -> Nearness:
    verdict = verdict_in_family(numbers, index, alpha)
    at_margin = _AtMargins(members[index], len(members), alpha)

    def with_margins(factor: float) -> Verdict:
        moved = [*numbers[:index], at_margin(factor), *numbers[index + 1 :]]
        return verdict_in_family(moved, index, alpha)

    again = ((name, verdict_in_family(found, index, alpha)) for name, found in others.items())
    return Nearness(
        verdict=verdict,
        margin=_nearest_change(with_margins, verdict, 1.0, MARGINS) if at_margin.decides else None,
        margin_decides=at_margin.decides,
        level=_nearest_change(
            lambda level: verdict_in_family(numbers, index, level), verdict, alpha, LEVELS
        ),
        left_out=tuple(others),
        without=tuple((name, other) for name, other in again if other is not verdict),
    )


def _nearest_change(
    verdict_at: Callable[[float], Verdict],
    verdict: Verdict,
    start: float,
    ends: tuple[float, float],
) -> Change | None:
    """Return the nearest point, as a ratio, at which a verdict is another; None if there is none.

    Parameters
    ----------
    verdict_at : callable
        Gives the verdict at a point.
    verdict : Verdict
        That at `start`.
    start : float
    ends : tuple of float
        How far to look to either side.
    """
    found = (_first_change(verdict_at, verdict, start, end) for end in ends)
    return min(
        (change for change in found if change is not None),
        key=lambda change: abs(math.log(change.at / start)),
        default=None,
    )


def _first_change(
    verdict_at: Callable[[float], Verdict], verdict: Verdict, start: float, end: float
) -> Change | None:
    """Walk from `start` to `end` until the verdict is another, then halve the last step."""
    steps = math.ceil(abs(math.log(end / start)) / math.log(_STEP))
    same = start
    for step in range(1, steps + 1):
        changed = start * (end / start) ** (step / steps)
        other = verdict_at(changed)
        if other is not verdict:
            break
        same = changed
    else:
        return None
    while max(changed / same, same / changed) > _PRECISION:
        middle = math.sqrt(same * changed)
        found = verdict_at(middle)
        if found is verdict:
            same = middle
        else:
            changed, other = middle, found
    return Change(changed, other)


class _AtMargins:
    """The numbers of a claim at other margins, fit for decisions in a family of a given size."""

    def __init__(self, member: Member, m: int, alpha: float) -> None:
        self._member, self._grid = member, _grid(member, m, alpha)
        parts = dict.fromkeys(_comparisons(member))
        self._bounds = {part: _Remembered(part) for part in parts}
        self.decides = any(
            part.direction == "equal" or part.slack > 0.0 or part.beyond != 0.0 for part in parts
        )

    def __call__(self, factor: float) -> ClaimNumbers:
        """Return the numbers where all margins are so many times as large."""

        def numbers_of(part: Evidence) -> Numbers:
            return _rough(self._grid, _Moved(part, factor, self._bounds[part]))

        return claim_numbers(self._member, numbers_of)


class _Remembered:
    """Bounds of a difference; they do not depend on the margin, so each is computed once."""

    def __init__(self, part: Evidence) -> None:
        self._part = part
        self._found: dict[float, tuple[float, float]] = {}

    def __call__(self, tail: float) -> tuple[float, float]:
        if tail not in self._found:
            self._found[tail] = self._part.difference_bounds(tail)
        return self._found[tail]


class _Moved:
    """A comparison with its margin so many times as large."""

    def __init__(self, part: Evidence, factor: float, bounds: _Remembered) -> None:
        self.direction = part.direction
        self.margin = factor * part.margin
        self.slack = factor * part.slack
        self._bounds = bounds
        self._shift = (1.0 - factor) * part.beyond

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        low, high = self._bounds(tail)
        return low + self._shift, high + self._shift


def _rough_numbers(members: Sequence[Member], alpha: float) -> list[ClaimNumbers]:
    """Return numbers of a family that give the same decisions as the exact ones."""
    grids = [_grid(member, len(members), alpha) for member in members]
    return [
        claim_numbers(member, partial(_rough, grid))
        for member, grid in zip(members, grids, strict=True)
    ]


def _rough(grid: Sequence[float], part: Bounded) -> Numbers:
    """Return p and q no finer than a grid of levels tells them apart."""
    return (
        _rough_level(lambda a: is_reproduced(part, a), grid),
        _rough_level(lambda a: is_against(part, a), grid),
    )


def _rough_level(decided: Callable[[float], bool], grid: Sequence[float]) -> float:
    """Return a level between the last of a grid at which nothing is decided and the next.

    A level that is compared with those of the grid alone need not be known better, and so takes a
    few decisions instead of 60.
    """
    # most are clear: decided at all levels, or at none
    if decided(grid[0]):
        return grid[0] / 2.0
    if not decided(grid[-1]):
        return 1.0
    first = bisect_left(grid, True, 1, len(grid) - 1, key=decided)
    # not a level of the grid itself, which a product of others may miss by its last digit
    return math.sqrt(grid[first - 1] * grid[first])


def _grid(member: Member, m: int, alpha: float) -> list[float]:
    """Return, ascending, all levels with which p and q of a claim's parts are compared."""
    whole = {alpha / k for k in range(1, m + 1)}
    single = {alpha / m / k for k in range(1, len(member.settings) + 1)}
    shares = {1}
    for setting in member.settings:
        counts = {1, len(setting.parts)}
        unions = {len(part.parts) for part in setting.parts if isinstance(part, AnyOf)}
        shares |= {count * size for count in counts for size in {1, *unions} if count}
    levels = (level / share for level in whole | single for share in shares)
    return sorted({float(f"{level:.12g}") for level in levels})


def _comparisons(member: Member) -> Iterable[Any]:
    for setting in member.settings:
        for part in setting.parts:
            yield from part.parts if isinstance(part, AnyOf) else (part,)
