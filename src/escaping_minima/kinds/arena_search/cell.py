"""Cells of searches in the arena: settings of a method are drawn, all trials in one block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.errors import UserError
from escaping_minima.kinds.arena.cell import (
    GRADIENT_COST,
    ArenaCell,
    arena_data_set,
    arena_modules,
    make_arena_cell,
    seconds_of,
)
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.search.cell import read_distribution
from escaping_minima.kinds.search.space import Distribution, draw_settings
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method
from escaping_minima.parts.settings import added

#: What the block of a search keeps beside its table: a row for each trial, with what it drew.
TRIALS = "trials"


@dataclass(frozen=True)
class ArenaSearchCell(Cell):
    """Trials of settings of a method in the arena, on starts that no other cell has.

    Attributes
    ----------
    starts, budget, gradient_cost, batch
        See `escaping_minima.kinds.arena.cell.ArenaCell`.
    space : Mapping
        By name of a setting of the method, its distribution: ``{"log_uniform": [low, high]}``,
        ``{"uniform": [low, high]}`` or ``{"choice": [value, ...]}``.
    trials : int
        How many settings are tried; of another number the first are the same.
    series : int
        Another number gives other draws of the settings.
    """

    KIND: ClassVar[str] = "arena_search"

    starts: int
    budget: int
    gradient_cost: float
    batch: Mapping[str, int]
    space: Mapping[str, Distribution]
    trials: int
    series: int = added(0)

    def modules(self) -> list[str]:
        """See `Cell.modules`."""
        return [
            *arena_modules(self.problem, self.problem_settings, self.method),
            f"{PACKAGE}.kinds.arena_search.parts",
            f"{PACKAGE}.kinds.search.space",
        ]

    def settings(self, trial: int) -> dict[str, Any]:
        """Return the settings that a trial draws."""
        return draw_settings(self.problem, self.space, self.series, trial)

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        return seconds_of(self, self.trials * self.starts)

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        return arena_data_set(self.problem, self.problem_settings)


def make_arena_search_cell(
    problem: str,
    method: str,
    starts: int,
    budget: int,
    space: Mapping[str, Mapping[str, Sequence[Any]]],
    trials: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
    gradient_cost: float = GRADIENT_COST,
    batch: Mapping[str, int] | None = None,
    series: int = 0,
) -> ArenaSearchCell:
    """Build a search in the arena, filling in the defaults of its problem and method.

    Parameters
    ----------
    problem, method, starts, budget, space, trials, gradient_cost, batch, series
        See `ArenaSearchCell`.
    problem_settings, method_settings : Mapping, optional
        Some of the settings; they hold where the space says nothing.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value, at an end of its
        distribution too.
    """
    given = (problem_settings, method_settings, gradient_cost, batch)
    base = make_arena_cell(problem, method, starts, budget, *given)
    if trials < 1:
        raise UserError(f"trials: found {trials}; allowed: 1 or more")
    if not space:
        raise UserError("space: found no setting in it; allowed: one or more")
    distributions = {name: read_distribution(name, space[name]) for name in space}
    _require_possible(base, distributions)
    return ArenaSearchCell(
        problem,
        base.problem_settings,
        method,
        base.method_settings,
        starts,
        budget,
        base.gradient_cost,
        base.batch,
        distributions,
        trials,
        series,
    )


def tuned_by(
    search: ArenaSearchCell, trials: int = 0, fixed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a cell of the arena says that takes the best settings of a search.

    Parameters
    ----------
    search : ArenaSearchCell
    trials : int
        How many trials, from the first, are compared; 0 compares all.
    fixed : Mapping, optional
        Settings that stand in place of what the best trial drew.

    Raises
    ------
    UserError
        If there are not so many, or a setting is none.
    """
    if not 0 <= trials <= search.trials:
        raise UserError(f"trials: found {trials}; allowed: 0 to {search.trials}")
    found: dict[str, Any] = {"search": search.id, "trials": trials or search.trials}
    if fixed:
        make_method(search.method, {**search.method_settings, **fixed})
        found["fixed"] = dict(fixed)
    return found


def _require_possible(base: ArenaCell, space: Mapping[str, Distribution]) -> None:
    """Build the method with each end and each choice of each setting."""
    for setting, distribution in space.items():
        for value in (value for values in distribution.values() for value in values):
            make_method(base.method, {**base.method_settings, setting: value})
