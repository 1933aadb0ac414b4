"""What closures compute, as a method asks for it; and the draws that go with its gradients."""

from __future__ import annotations

from collections.abc import Callable
from math import nan

import torch
from torch import Tensor

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.methods.lifted.flat_parameters import FlatParameters
from escaping_minima.methods.lifted.processes import mean_over_processes

#: Computes the loss and its gradients; or the loss alone, in inference mode.
Closure = Callable[[], Tensor | float]


class ClosureObjective:
    """A network's loss as a method sees it: k = 1, one row.

    Parameters
    ----------
    flat : FlatParameters
        Just read.
    closure, evaluate : callable or None
        As `escaping_minima.methods.optimizer.MethodOptimizer.step` takes them.

    Attributes
    ----------
    items : int
        1: the loss has the unit that the closure gives it.
    """

    items = 1

    def __init__(
        self, flat: FlatParameters, closure: Closure | None, evaluate: Closure | None
    ) -> None:
        self._flat = flat
        self._closure = closure
        self._evaluate = evaluate
        self._first: dict[str, Tensor | float] = {}
        self._read = flat.w._version

    @property
    def first_loss(self) -> Tensor | float:
        """What the closure returned first, else ``evaluate``; NaN where neither was called."""
        return next((self._first[n] for n in ("closure", "evaluate") if n in self._first), nan)

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
            found = self._run_closure(w)
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
        if mask is None or bool(mask):
            out.fill_(self._run_evaluate(w) if inference else self._run_closure(w))
            mean_over_processes(out)

    def remember_statistics(self) -> None:
        """Refuse: running statistics are the closure's own."""
        raise TypeError(
            "this method rolls running statistics back, which are in the model that the closure "
            "calls and out of reach: set roll_back=False"
        )

    def roll_back_statistics(self, mask: Tensor) -> None:
        """Refuse; see `remember_statistics`."""
        self.remember_statistics()

    def _run_closure(self, w: Tensor) -> Tensor | float:
        if self._closure is None:
            raise TypeError(
                "this method needs a closure that clears gradients, computes the loss, calls "
                "backward and returns the loss: it may evaluate several times a step"
            )
        return self._run(w, "closure", self._closure)

    def _run_evaluate(self, w: Tensor) -> Tensor | float:
        if self._evaluate is None:
            raise TypeError(
                "this method compares losses in inference mode: call step(closure, evaluate) with "
                "a function evaluate() that puts the model into eval(), returns the loss of the "
                "same minibatch and puts the model back into train(); or, with sgd_sa, set "
                'losses="training", which compares losses of the closure'
            )
        return self._run(w, "evaluate", self._evaluate)

    def _run(self, w: Tensor, name: str, function: Closure) -> Tensor | float:
        # before the first look the parameters are where they were read
        if self._first or w is not self._flat.w or w._version != self._read:
            self._flat.write(w)
        with torch.set_grad_enabled(name == "closure"):
            loss = function()
        if isinstance(loss, Tensor):
            loss = loss.detach()
        _check_loss(loss, name)
        self._first.setdefault(name, loss)
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


def _check_loss(loss: object, name: str) -> None:
    if not isinstance(loss, Tensor | float | int):
        raise TypeError(
            f"{name}() returned {type(loss).__name__}; allowed: the loss, a number or a tensor of "
            "one"
        )
    if isinstance(loss, Tensor) and loss.numel() != 1:
        raise ValueError(
            f"{name}() returned {loss.numel()} numbers; allowed: one loss, as a mean or sum"
        )
