"""Every method as a torch.optim.Optimizer with ``step(closure)``, for one's own training script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.streams import Streams
from escaping_minima.methods.lifted.closure_objective import (
    Closure,
    ClosureObjective,
    MovingNoise,
)
from escaping_minima.methods.lifted.flat_parameters import FlatParameters
from escaping_minima.methods.lifted.groups import (
    make_checked,
    method_of_groups,
    settings_of_groups,
    with_torch_names,
)
from escaping_minima.methods.lifted.processes import check_agreement
from escaping_minima.methods.lifted.saved import KEY, checked
from escaping_minima.methods.protocol import Method, State
from escaping_minima.parts.registry import make_method


class MethodOptimizer(torch.optim.Optimizer):
    """Run a method of this package on the parameters of a network.

    The closure clears gradients, computes the loss, calls ``backward`` and returns the loss, as
    `torch.optim.LBFGS` expects it. Methods that look twice (SAM, the perturbing ones) call it more
    than once a step, on whatever batch it closes over. Those that compare losses in inference mode
    (SGD-SA, SSA) call a second function for them, ``evaluate``. All parameters that require a
    gradient are moved together, as one vector. A step that is broken off by an exception, Ctrl-C
    included, leaves weights and state as they were before it.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        As torch's optimizers take them. A group may have its own ``lr`` and ``radius``; the other
        settings belong to the whole vector and are the same in all groups.
    method : str
        Name of a module in ``escaping_minima.methods``, for example "sam" or "nim_bh".
    seed : int
        Of the noise, which is drawn on the device of the parameters.
    **settings
        Settings of the method, for example ``lr=0.1, radius=0.05``; the rate may be called
        ``learning_rate`` as well.

    Raises
    ------
    UserError
        If the method or a setting does not exist or has an impossible value.
    ValueError
        If a setting differs between groups where it may not, or parameters differ in dtype or
        device.

    Examples
    --------
    >>> import torch
    >>> from escaping_minima.methods.optimizer import MethodOptimizer
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = MethodOptimizer(model.parameters(), "sam", lr=0.1, radius=0.05)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    """

    def __init__(self, params: ParamsT, method: str, seed: int = 0, **settings: Any) -> None:
        self._name = method
        self._seed = seed
        self._taken = 0
        self._flat: FlatParameters | None = None
        self._state: State = {}
        self._noise: MovingNoise | None = None
        self._made: tuple[Any, Method] | None = None
        self._before: list[Tensor] | None = None
        given = with_torch_names(method, settings)
        if "lr" in given:
            given["learning_rate"] = given.pop("lr")
        super().__init__(params, with_torch_names(method, vars(make_method(method, given))))
        if params := self._trainable():
            self._lay_out(params)

    @property
    def method(self) -> Method:
        """The method, with the settings that the groups have now."""
        return self._method_on(self._lay_out(self._trainable()))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group; what the method counts begins anew, what it knows of each weight stays.

        Raises
        ------
        UserError or ValueError
            As the class does; the optimizer is then as it was.
        """
        group = with_torch_names(self._name, param_group)
        settings_of_groups(self._name, [*self.param_groups, self.defaults | group])
        super().add_param_group(group)

    @torch.no_grad()
    def step(  # type: ignore[override]
        self, closure: Closure | None = None, evaluate: Closure | None = None
    ) -> Tensor | float:
        """Do one iteration of the method.

        Parameters
        ----------
        closure : callable
            Computes the loss and its gradients. Methods that ask for no gradient need none.
        evaluate : callable
            Returns the loss of the same minibatch in inference mode: puts the model into
            ``eval()`` and back into ``train()``. It runs without gradients. Only methods that
            compare such losses need it.

        Returns
        -------
        Tensor or float
            The loss of the first call of the closure, as it was returned; of the first call of
            ``evaluate``, where the method calls no closure.

        Raises
        ------
        TypeError
            If the method needs a function that is not given.
        """
        flat, objective = self._begin(closure, evaluate)
        if self._noise is None:
            check_agreement("the seed", self._seed, flat.w)
            draws = DeviceDraws(Streams("MethodOptimizer", self._seed), flat.w.device)
            self._noise = MovingNoise(draws, flat)
        with self._all_or_nothing(flat):
            self._noise.begin(self._taken)
            self._method_on(flat).step(flat.w, self._state, objective, self._noise)
            flat.write(flat.w)
            self._taken += 1
        return objective.first_loss

    @torch.no_grad()
    def finish(self, closure: Closure | None = None, evaluate: Closure | None = None) -> None:
        """Settle what is pending after the last step; the monotonic methods go to their best."""
        flat, objective = self._begin(closure, evaluate)
        with self._all_or_nothing(flat):
            self._method_on(flat).finish(flat.w, self._state, objective)
            flat.write(flat.w)

    @torch.no_grad()
    def end_epoch(self) -> None:
        """Let the method do what it does between epochs: SSA may shorten its steps."""
        flat, _ = self._begin(None, None)
        end = getattr(self._method_on(flat), "end_epoch", None)
        if end is not None:
            with self._all_or_nothing(flat):
                end(self._state)

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resumed run needs, the seed and the position in the noise included."""
        packed = super().state_dict()
        moved = [] if self._flat is None else self._flat.params
        index = {id(p): i for i, p in enumerate(self._all())}
        packed[KEY] = {
            "name": self._name,
            "seed": self._seed,
            "taken": self._taken,
            "weights": [index[id(p)] for p in moved],
            "state": {name: tensor.clone() for name, tensor in self._state.items()},
        }
        return packed

    @torch.no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state from `state_dict`: settings, seed and position are then the saved ones.

        Raises
        ------
        ValueError
            If the state is not one of this method and these parameters; nothing is changed then.
        UserError
            If a setting in it has an impossible value; nothing is changed then.
        """
        params = self._all()
        saved = checked(state_dict, self._name, params)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != KEY})
        self._seed, self._taken = saved["seed"], saved["taken"]
        self._flat, self._state = None, {}
        self._forget()
        if saved["weights"]:
            self._flat = FlatParameters([params[index] for index in saved["weights"]])
            w = self._flat.w
            self._state = {
                name: tensor.to(
                    w.device, w.dtype if tensor.is_floating_point() else None, copy=True
                )
                for name, tensor in saved["state"].items()
            }

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy or a pickle needs; generators are made anew from seed and position."""
        own = ("_name", "_seed", "_taken", "_flat", "_state")
        kept: dict[str, Any] = super().__getstate__()
        made_anew = {"_noise": None, "_made": None, "_before": None}
        return kept | {name: getattr(self, name) for name in own} | made_anew

    @property
    def _step_supports_amp_scaling(self) -> bool:
        """Refuse: asked by `torch.amp.GradScaler` alone, before it calls `step`."""
        raise RuntimeError(
            "MethodOptimizer cannot be stepped by a GradScaler: a step evaluates several times and "
            "compares the length of gradients and losses, which are scaled then; use "
            "torch.autocast with bfloat16 and no scaler"
        )

    def _begin(
        self, closure: Closure | None, evaluate: Closure | None
    ) -> tuple[FlatParameters, ClosureObjective]:
        params = self._trainable()
        if not params:
            raise ValueError("no parameter requires a gradient; there is nothing to move")
        flat = self._lay_out(params)
        flat.expect([flat.w, *self._state.values()])
        flat.read()
        return flat, ClosureObjective(flat, closure, evaluate)

    def _forget(self) -> None:
        """Drop what belongs to another vector or seed; it is made when it is asked for."""
        self._noise, self._made, self._before = None, None, None

    def _all(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _trainable(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in _trainable_of(group)]

    @torch.no_grad()
    def _lay_out(self, params: list[Tensor]) -> FlatParameters:
        """Return the vector of all that is trainable now, of the kind that it is now."""
        if self._flat is None or not self._flat.holds(params):
            flat = FlatParameters(params)
            settings = settings_of_groups(self._name, self.param_groups)[0]
            state = make_checked(self._name, settings).start(flat.w)
            if self._flat is not None:
                flat.take_over(state, self._flat, self._state)
            self._flat, self._state = flat, state
            self._forget()
        return self._flat

    def _method_on(self, flat: FlatParameters) -> Method:
        """Return the method on a vector that is laid out, with the settings that groups have."""
        settings = settings_of_groups(self._name, self.param_groups)
        sizes = [sum(map(Tensor.numel, _trainable_of(group))) for group in self.param_groups]
        key = (settings, sizes)
        if self._made is None or self._made[0] != key:
            self._made = (key, method_of_groups(self._name, settings, sizes, flat.w))
        return self._made[1]

    @contextmanager
    def _all_or_nothing(self, flat: FlatParameters) -> Iterator[None]:
        """Undo what a step did to weights and state if it does not come to its end."""
        taken = self._taken
        own = [flat.w, *self._state.values()]
        if self._before is None:
            self._before = [torch.empty_like(tensor) for tensor in own]
        kept = list(zip(own, self._before, strict=True))
        for tensor, before in kept:
            before.copy_(tensor)
        try:
            yield
        except BaseException:
            self._taken = taken
            for tensor, before in kept:
                tensor.copy_(before)
            flat.write(flat.w)
            raise


def _trainable_of(group: dict[str, Any]) -> list[Tensor]:
    return [p for p in group["params"] if p.requires_grad]
