"""The cells of each part of the study, as the settings have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from escaping_minima.kinds.baseline.cell import make_baseline_cell
from escaping_minima.kinds.search.cell import SearchCell, make_search_cell, tuned_by
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import part_record
from escaping_minima.studies.populations.names import FLOORS, MONOTONIC, NOISY, TELLING
from escaping_minima.studies.populations.recipes import (
    GRID,
    RECIPES,
    WAITING,
    Recipe,
    Space,
    method_settings,
    search_space,
)
from escaping_minima.studies.populations.tasks import Task, make_tasks

if TYPE_CHECKING:
    from escaping_minima.kinds.cell import Cell
    from escaping_minima.kinds.training.cell import TrainingCell
    from escaping_minima.studies.populations.settings import Settings

Slot = Mapping[str, Any]

#: The order in which tasks are run: first those whose runs are shortest.
ORDER = ("tweeteval-emotion", "cifar-10", "cifar-100", "goemotions")
#: Where the monotonic methods are tried.
MONOTONIC_TASK = "cifar-10"
#: Epochs of a short run: NiM may draw noise from the second on, a local search ends after each.
SHORT = 2
#: The setting that says how many trials a role rests on.
TRIALS = {"tuned": "search_trials", "acting": "acting_trials"}

_LOSSES: Slot = part_record("observers", "losses").record()
_ACTIVITY: Slot = part_record("observers", "noise_activity").record()
_CURVE: Slot = part_record("observers", "minibatch_losses").record()


@dataclass(frozen=True)
class Item:
    """A cell with what the study calls it."""

    cell: Cell
    labels: Mapping[str, Any]


class Layout:
    """Makes the cells of a study of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        tasks = make_tasks(settings)
        self.tasks = tuple(tasks[name] for name in ORDER if tasks[name].trajectories)
        self._methods = TELLING[: settings.methods]
        self._noisy = tuple(method for method in self._methods if method in NOISY)

    def floors(self, task: Task) -> list[Item]:
        """Return what is learnt of texts without a network."""
        floors = FLOORS if task.is_text else ()
        return [Item(_floor(task, floor), _labels("floor", task, floor)) for floor in floors]

    def activity(self, task: Task) -> list[Item]:
        """Return short runs over a grid of radii and thresholds, the rate being that of base."""
        recipe = replace(RECIPES[task.name], warm_up=None)
        items = []
        for method in self._noisy:
            for variant, changed in self._grid(method):
                own = method_settings(method, task, recipe) | changed
                cell = _train(replace(task, epochs=SHORT), method, own, recipe, _ACTIVITY)
                items.append(Item(cell, _labels("activity", task, method, variant)))
        return items

    def _grid(self, method: str) -> Iterator[tuple[str, dict[str, float]]]:
        values = GRID[: self._settings.activity_grid]
        waits = method in WAITING
        for radius, tolerance in product(values, values if waits else (None,)):
            if tolerance is None:
                yield f"radius {radius:g}", {"radius": radius}
            else:
                name = f"radius {radius:g}, threshold {tolerance:g}"
                yield name, {"radius": radius, "gradient_tolerance": tolerance}

    def base(self, task: Task) -> list[Item]:
        """Return all methods with base settings."""
        return [self._trajectory("base", task, m, RECIPES[task.name]) for m in self._methods]

    def plain(self, task: Task) -> list[Item]:
        """Return SGD as listed: without momentum and decay, at one rate."""
        rate = RECIPES[task.name].learning_rate
        recipe = Recipe(rate, momentum=0.0, weight_decay=0.0, warm_up=None)
        return [self._trajectory("plain", task, "gd", recipe)]

    def monotonic(self, task: Task) -> list[Item]:
        """Return the monotonic methods with base settings, on one task alone."""
        methods = MONOTONIC if task.name == MONOTONIC_TASK else ()
        return [self._trajectory("monotonic", task, m, RECIPES[task.name]) for m in methods]

    def searches(self, role: str, task: Task) -> list[Item]:
        """Return the searches of a role, "tuned" or "acting", one for each of its methods."""
        return [
            Item(self._search(role, task, method), _labels("search", task, method, role))
            for method in self._searched(role)
        ]

    def tuned(self, role: str, task: Task) -> list[Item]:
        """Return the methods of a role with the settings that its searches find."""
        return [self._tuned(role, task, method) for method in self._searched(role)]

    def _searched(self, role: str) -> tuple[str, ...]:
        return self._methods if role == "tuned" else self._noisy

    def _search(self, role: str, task: Task, method: str) -> SearchCell:
        recipe = RECIPES[task.name]
        space = search_space(role, method, recipe)
        short = replace(task, epochs=min(self._settings.search_epochs, task.epochs))
        return make_search_cell(_train(short, method, _left(method, task, space), recipe), space)

    def _tuned(self, role: str, task: Task, method: str) -> Item:
        recipe = RECIPES[task.name]
        own = _left(method, task, search_space(role, method, recipe))
        trials: int = getattr(self._settings, TRIALS[role])
        found = tuned_by(self._search(role, task, method), trials)
        cell = _train(task, method, own, recipe, _ACTIVITY, _CURVE, tuned_by=found)
        return Item(cell, self._of_trajectory(role, task, method))

    def _trajectory(self, role: str, task: Task, method: str, recipe: Recipe) -> Item:
        own = method_settings(method, task, recipe)
        cell = _train(task, method, own, recipe, _ACTIVITY, _CURVE)
        return Item(cell, self._of_trajectory(role, task, method))

    def _of_trajectory(self, role: str, task: Task, method: str) -> dict[str, Any]:
        return _labels(role, task, method, models=self._settings.models)


def _labels(
    role: str, task: Task, method: str, variant: str = "", models: int = 0
) -> dict[str, Any]:
    return {
        "role": role,
        "task": task.name,
        "method": method,
        "variant": variant,
        "models": models,
    }


def _left(method: str, task: Task, space: Space) -> dict[str, Any]:
    """Return the base settings of a method that are not searched."""
    own = method_settings(method, task, RECIPES[task.name])
    return {name: value for name, value in own.items() if name not in space}


def _train(
    task: Task,
    method: str,
    own: Mapping[str, Any],
    recipe: Recipe,
    *observers: Slot,
    **more: Any,
) -> TrainingCell:
    return make_training_cell(
        task.problem,
        method,
        task.epochs,
        {"first": task.batch_size, "last": task.batch_size, "line": "epochs"},
        task.problem_settings,
        own,
        rate=recipe.rate(),
        modifiers=recipe.modifiers(),
        observers=(_LOSSES, *observers),
        precision=task.precision,
        **more,
    )


def _floor(task: Task, floor: str) -> Cell:
    sizes = ("train_texts", "test_texts", "validation_texts", "data")
    return make_baseline_cell(task.name, floor, **{n: task.problem_settings[n] for n in sizes})
