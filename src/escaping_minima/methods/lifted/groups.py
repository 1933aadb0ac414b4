"""From the groups of an optimizer of torch to one method on one vector, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from escaping_minima.methods.adagrad import AdaGrad
from escaping_minima.methods.protocol import Method, Noise, Objective, State, descend, row_norm
from escaping_minima.methods.sam import SharpnessAware
from escaping_minima.methods.sgd_sa import AnnealedDescent
from escaping_minima.parts.registry import make_method, part_class

Group = Mapping[str, Any]

#: Settings that act weight by weight, so that each group may have its own.
BY_WEIGHT = ("learning_rate", "radius")
#: What torch and its schedulers keep in a group that is not a setting when it is added.
_OF_TORCH = frozenset({"params", "param_names", "name", "initial_lr", "differentiable"})


def with_torch_names(name: str, group: Group) -> dict[str, Any]:
    """Return settings with the rate under torch's name, ``lr``.

    Raises
    ------
    ValueError
        If the rate is given twice.
    UserError
        If there is no such setting.
    """
    renamed = dict(group)
    if "learning_rate" in renamed:
        if "lr" in renamed:
            raise ValueError("lr and learning_rate are one setting; give one of them")
        renamed["lr"] = renamed.pop("learning_rate")
    own = {_in_torch(s) for s in setting_names(name)}
    # which raises, and says what is allowed
    make_method(name, {n: v for n, v in renamed.items() if n not in own | _OF_TORCH})
    return renamed


def setting_names(name: str) -> list[str]:
    """Return the settings of a method, as the method calls them."""
    return [f.name for f in fields(part_class("methods", name))]


def make_checked(name: str, settings: Mapping[str, Any]) -> Method:
    """Return a method that allocates what one of these settings does, whatever its rate is.

    Raises
    ------
    UserError
        If a value is impossible. A rate of 0, as schedules have it, is possible.
    """
    found: Method = make_method(name, _with_a_rate(settings))
    return found


def settings_of_groups(name: str, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return the settings of each group as the method calls them.

    Raises
    ------
    ValueError
        If a group lacks one, or has one of its own that belongs to the whole vector.
    UserError
        See `make_checked`.
    """
    found = [_settings_of_group(name, group) for group in groups]
    for settings in found:
        make_checked(name, settings)
        for setting in set(settings) - set(BY_WEIGHT):
            if settings[setting] != found[0][setting]:
                own = [_in_torch(s) for s in BY_WEIGHT if s in settings] or ["nothing"]
                raise ValueError(
                    f"{setting} is {settings[setting]} in a group and {found[0][setting]} in "
                    f"another; it belongs to the whole vector that {name} moves and must be the "
                    f"same in all; a group may have its own {', '.join(own)}"
                )
    return found


def method_of_groups(
    name: str, settings: Sequence[Mapping[str, Any]], sizes: Sequence[int], w: Tensor
) -> Method:
    """Return the method with the settings of the groups, as numbers where all have the same.

    Parameters
    ----------
    name : str
    settings : sequence of Mapping
        As `settings_of_groups` gives them.
    sizes : sequence of int
        How many weights of the vector each group has, in the order of the vector.
    w : Tensor of shape (1, d)
        The vector.
    """
    present = [s for s, size in zip(settings, sizes, strict=True) if size]
    own = {n: [s[n] for s in present] for n in BY_WEIGHT if n in present[0]}
    differ = {n for n, values in own.items() if len(set(values)) > 1}
    method: Any = _factory(name, differ)(**_with_a_rate(present[0]))
    for setting, values in own.items():
        value = values[0]
        if setting in differ:
            lengths = [size for size in sizes if size]
            value = torch.cat(
                [w.new_full((1, n), v) for n, v in zip(lengths, values, strict=True)], dim=1
            )
        # past the method's own check: 0 is no rate of a method, but one of a schedule
        object.__setattr__(method, setting, value)
    found: Method = method
    return found


def _settings_of_group(name: str, group: Group) -> dict[str, Any]:
    settings = {}
    for setting in setting_names(name):
        key = _in_torch(setting)
        if key not in group:
            raise ValueError(f"{name}: a parameter group has no {key!r}")
        value = group[key]
        value = value.tolist() if isinstance(value, Tensor) else value
        settings[setting] = tuple(value) if isinstance(value, list) else value
    return settings


def _with_a_rate(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that a method takes: none has a rate of 0."""
    return {n: (v or 1.0) if n == "learning_rate" else v for n, v in settings.items()}


def _in_torch(setting: str) -> str:
    return "lr" if setting == "learning_rate" else setting


def _factory(name: str, differ: set[str]) -> Any:
    factory = part_class("methods", name)
    if factory is SharpnessAware and "radius" in differ:
        return _SharpnessAwareByWeight
    if factory is AdaGrad and "learning_rate" in differ:
        return _AdaGradByWeight
    if factory is AnnealedDescent and "learning_rate" in differ:
        return _AnnealedDescentByWeight
    return factory


class _SharpnessAwareByWeight(SharpnessAware):
    """SAM with a radius for each weight: the shift is radius times g / |g|, elementwise.

    The norm is that of the whole gradient, as in the groups of the usual implementations.
    """

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; two gradient evaluations."""
        g, shifted = state["g"], state["shifted"]
        objective.gradient(w, g)
        norm = row_norm(g)
        g.mul_(norm.reciprocal().masked_fill_(norm == 0, 0)).mul_(self.radius)
        shifted.copy_(w).add_(g)
        objective.gradient(shifted, g, statistics=False)
        if not self.restore:
            w.copy_(shifted)
        descend(w, g, self.learning_rate, state)


class _AdaGradByWeight(AdaGrad):
    """AdaGrad with a rate for each weight, which torch's fused step does not take."""

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place along a velocity that keeps nothing: it is the gradient's own."""
        still = {"velocity": torch.zeros_like(w), "momentum": w.new_zeros(())}
        super().step(w, state | still, objective, noise)


class _AnnealedDescentByWeight(AnnealedDescent):
    """SGD-SA with a rate for each weight: one rate is drawn, and multiplied by each's own."""

    def _rate(self, state: State, noise: Noise) -> Tensor | float:
        plain = replace(self, learning_rate=1.0)
        return AnnealedDescent._rate(plain, state, noise) * self.learning_rate
