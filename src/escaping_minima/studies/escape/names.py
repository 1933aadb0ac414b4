"""How the study says its problems, methods and roles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from escaping_minima.parts.looks import Look, look_of
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.terrain import TERRAIN

PROBLEM_NAMES: Mapping[str, str] = {
    **{name: terrain.title for name, terrain in TERRAIN.items()},
    "skip_mlp": "MNIST, 20 layers",
    "skip_resnet": "CIFAR-10, small ResNet",
}
ROLE_NAMES: Mapping[str, str] = {
    "search": "search of settings",
    "arena": "arena",
    "network": "small networks",
    "without": "strength taken away",
    "cheap": "a gradient at the price of a loss",
    "rate": "learning rates",
    "restarts": "numbers of descents",
    "reset": "rates that are reset",
    "batch": "batch sizes",
    "cooling": "cooling rates",
    "source": "sources of noise",
    "posterior": "tests of a move",
    "gradients": "gradients of batches",
    "critical": "critical points",
    "leaving": "leaving saddles and minima",
    "tree": "attractors",
    "skips": "skip connections",
    "skip_planes": "planes around networks with skip connections and without",
}
#: Arms that are no contestants of the arena.
_OTHERS: Mapping[str, str] = {
    "descent": "GD",
    "single": "single descents",
    "warm": "warm restarts",
    "warm_1": "warm restarts, 1 item",
    "low_1": "the lowest rate all along, 1 item",
    "sgd": "SGD",
    "sampler": "sampling",
    "with": "with skip connections",
    "without": "without",
    "": "",
}
SOURCE_NAMES: Mapping[str, str] = {
    "dropout": "dropout",
    "input_noise": "noise in the input",
    "augmentation": "augmentation",
    "weight_noise": "noise in the weights",
}


@cache
def arm_name(arm: str) -> str:
    """Say an arm: the title of its method, unless the study has one of its own."""
    if arm not in CONTESTANTS:
        return _OTHERS[arm]
    contestant = CONTESTANTS[arm]
    return contestant.title or look_of(contestant.method).title


@cache
def arm_look(arm: str) -> Look:
    """Return how an arm of the arena is drawn: SGD and GD are one method, and look apart."""
    look = look_of(CONTESTANTS[arm].method)
    colour, marker = _OWN_LOOKS.get(arm, (look.colour, look.marker))
    return Look(arm_name(arm), colour, marker)


#: Colour and marker of what shares its method with another contestant.
_OWN_LOOKS: Mapping[str, tuple[str, str]] = {
    "sgd_1": ("#7A7A7A", "s"),
    "sgd_4": ("#A0A0A0", "^"),
    "growing": ("#5A5A5A", "P"),
}


def place_name(place: tuple[str, str, str, str]) -> str:
    """Say role, problem, arm and point of a cell."""
    role, problem, arm, point = place
    said = (ROLE_NAMES[role], PROBLEM_NAMES[problem], _OTHERS.get(arm) or arm_name(arm), point)
    return ", ".join(filter(None, said))


def arm_names() -> dict[str, str]:
    """Return how every arm is said."""
    return {**{arm: arm_name(arm) for arm in CONTESTANTS}, **_OTHERS}
