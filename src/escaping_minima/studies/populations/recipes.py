"""The settings of each method on each task: base ones, and among which others are searched.

The paper gives none. Of images the usual recipe for the printed scores is assumed. Of texts it is
assumed that BERT is trained by SGD, of which the others are forms: Gkouti, Malakasiotis, Toumpis
and Androutsopoulos 2024 (arXiv 2402.06948) find SGD with momentum to fine-tune such encoders well,
and best of all optimisers where nothing is tuned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.parts.registry import part_record
from escaping_minima.studies.populations.names import MONOTONIC, NOISY

if TYPE_CHECKING:
    from escaping_minima.studies.populations.tasks import Task

Slot = Mapping[str, Any]
Space = dict[str, dict[str, tuple[float, float]]]


@dataclass(frozen=True)
class Recipe:
    """How a task is trained on, whatever the method.

    Attributes
    ----------
    learning_rate, momentum, weight_decay : float
        0 leaves momentum or decay out.
    warm_up : float or None
        The share of the run in which the rate rises, before it falls on half a cosine; None keeps
        it as it is.
    """

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    warm_up: float | None = 0.0

    def rate(self) -> Slot | None:
        """Return the schedule of the rate."""
        if self.warm_up is None:
            return None
        return part_record("schedules", "cosine", {"warm_up": self.warm_up}).record()

    def modifiers(self) -> tuple[Slot, ...]:
        """Return momentum and weight decay, where there are any."""
        found = (("momentum", "share", self.momentum), ("weight_decay", "rate", self.weight_decay))
        return tuple(
            part_record("modifiers", name, {setting: value}).record()
            for name, setting, value in found
            if value
        )


#: He, Zhang, Ren and Sun 2016, section 4.2, with the decay and the cosine that later code for CIFAR
#: has (as kuangliu/pytorch-cifar).
_IMAGES = Recipe(0.1, weight_decay=5e-4)
#: The rate warms up as in Devlin, Chang, Lee and Toutanova 2019, appendix A.2; no decay, the
#: default of SGD. The loss of GoEmotions is a mean over 28 labels where that of
#: TweetEval-emotion is one term, so its gradients are a tenth as long, and its rate is ten times as
#: large; at 40 times, short runs left the plateau of the start upwards.
RECIPES: Mapping[str, Recipe] = {
    "cifar-10": _IMAGES,
    "cifar-100": _IMAGES,
    "goemotions": Recipe(0.5, warm_up=0.1),
    "tweeteval-emotion": Recipe(0.05, warm_up=0.1),
}
#: Radii of base settings: SAM's own default (Foret et al. 2021), and one assumed for the noise.
SAM_RADIUS, NOISE_RADIUS = 0.05, 0.01
#: Gradient norm below which a local search ends, or NiM draws noise: "small".
TOLERANCE = 0.01
#: Methods that look at it, and wait: NiM, and all of basin hopping.
WAITING = ("nim", "nig_bh", "nim_bh", *MONOTONIC)
#: Each radius and threshold of the grid of short runs.
GRID = (0.01, 0.1, 1.0, 10.0)
#: Among which rates and radii settings are tuned, in those of base settings; a noise of the base
#: radius is none to speak of, so its range goes up.
_RATES, _SAM_RADII, _NOISE_RADII = (0.1, 3.0), (0.1, 10.0), (1.0, 1000.0)
#: Thresholds for tuning; and radii and thresholds at which noise acts: moves the model as far as
#: some steps down the gradient do, and is drawn at most gradients that there are.
_TOLERANCES, _ACTING_RADII, _ACTING_TOLERANCES = (0.01, 10.0), (0.1, 10.0), (1.0, 10.0)


def method_settings(method: str, task: Task, recipe: Recipe) -> dict[str, Any]:
    """Return the base settings of a method on a task; its patience is an epoch."""
    found: dict[str, Any] = {"learning_rate": recipe.learning_rate}
    if method == "sam":
        found["radius"] = SAM_RADIUS
    if method in (*NOISY, *MONOTONIC):
        found["radius"] = NOISE_RADIUS
    if method in WAITING:
        found |= {"gradient_tolerance": TOLERANCE, "patience": task.updates}
    return found


def search_space(role: str, method: str, recipe: Recipe) -> Space:
    """Return among which settings of a method those of a role, "tuned" or "acting", are sought."""
    return _tuning_space(method, recipe) if role == "tuned" else _acting_space(method)


def _tuning_space(method: str, recipe: Recipe) -> Space:
    found = {"learning_rate": _scaled(_RATES, recipe.learning_rate)}
    if method == "sam":
        found["radius"] = _scaled(_SAM_RADII, SAM_RADIUS)
    if method in NOISY:
        found["radius"] = _scaled(_NOISE_RADII, NOISE_RADIUS)
    if method in WAITING:
        found["gradient_tolerance"] = {"log_uniform": _TOLERANCES}
    return found


def _acting_space(method: str) -> Space:
    """Return a space all over which the noise of a method acts.

    A local search ends after an epoch in any case, so of basin hopping the radius alone.
    """
    found: Space = {"radius": {"log_uniform": _ACTING_RADII}}
    if method == "nim":
        found["gradient_tolerance"] = {"log_uniform": _ACTING_TOLERANCES}
    return found


def _scaled(bounds: tuple[float, float], unit: float) -> dict[str, tuple[float, float]]:
    low, high = bounds
    return {"log_uniform": (low * unit, high * unit)}
