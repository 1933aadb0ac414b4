"""Cells of searches: settings of a training cell are drawn, one trial a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.search.choice import HIGHEST, LOWEST
from escaping_minima.kinds.search.space import Distribution, draw_settings, with_settings
from escaping_minima.kinds.training.cell import TrainingCell
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method, make_part, read_problem
from escaping_minima.parts.settings import from_settings

#: What the columns of a score begin with: a search never sees the test set.
SPLIT = "validation_"
#: The distributions, with what each needs.
_DISTRIBUTIONS = {
    "log_uniform": "a lower end above 0 and a higher one",
    "uniform": "a lower end and a higher one",
    "choice": "a value or more",
}
#: What a search bears of the training cell itself, not in its field ``training``.
_BORNE = ("problem", "problem_settings", "method", "method_settings")


@dataclass(frozen=True)
class SearchCell(Cell):
    """Trials of settings of a training cell, each with settings of its own and the same draws.

    Attributes
    ----------
    training : Mapping
        The record of the training cell, without its problem and its method, which this one bears.
        What the space names is drawn in their place.
    space : Mapping
        By name of a setting (see `escaping_minima.kinds.search.space.with_settings`), its
        distribution: ``{"log_uniform": [low, high]}``, ``{"uniform": [low, high]}`` or
        ``{"choice": [value, ...]}``.
    score : str
        The column of a trial's last row by which it is judged, of the split "validation".
    best : str
        "lowest" or "highest".
    start : int
        The block of training whose draws every trial takes: initial weights, order and noise.
    series : int
        Another number gives other draws of the settings.
    """

    KIND: ClassVar[str] = "search"

    training: Mapping[str, Any]
    space: Mapping[str, Distribution]
    score: str
    best: str
    start: int
    series: int

    def modules(self) -> list[str]:
        """See `Cell.modules`."""
        return [*self._given().modules(), f"{PACKAGE}.kinds.search.space"]

    def settings(self, trial: int) -> dict[str, Any]:
        """Return the settings that a trial draws."""
        return draw_settings(self.problem, self.space, self.series, trial)

    def trial(self, trial: int) -> TrainingCell:
        """Return the cell of training that a trial is: its block `start` has the same numbers."""
        return with_settings(self._given(), self.settings(trial))

    def _given(self) -> TrainingCell:
        own = {name: getattr(self, name) for name in _BORNE}
        return from_settings(TrainingCell, {**own, **self.training})

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        return self._given().cost

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`."""
        return self._given().data_set

    @property
    def uses_gpu(self) -> bool:
        """See `Cell.uses_gpu`."""
        return True


def make_search_cell(
    training: TrainingCell,
    space: Mapping[str, Mapping[str, Sequence[Any]]],
    score: str = "validation_loss",
    best: str = LOWEST,
    start: int = 0,
    series: int = 0,
) -> SearchCell:
    """Build a search over settings of a training cell.

    Parameters
    ----------
    training : TrainingCell
        Its problem holds out a validation split. Its own settings hold where the space says
        nothing.
    space, score, best, start, series
        See `SearchCell`.

    Raises
    ------
    UserError
        If nothing is searched or held out, a distribution or the score is none, or the cell cannot
        have a setting at an end of its distribution.
    """
    _require_judged(training, score, best)
    if not space:
        raise UserError("search: found no setting in its space; allowed: one or more")
    distributions = {name: read_distribution(name, space[name]) for name in space}
    _require_possible(training, distributions)
    more = training.record()
    borne = {name: more.pop(name) for name in _BORNE}
    return SearchCell(
        **borne,
        training=more,
        space=distributions,
        score=score,
        best=best,
        start=start,
        series=series,
    )


def tuned_by(search: SearchCell, trials: int) -> dict[str, Any]:
    """Return what a training cell says that takes the best settings of a search.

    Parameters
    ----------
    search : SearchCell
    trials : int
        How many trials, from the first, are compared.

    Raises
    ------
    UserError
        If there are none.
    """
    if trials < 1:
        raise UserError(f"trials: found {trials}; allowed: 1 or more")
    return {"search": search.id, "trials": trials}


def _require_judged(training: TrainingCell, score: str, best: str) -> None:
    if training.tuned_by is not None:
        raise UserError("search: found a tuned cell; allowed: one with settings of its own")
    if not score.startswith(SPLIT):
        raise UserError(f"score: found {score!r}; allowed: a column that begins with {SPLIT!r}")
    if best not in (LOWEST, HIGHEST):
        raise UserError(f"best: found {best!r}; allowed: {LOWEST}, {HIGHEST}")
    problem = read_problem(training.problem, training.problem_settings)
    if getattr(problem, "validation_images", None) == 0:
        raise UserError(
            "validation_images: found 0; allowed: 1 or more, by which trials are judged"
        )


def read_distribution(setting: str, given: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the distribution of a setting as a record holds it.

    Raises
    ------
    UserError
        If it is none.
    """
    name = next(iter(given), "")
    if len(given) != 1 or name not in _DISTRIBUTIONS:
        allowed = ", ".join(_DISTRIBUTIONS)
        raise UserError(
            f"{setting}: found {', '.join(given) or 'nothing'}; allowed: one of {allowed}"
        )
    values = list(given[name])
    if not _has_values(name, values):
        raise UserError(f"{setting}: found {values}; allowed for {name}: {_DISTRIBUTIONS[name]}")
    return {name: values if name == "choice" else [float(value) for value in values]}


def _has_values(name: str, values: Sequence[Any]) -> bool:
    if name == "choice":
        return bool(values)
    return len(values) == 2 and values[0] < values[1] and (name == "uniform" or values[0] > 0)


def _require_possible(training: TrainingCell, space: Mapping[str, Distribution]) -> None:
    """Build the parts of the cell with each end and each choice of each setting."""
    for setting, distribution in space.items():
        for value in (value for values in distribution.values() for value in values):
            try:
                cell = with_settings(training, {setting: value})
            except ValueError as error:
                raise UserError(f"{setting}: {error}") from None
            make_method(cell.method, cell.method_settings)
            for modifier in cell.modifiers:
                make_part("modifiers", modifier["name"], modifier["settings"])
