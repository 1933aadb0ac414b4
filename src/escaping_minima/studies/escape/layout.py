"""The cells of each part of the study, as the settings have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from escaping_minima.studies.escape.arena_cells import Meeting, meet, plain_cell, starts_of
from escaping_minima.studies.escape.contestants import (
    CONTESTANTS,
    COOLINGS,
    cooling,
    off_settings,
    runs_on,
    steps_of,
)
from escaping_minima.studies.escape.points import point_of
from escaping_minima.studies.escape.terrain import (
    ARENA,
    BARRIERS,
    DEPTHS,
    IMAGE_WIDTH,
    IMAGE_WIDTHS,
    TERRAIN,
    XOR_WIDTHS,
)

if TYPE_CHECKING:
    from escaping_minima.kinds.cell import Cell
    from escaping_minima.studies.escape.settings import Settings

#: Learning rates that are swept, highest ones of a reset, and the rate of descents that are
#: repeated: each times the largest curvature at a minimum.
RATES, PEAKS, DESCENT_RATE = (0.1, 0.5, 1.0, 1.9, 2.5, 4.0), (0.25, 1.0, 1.9, 2.5, 4.0), 0.5
#: Where they are swept.
RATED = (
    *("curve", "curve_wide", "plane", "himmelblau", "three_hump_near", "six_hump_near"),
    "scattered",
)
#: Where several descents are compared with single ones, how many and of how many steps.
RESTARTED = ("curve_wide", "three_hump_near", "scattered")
NUMBERS, DESCENT_STEPS = (2, 4, 8, 16, 32), 200
#: The lowest rate of a reset, as a share of the highest, and how often a run resets it.
LOWEST, RESETS = 0.01, 10
#: Batches of the scattered sum, and their rates: by single items longer steps leave it for good.
BATCHES, BATCH_RATES = (1, 4, 16, 64), (0.05, 0.25)
#: Problems of which some minima are not global, and what is compared there.
UNEVEN = ("curve", "plane", "three_hump", "six_hump", "scattered", "xor_2")
FUNCTIONS = UNEVEN[:4]
SOURCES, STRENGTHS = ("dropout", "input_noise", "augmentation", "weight_noise"), (0.1, 0.3)
#: A sampler of the scattered sum: as hot as its barrier is high, moves of two tenths.
TESTS = {"barker": 8, "naive": 8, "full": 0}
SAMPLER = {"learning_rate": 0.2, "temperature": 0.1, "proposal": "gaussian"}
#: Evaluations of an item that a step of it takes, at most: both losses anew.
SAMPLER_COST = 2


#: Role, contestant on a problem, and what it is named by.
Tuned = tuple[str, Meeting, dict[str, Any]]


@dataclass(frozen=True)
class Item:
    """A cell with what the study calls it: role, problem, arm, point and function."""

    cell: Cell
    labels: Mapping[str, Any]


class Layout:
    """Makes the cells of a study of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def arms(self) -> tuple[str, ...]:
        """The contestants of the arena."""
        whole = self._settings.methods == "all"
        return tuple(name for name, one in CONTESTANTS.items() if whole or one.claimed)

    def searches(self) -> list[Item]:
        """Return the searches that tuned cells rest on, each once."""
        found: dict[str, Item] = {}
        for role, meeting, named in self._tuned:
            if meeting.search is not None:
                item = _item(meeting.search, "search", meeting, {"of": role, **named})
                found.setdefault(meeting.search.id, item)
        return list(found.values())

    def arena(self) -> list[Item]:
        """Return every contestant on every problem where it is another method than its base."""
        return self._cells("arena")

    def networks(self) -> list[Item]:
        """Return gradient descent, of all items and of one, on networks of other sizes."""
        return self._cells("network")

    def coolings(self) -> list[Item]:
        """Return simulated annealing at each cooling rate."""
        return self._cells("cooling")

    def sources(self) -> list[Item]:
        """Return gradient descent with one source of noise at a time."""
        return self._cells("source")

    def cheap(self) -> list[Item]:
        """Return gradient descent where a gradient costs as much as a loss."""
        return self._cells("cheap")

    def without(self) -> list[Item]:
        """Return what contestants of the arena do with their strength taken away."""
        found = []
        for _, meeting, _ in self._meetings if self._settings.variants else ():
            fixed = off_settings(meeting.contestant.method)
            if fixed is not None:
                found.append(_item(meeting.cell(fixed), "without", meeting, {}))
        return found

    def rates(self) -> list[Item]:
        """Return gradient descent at learning rates in units of the curvature."""
        return [
            self._plain("gd", problem, "rate", "descent", {"rate": rate}, self._rate(problem, rate))
            for problem in RATED
            for rate in RATES
        ]

    def restarts(self) -> list[Item]:
        """Return runs of several descents, and single descents from more starts."""
        starts = self._settings.descent_starts
        numbers = [number for number in NUMBERS if number <= self._settings.descents]
        found = []
        for problem in RESTARTED:
            items, rate = TERRAIN[problem].items, self._rate(problem, DESCENT_RATE)
            descent = 3 * DESCENT_STEPS * items
            repeated = {**rate, "steps_each": DESCENT_STEPS, **_box(problem)}
            for number in numbers:
                # the end of each descent but the last is looked at once
                budget = number * descent + (number - 1) * items
                whose = ("random_restarts", problem, "restarts", "restarts", {"number": number})
                found.append(self._plain(*whose, repeated, budget=budget, starts=starts))
            whose = ("gd", problem, "restarts", "single", {})
            many = max(numbers) * starts
            found.append(self._plain(*whose, rate, budget=descent, starts=many))
        return found

    def resets(self) -> list[Item]:
        """Return rates that are reset: from a minimum, with noise there, and from beside one."""
        cases = (("scattered_at", 0), ("curve_beside", 0), ("scattered_at", 1))
        found = [
            self._plain(
                *("warm_restarts", problem, "reset", "warm_1" if batch else "warm"),
                {"peak": peak},
                {
                    **self._rate(problem, peak),
                    "lowest": LOWEST,
                    "period": self._period(problem, batch),
                },
                batch=batch,
            )
            for problem, batch in cases
            for peak in PEAKS
        ]
        for peak in PEAKS:
            low = self._rate("scattered_at", LOWEST * peak)
            whose = ("gd", "scattered_at", "reset", "low_1", {"peak": peak})
            found.append(self._plain(*whose, low, batch=1))
        return found

    def _period(self, problem: str, batch: int) -> int:
        """Return the steps of a cycle of the rate, by batches of so many items, 0 for all."""
        terrain = TERRAIN[problem]
        steps = terrain.budget(self._settings.budget) // (3 * (batch or terrain.items))
        return max(2, steps // RESETS)

    def batches(self) -> list[Item]:
        """Return descent by batches of the scattered sum, from its local minimum's basin."""
        return [
            self._plain(
                *("gd", f"trapped_{barrier}", "batch", "sgd"),
                {"batch": batch, "rate": rate},
                self._rate(f"trapped_{barrier}", rate),
                batch=batch,
            )
            for barrier in BARRIERS
            for rate in BATCH_RATES
            for batch in BATCHES
        ]

    def posterior(self) -> list[Item]:
        """Return a sampler of the scattered sum with each test of its moves, all paths kept."""
        terrain = TERRAIN["scattered"]
        count = starts_of(terrain, self._settings)
        return [
            self._plain(
                *("minibatch_metropolis", "scattered", "posterior", "sampler", {"test": test}),
                {**SAMPLER, "test": test},
                batch=batch,
                budget=self._settings.budget * SAMPLER_COST * (batch or terrain.items),
                path_of=tuple(range(count)),
            )
            for test, batch in TESTS.items()
        ]

    def _cells(self, role: str) -> list[Item]:
        return [
            _item(meeting.cell(paths=_has_paths(of, meeting)), of, meeting, named)
            for of, meeting, named in self._tuned
            if of == role
        ]

    @cached_property
    def _tuned(self) -> Sequence[Tuned]:
        """What rests on searches."""
        return [*self._meetings, *self._others()]

    @cached_property
    def _meetings(self) -> Sequence[Tuned]:
        """The arena itself."""
        return [
            ("arena", meet(arm, problem, self._settings), {})
            for arm in self.arms
            for problem in ARENA
            if runs_on(arm, TERRAIN[problem])
        ]

    def _others(self) -> Iterator[Tuned]:
        own = self._settings
        for problem in self._network_problems():
            # on images the lowest loss of any run stands for that of the global minimum
            for arm in ("gd", "sgd_1"):
                yield "network", meet(arm, problem, own), {}
        for problem in UNEVEN:
            for decades in COOLINGS:
                yield "cooling", self._cooled(problem, decades), {"cooling": decades}
        for problem in ("xor_2", *(["mnist_1"] if own.image_starts else [])):
            for source in SOURCES:
                for strength in STRENGTHS:
                    named = {"source": source, "strength": strength}
                    yield "source", meet("gd", problem, own, named), named
        for problem in FUNCTIONS if own.variants else ():
            yield "cheap", meet("gd", problem, own, gradient_cost=1.0), {}

    def _cooled(self, problem: str, decades: int) -> Meeting:
        terrain = TERRAIN[problem]
        budget = terrain.budget(self._settings.budget)
        steps = steps_of(CONTESTANTS["annealing"], terrain, budget)
        return meet(
            "annealing", problem, self._settings, known={"cooling": cooling(decades, steps)}
        )

    def _network_problems(self) -> Sequence[str]:
        """Return networks that are not in the arena, as wide and deep as is asked for."""
        own = self._settings
        wide = [f"xor_{width}" for width in XOR_WIDTHS if width <= own.width]
        depths = [depth for depth in DEPTHS if depth <= own.depth]
        deep = [f"xor_2_deep_{depth}" for depth in depths[1:]]
        others = [width for width in IMAGE_WIDTHS if width != IMAGE_WIDTH]
        images = [f"mnist_{depth}" for depth in depths] + [f"mnist_wide_{w}" for w in others]
        chosen = [*wide, *deep, *(images if own.image_starts else [])]
        return [problem for problem in chosen if problem not in ARENA]

    def _rate(self, problem: str, rate: float) -> dict[str, float]:
        return {"learning_rate": float(f"{rate / TERRAIN[problem].steepest:.6g}")}

    def _plain(
        self,
        method: str,
        problem: str,
        role: str,
        arm: str,
        named: Mapping[str, Any],
        known: Mapping[str, Any],
        **more: Any,
    ) -> Item:
        cell = plain_cell(method, problem, self._settings, known, **more)
        labels = {"role": role, "problem": problem, "arm": arm}
        return Item(cell, {**labels, "point": point_of(named), "function": 0})


def _item(cell: Cell, role: str, meeting: Meeting, named: Mapping[str, Any]) -> Item:
    point = ", ".join(filter(None, (named.get("of", ""), point_of(named))))
    labels = {"role": role, "problem": meeting.problem, "arm": meeting.arm}
    return Item(cell, {**labels, "point": point, "function": 0})


def _has_paths(role: str, meeting: Meeting) -> bool:
    return role == "arena" and meeting.terrain.kind in ("function", "waves", "sum")


def _box(problem: str) -> dict[str, float]:
    return {"lower": TERRAIN[problem].low, "upper": TERRAIN[problem].high}
