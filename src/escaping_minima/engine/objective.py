"""The loss of the present minibatch as a method sees it, every evaluation counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from escaping_minima.engine.numerics import Numerics

if TYPE_CHECKING:
    from escaping_minima.engine.flat_network import FlatNetwork

#: The mean loss of a minibatch: (outputs, targets) -> scalar.
Loss = Callable[[Tensor, Tensor], Tensor]


class NetworkObjective:
    """Mean loss of one minibatch and its gradient; k = 1.

    However often a method evaluates within an update, it sees the same inputs and dropout masks.
    Which pass moves the running statistics of batch normalisation, the pass itself says: a
    gradient does unless it is told not to, a value does not unless it is told to.

    Parameters
    ----------
    network : FlatNetwork
    loss : callable
        Of the task.
    numerics : Numerics

    Attributes
    ----------
    items : int
        Of the present minibatch.
    first_loss : Tensor, scalar
        The loss of the first pass in training mode of the present update; of the first pass of any
        mode where there is none.
    """

    def __init__(self, network: FlatNetwork, loss: Loss, numerics: Numerics | None = None) -> None:
        self._network = network
        self._loss = loss
        self._numerics = numerics or Numerics()
        self._norms = network.norms()
        self._moving = True
        self._is_remembered = False
        self._inputs: Any = torch.empty(0)
        self._targets = torch.empty(0)
        self.items = 0
        self._fresh = self._untouched = True
        self._remembered: dict[str, Tensor] = {}
        self.first_loss = torch.zeros(())
        # what a loss is derived by; made once, not at each pass
        self._one = torch.ones((), device=network.w.device)
        # masks are read back on the CPU, where that costs nothing and saves an evaluation
        self._skips = network.w.device.type == "cpu"
        self.gradients = self.losses = 0
        self._masked = torch.zeros(2, dtype=torch.float64, device=network.w.device)

    @property
    def gradient_evaluations(self) -> int:
        """Minibatches of which a gradient was needed."""
        return self.gradients + int(self._masked[0])

    @property
    def loss_evaluations(self) -> int:
        """Minibatches of which the loss alone was needed."""
        return self.losses + int(self._masked[1])

    def count(self, gradients: int, losses: int) -> None:
        """Set both counts, as a resumed run finds them."""
        self.gradients, self.losses = gradients, losses
        self._masked.zero_()

    def take(self, inputs: Any, targets: Tensor) -> None:
        """Begin an update with a minibatch."""
        self._inputs, self._targets = inputs, targets
        self.items = len(targets)
        self._fresh = self._untouched = True
        self._is_remembered = False

    def gradient(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        statistics: bool = True,
        loss: Tensor | None = None,
    ) -> None:
        """Write the gradient at ``w`` (1, d) into ``out`` (1, d), unless ``mask`` (1, 1) is off.

        Parameters
        ----------
        w, out : Tensor of shape (1, d)
        mask : Tensor of shape (1, 1), bool, optional
        statistics : bool
            Whether the pass moves the running statistics.
        loss : Tensor of shape (1, 1), optional
            Takes the loss of the pass.
        """
        if self._is_off(mask):
            return
        self._move_statistics(statistics)
        with torch.enable_grad():
            found = self._pass(w)
            one = self._one.to(found.dtype)
            gradients = torch.autograd.grad(found, self._network.parameters, one)
        self._count(0, mask)
        if loss is not None:
            found = found.detach()
            loss.copy_(found if mask is None or self._skips else found.where(mask, loss))
        views = self._network.views(out)
        if mask is None or self._skips:
            _copy_together(views, gradients)
            return
        for view, gradient in zip(views, gradients, strict=True):
            view.copy_(gradient.where(mask[0], view))

    def value(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        inference: bool = False,
        statistics: bool = False,
    ) -> None:
        """Write the loss at ``w`` into ``out`` (1, 1), unless ``mask`` (1, 1) is off.

        Parameters
        ----------
        w : Tensor of shape (1, d)
        out : Tensor of shape (1, 1)
        mask : Tensor of shape (1, 1), bool, optional
        inference : bool
            In inference mode: no dropout, batch normalisation by its running statistics.
        statistics : bool
            Whether a pass in training mode moves the running statistics.
        """
        if self._is_off(mask):
            return
        self._move_statistics(statistics)
        loss = self._inference_pass(w) if inference else self._pass(w).detach()
        self._count(1, mask)
        out.copy_(loss if mask is None or self._skips else loss.where(mask, out))

    def remember_statistics(self) -> None:
        """Keep the running statistics of now, for `roll_back_statistics` in the same update."""
        self._is_remembered = True
        if not self._remembered:
            self._remembered = {n: b.clone() for n, b in self._network.buffers().items()}
        for name, buffer in self._network.buffers().items():
            self._remembered[name].copy_(buffer)

    def roll_back_statistics(self, mask: Tensor) -> None:
        """Go back to the remembered statistics where ``mask`` (1, 1) is on.

        Raises
        ------
        RuntimeError
            If nothing was remembered in this update: a state that is saved between updates does not
            hold what was remembered before.
        """
        if not self._is_remembered:
            raise RuntimeError("roll_back_statistics before remember_statistics in an update")
        for name, buffer in self._network.buffers().items():
            buffer.copy_(self._remembered[name].where(mask.view(()), buffer))

    def _is_off(self, mask: Tensor | None) -> bool:
        return mask is not None and self._skips and not bool(mask)

    def _count(self, which: int, mask: Tensor | None) -> None:
        if mask is not None and not self._skips:
            self._masked[which].add_(mask.view(()))
        elif which == 0:
            self.gradients += 1
        else:
            self.losses += 1

    def _pass(self, w: Tensor) -> Tensor:
        self._network.bind(w)
        with self._numerics.autocast(w.device):
            loss = self._loss(self._network.module(self._inputs), self._targets)
        if self._fresh:
            self.first_loss = loss.detach()
            self._fresh = False
        return loss

    def _inference_pass(self, w: Tensor) -> Tensor:
        self._network.bind(w)
        self._network.module.eval()
        with torch.no_grad(), self._numerics.autocast(w.device):
            loss = self._loss(self._network.module(self._inputs), self._targets)
        self._network.module.train()
        if self._fresh and self._untouched:
            # stands until a pass in training mode takes its place
            self.first_loss = loss
            self._untouched = False
        return loss

    def _move_statistics(self, moving: bool) -> None:
        if moving != self._moving:
            for norm in self._norms:
                # not by a momentum of 0: 0 times a loss that overflowed is not a number
                norm.track_running_stats = moving
            self._moving = moving


def _copy_together(views: Sequence[Tensor], tensors: Sequence[Tensor]) -> None:
    """Copy each tensor into its view: those that are laid out alike in one kernel on a GPU."""
    pairs = list(zip(views, tensors, strict=True))
    alike = [(v, t) for v, t in pairs if v.stride() == t.stride() and v.dtype == t.dtype]
    if alike:
        torch._foreach_copy_([v for v, _ in alike], [t for _, t in alike])
    for view, tensor in pairs:
        if view.stride() != tensor.stride() or view.dtype != tensor.dtype:
            view.copy_(tensor)
