"""Every method as a torch.optim.Optimizer with ``step(closure)``, for one's own training script."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.noise import NetworkNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.methods.protocol import Method, State
from escaping_minima.parts.registry import make_method

Closure = Callable[[], Tensor]


class MethodOptimizer(torch.optim.Optimizer):
    """Run a method of this package on the parameters of a network.

    The closure clears gradients, computes the loss, calls ``backward`` and returns the loss, as
    `torch.optim.LBFGS` expects it. Methods that look twice (SAM, the perturbing ones) call it more
    than once a step, on whatever batch it closes over.

    Parameters
    ----------
    params : iterable of Tensor
        One group; all parameters are moved together, as one vector.
    method : str
        Name of a module in ``escaping_minima.methods``, for example "sam" or "nim_bh".
    seed : int
        Of the noise, which is drawn on the device of the parameters.
    **settings
        Settings of the method, for example ``learning_rate=0.1, radius=0.05``.

    Raises
    ------
    UserError
        If the method or a setting does not exist or has an impossible value.
    ValueError
        If there is more than one parameter group, or parameters differ in dtype or device.

    Examples
    --------
    >>> import torch
    >>> from escaping_minima.methods.optimizer import MethodOptimizer
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = MethodOptimizer(model.parameters(), "sam", learning_rate=0.1, radius=0.05)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    """

    def __init__(
        self, params: Iterable[Tensor], method: str, seed: int = 0, **settings: Any
    ) -> None:
        self.method: Method = make_method(method, settings)
        super().__init__(params, asdict(self.method))  # type: ignore[call-overload]
        if len(self.param_groups) != 1:
            raise ValueError("MethodOptimizer takes one parameter group: a method moves one vector")
        self._params: list[Tensor] = self.param_groups[0]["params"]
        if len({(p.dtype, p.device) for p in self._params}) != 1:
            raise ValueError("all parameters must have one dtype and one device")
        self._w = _flat(self._params)
        self._state: State = self.method.start(self._w)
        draws = DeviceDraws(Streams("MethodOptimizer", seed), self._w.device)
        self._noise = NetworkNoise(draws, self._w)
        self._taken = 0

    @torch.no_grad()
    def step(self, closure: Closure) -> Tensor:  # type: ignore[override]
        """Do one iteration of the method.

        Parameters
        ----------
        closure : callable
            Computes the loss and its gradients.

        Returns
        -------
        Tensor
            The loss of the first evaluation.
        """
        objective = _ClosureObjective(self._params, closure)
        _read(self._params, self._w)
        self._noise.begin(self._taken)
        self.method.step(self._w, self._state, objective, self._noise)
        _write(self._params, self._w)
        self._taken += 1
        assert objective.first_loss is not None
        return objective.first_loss

    @torch.no_grad()
    def finish(self, closure: Closure) -> None:
        """Settle what is pending after the last step; the monotonic methods go to their best."""
        _read(self._params, self._w)
        objective = _ClosureObjective(self._params, closure)
        self.method.finish(self._w, self._state, objective)
        _write(self._params, self._w)

    def state_dict(self) -> dict[str, Any]:
        """Return everything a resumed run needs, the position in the noise included."""
        packed = super().state_dict()
        packed["method_state"] = {name: t.clone() for name, t in self._state.items()}
        packed["taken"] = self._taken
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state from `state_dict`."""
        rest = dict(state_dict)
        for name, tensor in rest.pop("method_state").items():
            self._state[name].copy_(tensor)
        self._taken = rest.pop("taken")
        super().load_state_dict(rest)


class _ClosureObjective:
    """A network's loss as a method sees it: k = 1, one row."""

    def __init__(self, params: list[Tensor], closure: Closure) -> None:
        self._params = params
        self._closure = closure
        self.first_loss: Tensor | None = None

    def gradient(
        self, w: Tensor, out: Tensor, mask: Tensor | None = None, statistics: bool = True
    ) -> None:
        """Write the gradient at ``w`` into ``out``; a mask that is off saves the evaluation.

        The closure decides what becomes of running statistics.
        """
        if mask is None or bool(mask):
            self._evaluate(w)
            torch.cat([_gradient(p) for p in self._params], out=out[0])

    def value(
        self,
        w: Tensor,
        out: Tensor,
        mask: Tensor | None = None,
        inference: bool = False,
        statistics: bool = False,
    ) -> None:
        """Write the loss at ``w`` into ``out`` (1, 1)."""
        if inference:
            raise TypeError("this method needs the loss in inference mode, which a closure has not")
        if mask is None or bool(mask):
            out.copy_(self._evaluate(w).detach())

    def remember_statistics(self) -> None:
        """Refuse: running statistics are the closure's own."""
        raise TypeError("this method rolls running statistics back, which a closure does not offer")

    def roll_back_statistics(self, mask: Tensor) -> None:
        """Refuse; see `remember_statistics`."""
        self.remember_statistics()

    def _evaluate(self, w: Tensor) -> Tensor:
        _write(self._params, w)
        with torch.enable_grad():
            loss = self._closure()
        if self.first_loss is None:
            self.first_loss = loss.detach()
        return loss


def _flat(params: list[Tensor]) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in params]).unsqueeze(0)


def _gradient(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        return torch.zeros_like(parameter).reshape(-1)
    return parameter.grad.reshape(-1)


def _read(params: list[Tensor], w: Tensor) -> None:
    torch.cat([p.detach().reshape(-1) for p in params], out=w[0])


def _write(params: list[Tensor], w: Tensor) -> None:
    # through .data: the copy must not enter the graph of a closure
    parts = torch.split(w[0], [p.numel() for p in params])
    for parameter, part in zip(params, parts, strict=True):
        parameter.data.copy_(part.view_as(parameter))
