"""Cells of network training: a method on a network and a data set, one run a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.kinds.cell import Cell, part_modules, seconds_per_item, training_items
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method, make_problem, module_name, read_problem
from escaping_minima.parts.settings import added, settings_of

#: What is recorded where a record says nothing.
USUAL_OBSERVERS = (
    {"name": "losses", "settings": {}},
    {"name": "extrema", "settings": {}},
    {"name": "wrong", "settings": {}},
)
#: What decides which settings a tuned cell is trained with.
_TUNING = (f"{PACKAGE}.kinds.search.choice", f"{PACKAGE}.kinds.search.space")


@dataclass(frozen=True)
class TrainingCell(Cell):
    """A method training a network on a data set.

    Attributes
    ----------
    epochs : int
        Passes over the training data.
    batch_size : Mapping
        The settings of an `escaping_minima.schedules.batch_sizes.BatchSizes`.
    rate : Mapping or None
        A part of ``schedules`` that multiplies the method's learning rate.
    temperature : Mapping or None
        A part of ``schedules`` for the temperature of methods that have one.
    modifiers : tuple of Mapping
        What is added to the method, the innermost first: parts of ``modifiers``.
    observers : tuple of Mapping
        What is recorded along the way: parts of ``observers``, each ``{name, settings}``.
    precision : str
        "float32", or "bfloat16" by autocast.
    memory_format : str
        "channels_last" or "contiguous".
    seeds : Mapping of str to int
        By purpose ("weights", "order", "dropout", ...): the block whose draws are taken instead of
        the run's own.
    keep_epochs : tuple of int
        Epochs at whose end the state is kept beside the block; 0 is the start.
    reshuffle : bool
        Whether each epoch has an order of its own, or all have that of the first.
    tuned_by : Mapping or None
        ``{search: id of a search, trials: n}``: what the best of its first n trials drew takes the
        place of those settings here when a block is run, after all n trials. Blocks of the search
        are those of the same study. See `escaping_minima.kinds.search.cell.tuned_by`.
    """

    KIND: ClassVar[str] = "training"

    epochs: int
    batch_size: Mapping[str, Any]
    rate: Mapping[str, Any] | None = added(None)
    temperature: Mapping[str, Any] | None = added(None)
    modifiers: tuple[Mapping[str, Any], ...] = added(())
    observers: tuple[Mapping[str, Any], ...] = added(USUAL_OBSERVERS)
    precision: str = added("float32")
    memory_format: str = added("channels_last")
    seeds: Mapping[str, int] = added({})
    keep_epochs: tuple[int, ...] = added(())
    reshuffle: bool = added(True)
    tuned_by: Mapping[str, Any] | None = added(None)

    def record(self) -> dict[str, Any]:
        """Return the record; of this kind it bears no name, as the first ones did not."""
        return settings_of(self)

    def modules(self) -> list[str]:
        """See `Cell.modules`; the format of the data is among them, where it is decoded."""
        return [
            module_name("methods", self.method),
            module_name("problems", self.problem),
            f"{PACKAGE}.engine.pack",
            f"{PACKAGE}.kinds.training.parts",
            f"{PACKAGE}.parts.settings",
            *(f"{PACKAGE}.data.formats.{name}" for name in self._formats()),
            *part_modules("schedules", self.rate, self.temperature),
            *part_modules("modifiers", *self.modifiers),
            *part_modules("observers", *self.observers),
            *(_TUNING if self.tuned_by is not None else ()),
        ]

    def _formats(self) -> list[str]:
        from escaping_minima.data.registry import find_data_set

        found = find_data_set(self._data_set())
        # of a vocabulary, by what makes tokens of texts
        return [found.format, "tokens"] if found.kind == "texts" else [found.format]

    def _data_set(self) -> str:
        return str(read_problem(self.problem, self.problem_settings).DATA_SET)

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        problem = read_problem(self.problem, self.problem_settings)
        return seconds_per_item(problem) * self.epochs * float(training_items(problem))

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        return self._data_set() if self.problem_settings["data"] == "full" else ""

    @property
    def data_sets(self) -> tuple[str, ...]:
        """See `Cell.data_sets`; a pretrained encoder is one."""
        problem = read_problem(self.problem, self.problem_settings)
        return (*super().data_sets, *getattr(problem, "FURTHER_DATA", ()))

    @property
    def memory_mb(self) -> int:
        """See `Cell.memory_mb`."""
        problem = read_problem(self.problem, self.problem_settings)
        return int(getattr(problem, "MEMORY_MB", super().memory_mb))

    @property
    def uses_gpu(self) -> bool:
        """See `Cell.uses_gpu`."""
        return True

    @property
    def rests_on(self) -> tuple[str, ...]:
        """See `Cell.rests_on`."""
        return () if self.tuned_by is None else (str(self.tuned_by["search"]),)


def make_training_cell(
    problem: str,
    method: str,
    epochs: int,
    batch_size: Mapping[str, Any],
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
    **more: Any,
) -> TrainingCell:
    """Build a cell of network training, filling in the defaults of its problem and method.

    Parameters
    ----------
    problem, method, epochs, batch_size
        See `TrainingCell`.
    problem_settings, method_settings : Mapping, optional
        Some of the settings.
    **more
        Further fields of the cell.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    return TrainingCell(
        problem,
        settings_of(make_problem(problem, problem_settings or {})),
        method,
        settings_of(make_method(method, method_settings or {})),
        epochs,
        dict(batch_size),
        **more,
    )
