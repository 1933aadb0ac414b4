"""The test of Metropolis: a move that makes the loss worse is kept with a probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.methods.protocol import Noise, State

#: What a temperature is compared with: the mean loss of a minibatch divided again by its items, or
#: that mean itself.
UNITS = ("share", "mean")


def require_annealing(temperature: float, floor: float, cooling: float, unit: str) -> None:
    """Raise ValueError unless these are settings of an annealing method."""
    require(temperature > 0, "temperature", temperature, "above 0")
    require(floor > 0, "floor", floor, "above 0")
    require(0 < cooling <= 1, "cooling", cooling, "above 0, at most 1")
    require(unit in UNITS, "unit", unit, ", ".join(UNITS))


def start_annealing(w: Tensor) -> State:
    """Allocate what the test reads and what it says, for who watches: (k, 1) each.

    ``old``, ``new``: the losses before and after the move; ``worsening``: their difference, NaN
    where they were not looked at; ``probability`` of keeping the move, 1 at most; ``tried``,
    ``accepted``; ``move``: which one, int64; ``cooled``: by what the temperature was multiplied,
    step by step.
    """
    each = w.new_zeros((w.shape[0], 1))
    values = ("old", "new", "worsening", "probability")
    return {name: each.clone() for name in values} | {
        "tried": each.bool(),
        "accepted": each.bool(),
        "move": each.long(),
        "cooled": w.new_ones(()),
    }


def keep_everything(state: State) -> None:
    """Take the move without a look at the loss."""
    state["tried"].fill_(True)
    state["accepted"].fill_(True)
    state["worsening"].fill_(float("nan"))
    state["probability"].fill_(1.0)


def reject(state: State, temperature: Tensor | float, items: int, noise: Noise) -> Tensor:
    """Decide about the move from loss ``old`` to loss ``new``, and say so in the state.

    A move that is not worse is kept, as is one to a loss that is no number: the comparison with it
    is false.

    Parameters
    ----------
    state : dict of Tensor
        Of `start_annealing`, with ``old`` and ``new``.
    temperature : Tensor or float
        In units of the mean loss divided by ``items``.
    items : int
    noise : Noise
        Draws "acceptance".

    Returns
    -------
    Tensor of shape (k, 1), bool
        Where the move is rejected: with probability 1 - exp(-(new - old) / (items temperature)).

    References
    ----------
    Metropolis et al. 1953; Kirkpatrick, Gelatt and Vecchi 1983.
    """
    # in double, since the least temperatures are far below what the losses resolve
    worsening = state["new"].double() - state["old"].double()
    probability = worsening.div(items).div(temperature).neg_().exp_().clamp_(max=1.0)
    rejected = (worsening > 0).logical_and_(noise.uniform("acceptance") >= probability)
    state["tried"].fill_(True)
    state["accepted"].copy_(rejected.logical_not())
    state["worsening"].copy_(worsening)
    state["probability"].copy_(probability)
    return rejected


def cooled(temperature: Tensor | float, floor: float, state: State) -> Tensor:
    """Return the temperature of a step: what the steps before left of it, at least the floor."""
    # a temperature that a schedule moves is a tensor of float32
    return state["cooled"].double().mul(temperature).clamp_(min=floor)


def cool(cooling: float, state: State) -> None:
    """Cool after a step, in place."""
    if cooling != 1.0:
        state["cooled"].mul_(cooling)
