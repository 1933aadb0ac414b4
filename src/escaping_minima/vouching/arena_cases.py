"""Cells of the arena that are run at both commits, and how published ones are cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from escaping_minima.kinds.arena.cell import ArenaCell, make_arena_cell
from escaping_minima.kinds.arena_search.cell import (
    ArenaSearchCell,
    make_arena_search_cell,
    tuned_by,
)
from escaping_minima.kinds.cell import Cell

#: Starts, budget, trials and images that are left: more than a page of draws.
STARTS, BUDGET, TRIALS, IMAGES = 20, 450, 3, 100
#: A run that is stopped: many pages.
LONG = 20 * BUDGET
#: The method of the cases, with settings by which it perturbs soon, and what is searched of it:
#: numbers, which run as one, and a word, which does not.
_METHOD, _SETTINGS = "nim_mbh", {"gradient_tolerance": 5.0, "patience": 5, "learning_rate": 0.01}
_SPACE: dict[str, dict[str, Any]] = {
    "radius": {"log_uniform": (0.1, 1.0)},
    "compare": {"choice": ("previous_minimum", "perturbed_point")},
}
#: A method without gradients that cools.
_COOLING = ("simulated_annealing", {"cooling": 0.99})
#: Problems of each form, with what batches are drawn of their items.
_BATCH = {"first": 1, "last": 4}
_PROBLEMS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "gentle_curve": ({}, {}),
    "gentle_plane": ({}, {}),
    "random_waves": ({"dimension": 3}, {}),
    "scattered_sum": ({}, _BATCH),
    "small_mnist": ({"train_images": IMAGES, "width": 3}, _BATCH),
    "xor_sum": ({"source": "dropout", "strength": 0.5}, _BATCH),
}


def contests() -> Iterator[tuple[str, ArenaCell]]:
    """Return a cell of each form of problem, and one without gradients, by what it is called."""
    for problem, (settings, batch) in _PROBLEMS.items():
        cell = make_arena_cell(problem, "gd", STARTS, BUDGET, settings, batch=batch, path_of=(1,))
        yield f"arena_{problem}", cell
    yield (
        "arena_cooled",
        make_arena_cell("gentle_plane", _COOLING[0], STARTS, BUDGET, {}, _COOLING[1]),
    )


def searched_and_tuned() -> tuple[ArenaSearchCell, ArenaCell]:
    """Return a search whose trials differ in a word too, and what it tunes."""
    search = _search(BUDGET)
    own = search.method_settings
    cell = make_arena_cell(
        search.problem, search.method, STARTS, BUDGET, {}, own, tuned_by=tuned_by(search)
    )
    return search, cell


def long_contests() -> Iterator[tuple[str, Cell]]:
    """Return a run of each kind that is long enough to be stopped before its end."""
    yield "resumed_arena", make_arena_cell("himmelblau", _METHOD, STARTS, LONG, {}, _SETTINGS)
    yield "resumed_arena_search", _search(LONG)


def cut_contest(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell of the arena, or a search in it, cut short; not what it is tuned by."""
    most = {"starts": STARTS, "budget": BUDGET, "trials": TRIALS}
    short = {name: min(record[name], count) for name, count in most.items() if name in record}
    if "path_of" in record:
        short["path_of"] = [one for one in record["path_of"] if one < short["starts"]]
    settings = dict(record["problem_settings"])
    if "data" in settings:
        settings["data"] = "sample" if settings["data"] == "full" else settings["data"]
        settings["train_images"] = min(settings["train_images"], IMAGES)
    sizes = {name: min(size, IMAGES) for name, size in record["batch"].items()}
    batch = sizes if "data" in settings else record["batch"]
    return {**record, **short, "problem_settings": settings, "batch": batch}


def _search(budget: int) -> ArenaSearchCell:
    given = ("himmelblau", _METHOD, STARTS, budget, _SPACE, TRIALS)
    return make_arena_search_cell(*given, method_settings=_SETTINGS, series=1)
