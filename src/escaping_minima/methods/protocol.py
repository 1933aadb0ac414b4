"""What a method is: frozen settings, a dictionary of tensors, and one step in place.

Shapes everywhere: ``w`` and gradients are (k, d), k replicates of d weights side by side; decisions
and counters are (k, 1). A network is the case k = 1. A method never reads a tensor back to the
host: decisions are masks, so the same step runs batched and inside a captured graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    State = dict[str, Tensor]
else:
    State = dict


class Noise(Protocol):
    """The draws of the present step, by purpose: each purpose has a stream of its own.

    A step draws a purpose once at most, and always in the same form.
    """

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw uniform in the unit ball, (k, d); rows outside ``mask`` are zero."""

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, (k, d)."""

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a replicate, (k, 1)."""

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a coordinate, (k, d)."""

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1 a replicate, each as likely, (k, 1) int64."""


class Objective(Protocol):
    """What a method may ask of a problem; the engine behind it counts every evaluation.

    Where a problem has running statistics (batch normalisation), ``statistics`` says whether the
    pass moves them; ``inference`` asks for the loss as it is after training: no dropout, running
    statistics. Problems without either ignore both.

    Attributes
    ----------
    items : int
        Over how many items the loss is a mean: those of the minibatch; 1 where there are none.
    """

    items: int

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """Write the gradient at ``w`` into ``out``, only in the rows of ``mask`` if given.

        The loss of the same pass is written into ``loss`` (k, 1), where that is given.
        """

    def value(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        inference: bool = False,
        statistics: bool = False,
    ) -> None:
        """Write the loss at ``w`` into ``out`` (k, 1), only in the rows of ``mask`` if given."""

    def remember_statistics(self) -> None:
        """Keep the running statistics of now."""

    def roll_back_statistics(self, mask: Tensor) -> None:
        """Go back to the remembered statistics in the rows of ``mask`` (k, 1)."""


class Method(Protocol):
    """One optimisation method; its dataclass fields are its settings.

    A method may have ``end_epoch(state)``, which changes its state in place after each epoch.
    """

    def start(self, w: Tensor) -> State:
        """Allocate the state that belongs to the start ``w``."""

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one iteration, changing ``w`` and ``state`` in place."""

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Settle what is pending after the last step, so that ``w`` is the end point."""


def descend(w: Tensor, g: Tensor, rate: float | Tensor, state: State) -> None:
    """Do w <- w - rate g in place, along a velocity where the state has one.

    Parameters
    ----------
    w, g : Tensor of shape (k, d)
    rate : float or Tensor
        A tensor where a schedule moves it or replicates differ: a scalar, or (k, 1).
    state : dict of Tensor
        With ``velocity`` (k, d) and ``momentum`` (scalar): v <- momentum v + g comes before, and v
        takes the place of g.
    """
    if "velocity" in state:
        g = state["velocity"].mul_(state["momentum"]).add_(g)
    if isinstance(rate, float | int):
        w.add_(g, alpha=-rate)
    else:
        w.addcmul_(g, rate, value=-1.0)


def row_norm(x: Tensor) -> Tensor:
    """Return the Euclidean norm of each row, shape (k, 1)."""
    # square-sum-sqrt: on the column-major (k, 2) blocks torch's own norm is ten times slower
    return x.square().sum(1, keepdim=True).sqrt_()
