"""From the record of a training cell to its parts: part of what decides the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.engine.numerics import Numerics
from escaping_minima.engine.run import TrainingPlan
from escaping_minima.parts.registry import read_method, read_part, read_problem
from escaping_minima.parts.settings import from_settings
from escaping_minima.schedules.batch_sizes import BatchSizes

if TYPE_CHECKING:
    from escaping_minima.kinds.training.cell import TrainingCell


def training_plan(cell: TrainingCell) -> TrainingPlan:
    """Return the parts of a cell."""
    schedules = {
        setting: read_part("schedules", slot["name"], slot["settings"])
        for setting, slot in (("learning_rate", cell.rate), ("temperature", cell.temperature))
        if slot is not None
    }
    return TrainingPlan(
        name=cell.problem,
        problem=read_problem(cell.problem, cell.problem_settings),
        method=read_method(cell.method, cell.method_settings),
        sizes=from_settings(BatchSizes, cell.batch_size),
        epochs=cell.epochs,
        schedules=schedules,
        modifiers=[read_part("modifiers", m["name"], m["settings"]) for m in cell.modifiers],
        observers=[read_part("observers", o["name"], o["settings"]) for o in cell.observers],
        numerics=Numerics(cell.precision, cell.memory_format),
        seeds=cell.seeds,
        keep_epochs=cell.keep_epochs,
        reshuffle=cell.reshuffle,
    )
