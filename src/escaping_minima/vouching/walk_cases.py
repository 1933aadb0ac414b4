"""Walks that are run at both commits, and how published ones are cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.walks.cell import WalkCell, make_walk_cell
from escaping_minima.parts.registry import part_class

#: Methods that evaluate nothing or see one gradient a step: they walk, and train nothing.
METHODS = ("gradient_walk", "random_walk")
#: Measures at the points of walks.
MEASURES = ("curvature_classes", "descent")
#: Points of a short walk, without data and with them: more than a page of draws.
STEPS = {False: 120, True: 6}
#: Steps of a walk that is stopped: many pages.
LONG = 20 * STEPS[False]
#: Images of the sets that a walk draws from.
IMAGES = 250
#: Points by every rule.
_POINTS = {"every": 40, "low_gradient": 0.05, "drawn": 2, "blocks": 1}
#: The network of the cases: as deep as any, so that every column says something.
_NETWORK = {"width": 2, "depth": 3}


def is_walked(problem: str) -> bool:
    """Say whether a problem is one for walks."""
    return hasattr(part_class("problems", problem), "surface")


def walk_parts() -> Iterator[tuple[str, WalkCell]]:
    """Return walks of every method and problem of walks, by what they are called."""
    for method in METHODS:
        yield f"walks_xor_{method}", _short_walk(method)
    images = {"data": "sample", "train_images": IMAGES, "test_images": IMAGES}
    for draws in ("one", "two"):
        settings = {**images, "draws": draws}
        cell = make_walk_cell("mnist_walk", METHODS[0], STEPS[True], settings, None, {"drawn": 3})
        yield f"walks_mnist_{draws}", cell


def walk_probes() -> Iterator[tuple[str, tuple[WalkCell, Any]]]:
    """Return for each measure a walk, and the probe of its points."""
    for name in MEASURES:
        target = _short_walk(METHODS[0])
        yield f"probe_{name}", (target, make_probe_cell(target, "points", name))


def long_walk() -> WalkCell:
    """Return a walk that is long enough to be stopped before its end."""
    return make_walk_cell("xor", METHODS[0], LONG, _NETWORK, None, _POINTS)


def cut_walks(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell of walks cut short: fewer steps and images."""
    settings = dict(record["problem_settings"])
    has_data = "data" in settings
    if has_data:
        settings["data"] = "sample" if settings["data"] == "full" else settings["data"]
        for name in ("train_images", "test_images"):
            settings[name] = min(settings[name], IMAGES)
    steps = min(record["steps"], STEPS[has_data])
    return {**record, "steps": steps, "problem_settings": settings}


def _short_walk(method: str) -> WalkCell:
    return make_walk_cell("xor", method, STEPS[False], _NETWORK, None, _POINTS)
