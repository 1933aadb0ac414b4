"""Examinations that are made at both commits, and how published ones are cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from escaping_minima.kinds.examine.cell import ExamineCell, make_examine_cell

#: How many of what a measure, or a problem with data, has are left.
FEW = {
    "draws": 5,
    "images": 5,
    "iterations": 60,
    "pairs": 5,
    "replicates": 2,
    "starts": 30,
    "steps": 30,
    "train_images": 100,
}
#: A method that perturbs soon, for the measure that wants one.
_METHOD = ("nim", {"learning_rate": 0.1, "patience": 2, "gradient_tolerance": 0.1})
#: The problem of each measure.
_PROBLEMS = {
    "attractor_tree": "xor_sum",
    "batch_gradients": "scattered_sum",
    "critical_points": "random_waves",
    "saddle_escape": "random_waves",
}
#: The measures, by name.
MEASURES = tuple(_PROBLEMS)
#: Few enough dimensions for minima to be found.
_SETTINGS = {"random_waves": {"dimension": 3}}


def examinations() -> Iterator[tuple[str, ExamineCell]]:
    """Return a short examination for each measure, and one of what is learnt from data."""
    for measure, problem in _PROBLEMS.items():
        settings = _SETTINGS.get(problem)
        method = _METHOD if measure == "saddle_escape" else ("",)
        cell = make_examine_cell(problem, measure, settings, _few(measure), *method)
        yield f"examine_{measure}", cell
    images = {"data": "sample", "train_images": FEW["train_images"]}
    ends = {**_few("attractor_tree"), "starts": 3}
    yield "examine_images", make_examine_cell("small_mnist", "attractor_tree", images, ends)


def cut_examination(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an examination cut short: fewer searches, steps and draws, and fewer images."""
    measure = record["measure"]
    problem = _cut(record["problem_settings"])
    if problem.get("data") == "full":
        problem["data"] = "sample"
    short = {**measure, "settings": _cut(measure["settings"])}
    return {**record, "problem_settings": problem, "measure": short}


def _few(measure: str) -> dict[str, Any]:
    settings = make_examine_cell("xor_sum", measure).measure["settings"]
    return {name: value for name, value in _cut(settings).items() if name in FEW}


def _cut(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {n: min(value, FEW[n]) if n in FEW else value for n, value in settings.items()}
