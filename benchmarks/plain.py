"""The eight methods as anyone would write them first: one start, one Python loop, autograd."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor, Tensor], Tensor]
Draw = Callable[[int], Tensor]

ETA, EPS, TAU = 1e-3, 1e-2, 100


def gradient(f: Function, w: Tensor) -> Tensor:
    """Return the gradient by autograd."""
    w = w.detach().requires_grad_()
    (g,) = torch.autograd.grad(f(w[0], w[1]), w)
    return g


def gd(f: Function, w: Tensor, steps: int, draw: Draw, rho: float) -> Tensor:
    for _ in range(steps):
        w = w - ETA * gradient(f, w)
    return w


def nig(f: Function, w: Tensor, steps: int, draw: Draw, rho: float) -> Tensor:
    for t in range(steps):
        w = w - ETA * (gradient(f, w) + rho * draw(t))
    return w


def nim(f: Function, w: Tensor, steps: int, draw: Draw, rho: float) -> Tensor:
    for t in range(steps):
        g = gradient(f, w)
        if g.norm() < EPS and t > TAU:
            w = w + rho * draw(t)
            g = gradient(f, w)
        w = w - ETA * g
    return w


def sam(f: Function, w: Tensor, steps: int, draw: Draw, rho: float) -> Tensor:
    for _ in range(steps):
        g = gradient(f, w)
        w = w - ETA * gradient(f, w + rho * g / g.norm())
    return w


def basin_hopping(
    f: Function,
    w: Tensor,
    steps: int,
    draw: Draw,
    rho: float,
    *,
    in_gradient: bool,
    monotonic: bool,
) -> Tensor:
    best: tuple[float, Tensor] | None = None
    searched = 0
    for t in range(steps):
        g = gradient(f, w)
        if searched and (searched >= TAU or g.norm() < EPS):
            if monotonic:
                value = float(f(w[0], w[1]))
                if best is None or value < best[0]:
                    best = (value, w)
                else:
                    w = best[1]
                    g = gradient(f, w)
            w = w - ETA * (g + rho * draw(t)) if in_gradient else w + rho * draw(t)
            searched = 0
            g = gradient(f, w)
        w = w - ETA * g
        searched += 1
    if monotonic and best is not None and not float(f(w[0], w[1])) < best[0]:
        return best[1]
    return w


def _hopping(in_gradient: bool, monotonic: bool) -> Callable[..., Tensor]:
    def run(f: Function, w: Tensor, steps: int, draw: Draw, rho: float) -> Tensor:
        return basin_hopping(f, w, steps, draw, rho, in_gradient=in_gradient, monotonic=monotonic)

    return run


METHODS: dict[str, Callable[..., Tensor]] = {
    "gd": gd,
    "nig": nig,
    "nim": nim,
    "sam": sam,
    "nig_bh": _hopping(in_gradient=True, monotonic=False),
    "nim_bh": _hopping(in_gradient=False, monotonic=False),
    "nig_mbh": _hopping(in_gradient=True, monotonic=True),
    "nim_mbh": _hopping(in_gradient=False, monotonic=True),
}
FUNCTIONS: dict[str, Function] = {
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "three_hump_camel": lambda x, y: 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2,
    "six_hump_camel": lambda x, y: (
        (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2
    ),
}
