"""How large the noise of a cell is meant to be, by the share of its search that is done.

Three kinds of noise are told apart by what a method's settings name: a temperature, noise that is
drawn in a ball of some radius, and a batch size that grows. Each is a number of its own unit; what
can be compared is how it falls.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escaping_minima.observers.noise_activity import IN_GRADIENT
from escaping_minima.parts.registry import part_class, read_part
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.studies.batch_increase.annealing import temperatures

TEMPERATURE, BATCH, INJECTED = "temperature", "batch size", "injected noise"
#: What the number of each kind is.
QUANTITIES: Mapping[str, str] = {
    TEMPERATURE: "temperature",
    BATCH: "spread of the loss of a batch, σ = 1",
    INJECTED: "length of the noise in the weights, at most",
}
#: Methods with a radius along which no noise is drawn.
_NO_NOISE = ("sam",)
#: The line by which the file of a method is told from a helper's.
_IS_METHOD = "\nMETHOD = "

_Values = NDArray[np.float64]


def noisy_methods() -> dict[str, str]:
    """Return every registered method that has noise in its settings, and of which kind."""
    (folder,) = importlib.import_module("escaping_minima.methods").__path__
    files = sorted(Path(folder).glob("*.py"))
    # helpers of the room are not imported: some of them need torch
    methods = [file.stem for file in files if _IS_METHOD in file.read_text(encoding="utf-8")]
    return {name: kind for name in methods if (kind := _kind_of_class(name))}


def kind_of(record: Mapping[str, Any]) -> str:
    """Return the kind of noise in a cell's record, empty where there is none that is annealed.

    A fixed batch size has its noise too, but is what the growing one is compared with. A cell that
    is tuned has no settings of its own, one that is no run has no search.
    """
    if not record.get("epochs") and not record.get("steps"):
        return ""
    settings = record["method_settings"]
    if "tuned_by" in record or not settings.get("accept", True):
        return ""
    kind = _kind_of_class(record["method"])
    if kind:
        return kind
    sizes = record.get("batch_size", {})
    grows = sizes.get("first", 0) < sizes.get("last", 0) and "order" not in sizes
    return BATCH if grows else ""


def scheduled(record: Mapping[str, Any], shares: _Values) -> _Values | None:
    """Return the noise of a cell at shares of its search.

    Parameters
    ----------
    record : Mapping
        Of a cell that has noise of some kind.
    shares : ndarray
        From 0 to 1.

    Returns
    -------
    ndarray of the same shape, or None
        In the unit of QUANTITIES. None where the record alone does not say it: a temperature that
        is cooled update by update as well as by a schedule.
    """
    kind = kind_of(record)
    if kind == BATCH:
        return _spreads(record, shares)
    return _temperatures(record, shares) if kind == TEMPERATURE else _lengths(record, shares)


def _kind_of_class(method: str) -> str:
    names = {entry.name for entry in fields(part_class("methods", method))}
    if "temperature" in names:
        return TEMPERATURE
    return INJECTED if "radius" in names and method not in _NO_NOISE else ""


def _spreads(record: Mapping[str, Any], shares: _Values) -> _Values:
    """Return the standard deviation of the loss of a batch about that of all images."""
    images = int(record["problem_settings"]["train_images"])
    sizes, epochs = BatchSizes(**record["batch_size"]), int(record["epochs"])
    size = np.array([sizes.size(epoch, epochs) for epoch in _epochs(shares, epochs)], float)
    # a batch holds no more than there is
    size = np.minimum(size, images)
    # drawn without replacement, as in an epoch
    spread: _Values = np.sqrt((images - size) / (size * (images - 1.0)))
    return spread


def _temperatures(record: Mapping[str, Any], shares: _Values) -> _Values | None:
    settings = record["method_settings"]
    if "steps" in record:
        return temperatures(settings, shares * record["steps"])
    if settings["cooling"] != 1.0:
        return None
    falling = settings["temperature"] * _factors(record, "temperature", shares)
    found: _Values = np.maximum(falling, settings["floor"])
    return found


def _lengths(record: Mapping[str, Any], shares: _Values) -> _Values:
    """Return the greatest length of the noise in the weights."""
    settings = record["method_settings"]
    radius = np.full(len(shares), float(settings["radius"]))
    if record["method"] not in IN_GRADIENT:
        return radius
    # noise in the gradient moves the weights by as much as the rate lets it
    rate: _Values = settings["learning_rate"] * _factors(record, "rate", shares)
    return radius * rate


def _factors(record: Mapping[str, Any], slot: str, shares: _Values) -> _Values:
    """Return by what the schedule in a slot of the record multiplies; 1 where there is none."""
    part = record.get(slot)
    if not part:
        return np.ones(len(shares))
    schedule = read_part("schedules", part["name"], part["settings"])
    epochs = int(record["epochs"])
    done = zip(_epochs(shares, epochs), shares.tolist(), strict=True)
    return np.array([schedule.factor(epoch, epochs, share) for epoch, share in done])


def _epochs(shares: _Values, epochs: int) -> list[int]:
    """Return the epoch that runs after a share of the search: from 1, the last one at its end."""
    found: list[int] = np.minimum(np.floor(shares * epochs), epochs - 1).astype(int).tolist()
    return [done + 1 for done in found]
