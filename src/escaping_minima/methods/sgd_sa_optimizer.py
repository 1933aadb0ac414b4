"""SGD-SA as a torch.optim.Optimizer, for one's own training script."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim.optimizer import ParamsT

from escaping_minima.methods.optimizer import MethodOptimizer
from escaping_minima.methods.sgd_sa import RATES
from escaping_minima.parts.require import require


class SGDSA(MethodOptimizer):
    """SGD with a rate drawn for every step; a step that makes the loss worse may be taken back.

    A step goes from w to w - eta g, where eta is drawn from ``rates`` and multiplied by ``lr``.
    It stays with probability min(1, exp(-worsening / T)), where the worsening is that of the loss
    of the minibatch in inference mode, as ``evaluate`` returns it before and after the move.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        As torch's optimizers take them. A group may have its own ``lr``.
    rates : sequence of float
        Each as likely; those of the paper unless given.
    temperature : float
        T at the start, in the unit of the loss. The paper divides the mean loss of a minibatch once
        more by its items: its T of 1 is 512 for a mean cross-entropy over 512 images.
    seed : int
        Of the rates and of what is kept.
    lr : float
        What the drawn rate is multiplied by; schedulers of torch move it.
    floor : float
        The least T.
    cooling : float
        By what T is multiplied after each step; see `cool` for once an epoch.
    losses : {"inference", "training"}
        "training" compares the loss of the pass that gives the gradient with that of one more call
        of the closure, and needs no ``evaluate``; running statistics then move twice a step.
    accept : bool
        False keeps every move and looks at no loss.

    References
    ----------
    Fischetti and Stringher 2021, Algorithm 2, and the code that was released with it.

    Examples
    --------
    >>> import torch
    >>> from escaping_minima.methods.sgd_sa_optimizer import SGDSA
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout())
    >>> optimizer = SGDSA(model.parameters(), temperature=0.1)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     loss.backward()
    ...     return loss
    >>> def evaluate():
    ...     model.eval()
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     model.train()
    ...     return loss
    >>> loss = optimizer.step(closure, evaluate)
    >>> optimizer.cool(0.8)
    """

    def __init__(
        self,
        params: ParamsT,
        *,
        rates: Sequence[float] = RATES,
        temperature: float = 1.0,
        seed: int = 0,
        lr: float = 1.0,
        floor: float = 1e-14,
        cooling: float = 1.0,
        losses: str = "inference",
        accept: bool = True,
    ) -> None:
        super().__init__(
            params,
            "sgd_sa",
            seed,
            rates=tuple(rates),
            temperature=temperature,
            lr=lr,
            floor=floor,
            cooling=cooling,
            unit="mean",
            losses=losses,
            accept=accept,
        )

    def cool(self, factor: float) -> None:
        """Multiply the temperature of all groups, not below the floor; the paper's factor is 0.8.

        Raises
        ------
        ValueError
            If the factor is not above 0 and at most 1.
        """
        require(0 < factor <= 1, "factor", factor, "above 0, at most 1")
        for group in self.param_groups:
            group["temperature"] = max(factor * group["temperature"], group["floor"])
