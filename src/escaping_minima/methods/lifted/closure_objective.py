"""What a closure computes, as a method asks for it; and the draws that go with its gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.methods.lifted.flat_parameters import FlatParameters
from escaping_minima.methods.lifted.processes import mean_over_processes

#: Computes the loss and its gradients.
Closure = Callable[[], Tensor | float]


class ClosureObjective:
    """A network's loss as a method sees it: k = 1, one row.

    Parameters
    ----------
    flat : FlatParameters
        Just read.
    closure : callable

    Attributes
    ----------
    items : int
        1: the loss has the unit that the closure gives it.
    first_loss : Tensor or float or None
        What the closure returned first.
    """

    items = 1

    def __init__(self, flat: FlatParameters, closure: Closure) -> None:
        self._flat = flat
        self._closure = closure
        self.first_loss: Tensor | float | None = None
        self._read = flat.w._version

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """Write the gradient at ``w`` into ``out``; a mask that is off saves the evaluation.

        The closure decides what becomes of running statistics. Its loss is written into ``loss``
        (1, 1), where that is given: the mean over processes, where there are several.
        """
        if mask is None or bool(mask):
            found = self._evaluate(w)
            self._flat.gradient(out)
            if loss is not None:
                loss.fill_(found)
                mean_over_processes(loss)

    def value(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        inference: bool = False,
        statistics: bool = False,
    ) -> None:
        """Write the loss at ``w`` into ``out`` (1, 1): the mean over processes, where several."""
        if inference:
            raise TypeError("this method needs the loss in inference mode, which a closure has not")
        if mask is None or bool(mask):
            out.fill_(self._evaluate(w))
            mean_over_processes(out)

    def remember_statistics(self) -> None:
        """Refuse: running statistics are the closure's own."""
        raise TypeError("this method rolls running statistics back, which a closure does not offer")

    def roll_back_statistics(self, mask: Tensor) -> None:
        """Refuse; see `remember_statistics`."""
        self.remember_statistics()

    def _evaluate(self, w: Tensor) -> Tensor | float:
        # before the first look the parameters are where they were read
        if self.first_loss is not None or w is not self._flat.w or w._version != self._read:
            self._flat.write(w)
        with torch.enable_grad():
            loss = self._closure()
        if isinstance(loss, Tensor):
            loss = loss.detach()
        _check_loss(loss)
        if self.first_loss is None:
            self.first_loss = loss
        return loss.reshape(()) if isinstance(loss, Tensor) else loss


class MovingNoise:
    """The draws of a step on the weights that have a gradient, and zero on the others.

    What is drawn in a ball is so in the ball of their number. See
    `escaping_minima.methods.protocol.Noise`.

    Parameters
    ----------
    draws : DeviceDraws
    flat : FlatParameters
    """

    def __init__(self, draws: DeviceDraws, flat: FlatParameters) -> None:
        self._draws = draws
        self._flat = flat
        self._moving: list[bool] = []
        self._where: Tensor | None = None
        self._inner = NetworkNoise(draws, flat.w)
        self._step = 0

    def begin(self, step: int) -> None:
        """Begin a step: its draws are given from now on."""
        self._step = step
        self._inner.begin(step)

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw in the unit ball, shape (1, d); zero where ``mask`` (1, 1) is off."""
        if not any(self._flat.moving):
            return torch.zeros_like(self._flat.w)
        return self._spread(self._noise()(mask))

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, shape (1, d)."""
        return self._spread(self._noise().normal(purpose))

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1), shape (1, 1)."""
        return self._noise().uniform(purpose)

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a weight, shape (1, d)."""
        return self._spread(self._noise().uniform_each(purpose))

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1, each as likely, shape (1, 1), int64."""
        return self._noise().choice(purpose, count)

    def _noise(self) -> NetworkNoise:
        """Return the draws for as many weights as have a gradient in this step."""
        flat = self._flat
        if flat.moving != self._moving:
            self._moving = flat.moving
            self._where = None
            if not all(flat.moving):
                sizes = torch.tensor(flat.sizes)
                each = torch.tensor(flat.moving).repeat_interleave(sizes)
                self._where = each.nonzero()[:, 0].to(flat.w.device)
            count = sum(n for n, moves in zip(flat.sizes, flat.moving, strict=True) if moves)
            self._inner = NetworkNoise(self._draws, flat.w.new_empty((1, count)))
            self._inner.begin(self._step)
        return self._inner

    def _spread(self, drawn: Tensor) -> Tensor:
        if self._where is None:
            return drawn
        return torch.zeros_like(self._flat.w).index_copy_(1, self._where, drawn)


def _check_loss(loss: object) -> None:
    if not isinstance(loss, Tensor | float | int):
        raise TypeError(
            f"the closure returned {type(loss).__name__}; allowed: the loss, a number or a tensor "
            "of one"
        )
    if isinstance(loss, Tensor) and loss.numel() != 1:
        raise ValueError(
            f"the closure returned {loss.numel()} numbers; allowed: one loss, as a mean or sum"
        )
