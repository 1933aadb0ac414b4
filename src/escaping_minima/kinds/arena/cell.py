"""Cells of the arena: a method on a small problem, within a budget of sample evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method, make_problem, module_name, read_problem
from escaping_minima.parts.settings import added, settings_of

#: Sample evaluations that the gradient of an item counts as: the loss, and a backward pass, which
#: takes about as long as two of them.
GRADIENT_COST = 3.0
#: What decides which settings a tuned cell runs with.
_TUNING = (f"{PACKAGE}.kinds.search.choice", f"{PACKAGE}.kinds.search.space")
#: Core-seconds, for weighing blocks: of a step, however little it works on; of a sample evaluation
#: of a start; and what it takes more for each variable, and for each wave of random waves.
_STEP, _EVALUATION, _VARIABLE, _WAVE = 1.5e-4, 1e-8, 5e-10, 4e-9


@dataclass(frozen=True)
class ArenaCell(Cell):
    """A method on a small problem, from some starts, until a budget is spent.

    Attributes
    ----------
    starts : int
        Replicates in a block. The first are the same, however many there are.
    budget : int
        Sample evaluations that each replicate may spend: the loss of an item counts 1.
    gradient_cost : float
        What the gradient of an item counts.
    batch : Mapping
        ``{"first": B1, "last": B2}``: items of a minibatch at the start, and once the budget would
        be spent by a gradient a step; on a straight line in between. Empty: all items. A problem
        without items counts as one.
    targets : int
        Losses to be reached, from the median start loss down to 10^-5 of the way above the global
        minimum, evenly spaced on a scale of logarithms.
    path_of : tuple of int
        Replicates of each block whose path is kept.
    tuned_by : Mapping or None
        ``{search: id of an arena search, trials: n}``: what the best of its first n trials drew
        takes the place of those settings here, and ``fixed`` settings, where there are any, the
        place of these. See `escaping_minima.kinds.arena_search.cell.tuned_by`.
    """

    KIND: ClassVar[str] = "arena"

    starts: int
    budget: int
    gradient_cost: float
    batch: Mapping[str, int]
    targets: int = 51
    path_of: tuple[int, ...] = added(())
    tuned_by: Mapping[str, Any] | None = added(None)

    def modules(self) -> list[str]:
        """See `Cell.modules`; the format of the data is among them, where there are any."""
        return [
            *arena_modules(self.problem, self.problem_settings, self.method),
            *(_TUNING if self.tuned_by is not None else ()),
        ]

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        return seconds_of(self, self.starts)

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        return arena_data_set(self.problem, self.problem_settings)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """See `Cell.rests_on`."""
        return () if self.tuned_by is None else (str(self.tuned_by["search"]),)


def seconds_of(cell: Any, rows: int) -> float:
    """Return roughly what a run takes of a core.

    Parameters
    ----------
    cell : ArenaCell or ArenaSearchCell
        Whose problem, budget and batch.
    rows : int
        Replicates in all.
    """
    problem = read_problem(cell.problem, cell.problem_settings)
    items = min(cell.batch.values()) if cell.batch else int(getattr(problem, "items", 1))
    steps = cell.budget / (cell.gradient_cost * items)
    each = _EVALUATION + _VARIABLE * len(problem.lower) + _WAVE * getattr(problem, "waves", 0)
    return float(_STEP * steps + each * rows * cell.budget)


def make_arena_cell(
    problem: str,
    method: str,
    starts: int,
    budget: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
    gradient_cost: float = GRADIENT_COST,
    batch: Mapping[str, int] | None = None,
    **more: Any,
) -> ArenaCell:
    """Build a cell of the arena, filling in the defaults of its problem and method.

    Parameters
    ----------
    problem, method, starts, budget, gradient_cost, batch
        See `ArenaCell`.
    problem_settings, method_settings : Mapping, optional
        Some of the settings.
    **more
        Further fields of the cell.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    made = make_problem(problem, problem_settings or {})
    cell = ArenaCell(
        problem,
        settings_of(made),
        method,
        settings_of(make_method(method, method_settings or {})),
        starts,
        budget,
        float(gradient_cost),
        dict(batch or {}),
        **more,
    )
    require_contest(made, starts, budget, cell.gradient_cost, cell.batch)
    if cell.targets < 1:
        raise UserError(f"targets: found {cell.targets}; allowed: 1 or more")
    if not all(0 <= replicate < starts for replicate in cell.path_of):
        raise UserError(f"path_of: found {cell.path_of}; allowed: 0 to {starts - 1}")
    return cell


def require_contest(
    problem: Any, starts: int, budget: int, gradient_cost: float, batch: Mapping[str, int]
) -> None:
    """Refuse numbers with which nothing could be run on a problem.

    Raises
    ------
    UserError
        If one is too small, or the batch is none of this problem.
    """
    for name, value, least in (("starts", starts, 1), ("budget", budget, 1)):
        if value < least:
            raise UserError(f"{name}: found {value}; allowed: {least} or more")
    if gradient_cost <= 0:
        raise UserError(f"gradient_cost: found {gradient_cost}; allowed: above 0")
    if batch:
        _require_batch(batch, getattr(problem, "items", 1))


def _require_batch(batch: Mapping[str, int], items: int) -> None:
    if set(batch) != {"first", "last"}:
        raise UserError(f"batch: found {', '.join(batch)}; allowed: first and last, or nothing")
    for name, size in batch.items():
        if not 1 <= size <= items:
            raise UserError(f"batch: found {name} {size}; allowed: 1 to {items}, the items")


def arena_modules(problem: str, settings: Mapping[str, Any], method: str) -> list[str]:
    """Return what decides the numbers of a method on a problem; see `Cell.modules`."""
    return [
        module_name("methods", method),
        module_name("problems", problem),
        f"{PACKAGE}.engine.arena",
        f"{PACKAGE}.kinds.arena.parts",
        f"{PACKAGE}.parts.settings",
        *_formats(problem, settings),
    ]


def arena_data_set(problem: str, settings: Mapping[str, Any]) -> str:
    """Return the data set that must be fetched for a problem; see `Cell.data_set`."""
    return _named_data(problem, settings) if settings.get("data") == "full" else ""


def _named_data(problem: str, settings: Mapping[str, Any]) -> str:
    return str(getattr(read_problem(problem, settings), "DATA_SET", ""))


def _formats(problem: str, settings: Mapping[str, Any]) -> list[str]:
    from escaping_minima.data.registry import find_data_set

    name = _named_data(problem, settings)
    return [f"{PACKAGE}.data.formats.{find_data_set(name).format}"] if name else []
