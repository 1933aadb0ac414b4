"""Cells of the arena: of contestants as they stand there, and of methods with given settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from escaping_minima.kinds.arena.cell import GRADIENT_COST, make_arena_cell
from escaping_minima.kinds.arena_search.cell import make_arena_search_cell, tuned_by
from escaping_minima.studies.escape.contestants import CONTESTANTS, Contestant, batch_of, steps_of
from escaping_minima.studies.escape.terrain import TERRAIN, Terrain

if TYPE_CHECKING:
    from escaping_minima.kinds.arena.cell import ArenaCell
    from escaping_minima.kinds.arena_search.cell import ArenaSearchCell
    from escaping_minima.studies.escape.settings import Settings

#: The replicates whose paths are kept, on functions of one and two variables.
PATHS = (0, 1, 2)


@dataclass(frozen=True)
class Meeting:
    """A contestant on a problem, at the size that the settings of the study give.

    Attributes
    ----------
    arm, problem : str
        Keys of `CONTESTANTS` and `TERRAIN`.
    settings : Settings
    problem_settings : Mapping
        Of the problem, beside its terrain's.
    known : Mapping
        Settings of the method that are not searched here.
    gradient_cost : float
    """

    arm: str
    problem: str
    settings: Settings
    problem_settings: Mapping[str, Any]
    known: Mapping[str, Any]
    gradient_cost: float = GRADIENT_COST

    @property
    def terrain(self) -> Terrain:
        """The problem as the study knows it."""
        return TERRAIN[self.problem]

    @property
    def contestant(self) -> Contestant:
        """The method as the study knows it."""
        return CONTESTANTS[self.arm]

    @cached_property
    def search(self) -> ArenaSearchCell | None:
        """The search of its settings; None where there is nothing to be searched."""
        space = self.contestant.space(self.terrain, self._steps)
        left = {name: ends for name, ends in space.items() if name not in self.known}
        if not left:
            return None
        trials = _trials(self.terrain, self.settings)
        return make_arena_search_cell(**self._both, space=left, trials=trials)

    def cell(self, fixed: Mapping[str, Any] | None = None, paths: bool = False) -> ArenaCell:
        """Return the cell of fresh starts, with the settings that its search finds.

        Parameters
        ----------
        fixed : Mapping, optional
            Settings that stand whatever the search found.
        paths : bool
            Whether some paths are kept.
        """
        more: dict[str, Any] = {"path_of": PATHS} if paths else {}
        if self.search is not None:
            more["tuned_by"] = tuned_by(self.search) | ({"fixed": dict(fixed)} if fixed else {})
        return make_arena_cell(**self._both, **more)

    @property
    def _steps(self) -> int:
        return steps_of(self.contestant, self.terrain, self._budget)

    @property
    def _budget(self) -> int:
        return self.terrain.budget(self.settings.budget)

    @property
    def _both(self) -> dict[str, Any]:
        """What a search and a cell of fresh starts have in common."""
        terrain, fixed = self.terrain, self.contestant.fixed(self.terrain, self._steps)
        return {
            "problem": terrain.problem,
            "method": self.contestant.method,
            "starts": starts_of(terrain, self.settings),
            "budget": self._budget,
            "problem_settings": {**terrain.settings, **self.problem_settings},
            "method_settings": {**fixed, **self.known},
            "gradient_cost": self.gradient_cost,
            "batch": batch_of(self.contestant, terrain),
        }


def meet(
    arm: str,
    problem: str,
    settings: Settings,
    problem_settings: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
    gradient_cost: float = GRADIENT_COST,
) -> Meeting:
    """Return a contestant on a problem; see `Meeting`."""
    return Meeting(arm, problem, settings, problem_settings or {}, known or {}, gradient_cost)


def plain_cell(
    method: str,
    problem: str,
    settings: Settings,
    known: Mapping[str, Any],
    batch: int = 0,
    budget: int = 0,
    starts: int = 0,
    **more: Any,
) -> ArenaCell:
    """Return a cell whose settings are all given: nothing is searched.

    Parameters
    ----------
    method : str
        A module of ``methods``.
    problem : str
        A key of `TERRAIN`.
    settings : Settings
    known : Mapping
        Settings of the method.
    batch : int
        Items of a step; 0 is all of them.
    budget, starts : int
        Those of the problem where nothing is said.
    **more
        Further fields of the cell.
    """
    terrain = TERRAIN[problem]
    return make_arena_cell(
        terrain.problem,
        method,
        starts or starts_of(terrain, settings),
        budget or terrain.budget(settings.budget),
        terrain.settings,
        known,
        batch={"first": batch, "last": batch} if batch else None,
        **more,
    )


def starts_of(terrain: Terrain, settings: Settings) -> int:
    """Return the starts of a block."""
    # a value of random waves costs as much as a network
    costly = dict.fromkeys(("network", "waves"), settings.network_starts)
    by_kind = {**costly, "images": settings.image_starts}
    return by_kind.get(terrain.kind, settings.function_starts)


def _trials(terrain: Terrain, settings: Settings) -> int:
    return settings.image_trials if terrain.kind == "images" else settings.trials
