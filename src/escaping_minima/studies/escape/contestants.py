"""The methods of the arena: what of each is searched, in units of the problem, and where it runs.

The ranges are fixed beforehand, the same for every problem once its units are taken out, and were
not looked at after a run: four decades of learning rates, three of lengths, four of temperatures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from escaping_minima.parts.registry import part_class
from escaping_minima.studies.escape.terrain import Terrain

Space = dict[str, dict[str, list[Any]]]

#: Ends of what is searched, in the unit of each.
RATES, LENGTHS, SLOPES, TEMPERATURES = (1e-4, 1.0), (1e-3, 1.0), (1e-1, 1e2), (1e-4, 1.0)
#: By how many decades a temperature falls over a run.
COOLINGS = (1, 2, 4, 8)
#: Steps of a local search, or between two perturbations; of a period of a rate that is reset.
PATIENCE = (10, 30, 100)
#: A gradient counts as small below this, in the unit of slopes.
SMALL_GRADIENT = 1e-3


@dataclass(frozen=True)
class Contestant:
    """A method of the arena.

    Attributes
    ----------
    method : str
        A module of ``methods``.
    space : callable
        Gives what is searched on a problem, given how many steps a run has.
    fixed : callable
        Gives settings that are not searched.
    evaluations : int
        What a step costs, about, for each item that it looks at.
    batch : tuple of int
        Items of a step, first and last; empty for all of them.
    claimed : bool
        Whether a claim compares it.
    title : str
        Where it differs from that of the method's file.
    base : str
        The contestant that it is where there are no items to draw a batch of.
    """

    method: str
    space: Callable[[Terrain, int], Space]
    fixed: Callable[[Terrain, int], Mapping[str, Any]] = lambda terrain, steps: {}
    evaluations: int = 3
    batch: tuple[int, ...] = ()
    claimed: bool = False
    title: str = ""
    base: str = ""


def _between(unit: float, ends: tuple[float, float]) -> dict[str, list[Any]]:
    return {"log_uniform": [float(f"{unit * end:.6g}") for end in ends]}


def _rate(terrain: Terrain, steps: int) -> Space:
    return {"learning_rate": _between(terrain.rate, RATES)}


def _noisy_gradient(terrain: Terrain, steps: int) -> Space:
    return {**_rate(terrain, steps), "radius": _between(terrain.slope, SLOPES)}


def _moved(terrain: Terrain, steps: int) -> Space:
    return {**_rate(terrain, steps), "radius": _between(terrain.length, LENGTHS)}


def _patient(space: Callable[[Terrain, int], Space]) -> Callable[[Terrain, int], Space]:
    return lambda terrain, steps: {**space(terrain, steps), "patience": {"choice": [*PATIENCE]}}


def _small(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {"gradient_tolerance": SMALL_GRADIENT * terrain.slope}


def _goes_on(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {**_small(terrain, steps), "least_decrease": 1e-4 * terrain.height, "stays": False}


def _nothing(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {}


def cooling(decades: int, steps: int) -> float:
    """Return by what a temperature is multiplied a step to fall by so many decades in a run."""
    return float(f"{10.0 ** (-decades / max(1, steps)):.9g}")


def _annealed(terrain: Terrain, steps: int) -> Space:
    return {
        "temperature": _between(terrain.height, TEMPERATURES),
        "cooling": {"choice": [cooling(decades, steps) for decades in COOLINGS]},
    }


def _walked(terrain: Terrain, steps: int) -> Space:
    return {"deviation": _between(terrain.length, LENGTHS), **_annealed(terrain, steps)}


def _cooled_descent(terrain: Terrain, steps: int) -> Space:
    return {**_rate(terrain, steps), **_annealed(terrain, steps)}


def _steps_of_a_length(terrain: Terrain, steps: int) -> Space:
    return {"learning_rate": _between(terrain.length, LENGTHS)}


def _stride(terrain: Terrain, steps: int) -> Space:
    return {"largest_step": _between(terrain.length, LENGTHS)}


def _two_point(terrain: Terrain, steps: int) -> Space:
    # its mean step is that of descent over the number of variables
    unit = terrain.rate * terrain.variables
    return {
        "learning_rate": _between(unit, RATES),
        "distance": _between(terrain.length, LENGTHS),
        "rate_delay": {"choice": [float(max(1, steps // part)) for part in (100, 10, 1)]},
    }


def _slow_fall(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {"distance_delay": float(max(1, steps // 10))}


def _warm(terrain: Terrain, steps: int) -> Space:
    periods = [max(2, steps // cycles) for cycles in (20, 10, 5, 2)]
    return {**_rate(terrain, steps), "period": {"choice": periods}}


def _box(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {"lower": terrain.low, "upper": terrain.high}


def _restarted(terrain: Terrain, steps: int) -> Space:
    lengths = [max(1, steps // descents) for descents in (32, 8, 2)]
    return {**_rate(terrain, steps), "steps_each": {"choice": lengths}}


def _fresh(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {"fresh": terrain.items > 1}


def _in_units_of_the_loss(terrain: Terrain, steps: int) -> dict[str, Any]:
    return {"unit": "mean"}


CONTESTANTS: Mapping[str, Contestant] = {
    "gd": Contestant("gd", _rate, claimed=True),
    "sgd_1": Contestant("gd", _rate, batch=(1, 1), claimed=True, title="SGD, 1 item", base="gd"),
    "sgd_4": Contestant("gd", _rate, batch=(4, 4), title="SGD, 4 items", base="gd"),
    "growing": Contestant("gd", _rate, batch=(1, 0), title="Batch increase", base="gd"),
    "restarts": Contestant("random_restarts", _restarted, _box, claimed=True),
    "afresh": Contestant("restart_each_step", _nothing, _box, 1, (4, 4), claimed=True),
    "warm": Contestant("warm_restarts", _warm, claimed=True),
    "annealing": Contestant("simulated_annealing", _walked, _fresh, 1, claimed=True),
    "two_point": Contestant("two_point", _two_point, _slow_fall, 2, claimed=True),
    "langevin": Contestant("langevin", _cooled_descent, claimed=True),
    "barker": Contestant(
        "minibatch_metropolis", _cooled_descent, evaluations=8, batch=(16, 16), claimed=True
    ),
    "perturbed": Contestant("perturbed_gradient", _patient(_moved), _goes_on),
    "nig": Contestant("nig", _noisy_gradient, claimed=True),
    "nim": Contestant("nim", _patient(_moved), _small, claimed=True),
    "sam": Contestant("sam", _moved, evaluations=6),
    "nig_bh": Contestant("nig_bh", _patient(_noisy_gradient), _small),
    "nim_bh": Contestant("nim_bh", _patient(_moved), _small),
    "nig_mbh": Contestant("nig_mbh", _patient(_noisy_gradient), _small),
    "nim_mbh": Contestant("nim_mbh", _patient(_moved), _small),
    "ssa": Contestant("ssa", _walked, _in_units_of_the_loss, 3),
    "sgd_sa": Contestant("sgd_sa", _cooled_descent, _in_units_of_the_loss, 5),
    "adagrad": Contestant("adagrad", _steps_of_a_length),
    "gradient_walk": Contestant("gradient_walk", _stride),
    "random_walk": Contestant("random_walk", _stride, evaluations=1),
}


def off_settings(method: str) -> Mapping[str, Any] | None:
    """Return the settings with which a method does what gradient descent does; None if none do.

    Parameters
    ----------
    method : str
        A module of ``methods``: those of this study say so themselves, of the others a radius of 0
        takes away what they add.
    """
    part = part_class("methods", method)
    if hasattr(part, "BASE"):
        return None if part.BASE is None else dict(part.OFF)
    has_radius = any(entry.name == "radius" for entry in fields(part))
    return {"radius": 0.0} if has_radius else None


def runs_on(name: str, terrain: Terrain) -> bool:
    """Whether a contestant is another method than its base on a problem: it has items to draw."""
    return not CONTESTANTS[name].base or terrain.items > 1


def batch_of(contestant: Contestant, terrain: Terrain) -> dict[str, int]:
    """Return the items of the first and the last step; empty where each step looks at all."""
    if not contestant.batch or terrain.items == 1:
        return {}
    first, last = contestant.batch
    largest = terrain.items
    return {"first": min(first, largest), "last": min(last or largest, largest)}


def steps_of(contestant: Contestant, terrain: Terrain, budget: int) -> int:
    """Return about how many steps of a contestant a budget pays for."""
    batch = batch_of(contestant, terrain)
    items = sum(batch.values()) / 2 if batch else terrain.items
    return max(1, int(budget / (contestant.evaluations * items)))
