"""Cells that measure at what another cell kept: a state of a network, or points of paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from escaping_minima.kinds.cell import Cell, part_modules, seconds_per_item, training_items
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import module_name, part_record, read_part, read_problem


@dataclass(frozen=True)
class ProbeCell(Cell):
    """A measurement at what the blocks of one other cell kept, block by block.

    Attributes
    ----------
    target : str
        The id of the other cell, whose problem and method this one bears.
    kept : str
        What of it is read: the name of a state ("epoch3") or of a further table ("path").
    measure : Mapping
        A part of ``measures``, ``{name, settings}``.
    seeds : Mapping of str to int
        Those of the other cell, where it has any.
    """

    KIND: ClassVar[str] = "probe"

    target: str
    kept: str
    measure: Mapping[str, Any]
    seeds: Mapping[str, int] = field(default_factory=dict)

    def modules(self) -> list[str]:
        """See `Cell.modules`; how the target was made stands in its own manifest."""
        return [
            module_name("problems", self.problem),
            f"{PACKAGE}.engine.probing",
            f"{PACKAGE}.parts.settings",
            *part_modules("measures", self.measure),
            *self._formats(),
        ]

    def _formats(self) -> list[str]:
        from escaping_minima.data.registry import find_data_set

        name = self._data_set_of_problem()
        return [f"{PACKAGE}.data.formats.{find_data_set(name).format}"] if name else []

    def _data_set_of_problem(self) -> str:
        problem = read_problem(self.problem, self.problem_settings)
        return str(getattr(problem, "DATA_SET", ""))

    @property
    def cost(self) -> float:
        """See `Cell.cost`: what the measure says, a second if it says nothing."""
        measure = read_part("measures", self.measure["name"], self.measure["settings"])
        if not hasattr(measure, "trained_images"):
            return 1.0
        problem = read_problem(self.problem, self.problem_settings)
        items = measure.trained_images(training_items(problem))
        return seconds_per_item(problem) * float(items)

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`."""
        return self._data_set_of_problem() if self.problem_settings.get("data") == "full" else ""

    @property
    def rests_on(self) -> tuple[str, ...]:
        """See `Cell.rests_on`."""
        return (self.target,)


def make_probe_cell(
    target: Cell, kept: str, measure: str, settings: Mapping[str, Any] | None = None
) -> ProbeCell:
    """Build a probe of another cell.

    Parameters
    ----------
    target : Cell
    kept : str
        See `ProbeCell`.
    measure : str
        A module of ``measures``.
    settings : Mapping, optional
        Some of its settings.

    Raises
    ------
    UserError
        If there is no such measure or setting, or a setting has an impossible value.
    """
    return ProbeCell(
        target.problem,
        target.problem_settings,
        target.method,
        target.method_settings,
        target.id,
        kept,
        part_record("measures", measure, settings).record(),
        dict(getattr(target, "seeds", {})),
    )
