"""Slow float64 reference of the escape methods: one start, one trajectory, plain Python floats.

Written from the method definitions alone, to be an oracle for the batched engine. A point, a
gradient and a noise draw are tuples of floats of one length (two in the tests, but nothing here
depends on it).

Settings read by each method:

=====================  ==========================================================================
``learning_rate``      all (eta)
``radius``             all but ``gd`` and ``adagrad`` (rho)
``epsilon``            ``adagrad``
``initial_sum``        ``adagrad``; default 0
``gradient_tolerance`` ``nim`` and basin hopping (eps)
``patience``           ``nim`` and basin hopping (tau)
``since_last_perturbation``  ``nim``; default True
``restore``            ``sam``; default True
``compare``            ``nig_mbh``, ``nim_mbh``: ``"previous_minimum"`` (default) or
                       ``"perturbed_point"``
=====================  ==========================================================================
"""

import math
from typing import NamedTuple

METHODS = ("gd", "adagrad", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")


class Result(NamedTuple):
    """What one trajectory leaves behind; ``path[t]`` is w after step t, without the start."""

    end: tuple
    gradient_evaluations: int
    loss_evaluations: int
    path: list


class _Counted:
    """A function of a point that counts its calls and returns plain floats."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, w):
        self.calls += 1
        return self.function(w)


def norm(v):
    """Return the Euclidean norm of the whole vector (zero only for the zero vector)."""
    return math.hypot(*v)


def _vector(v):
    return tuple(float(a) for a in v)


def _descend(w, eta, g):
    """Return w - eta*g."""
    return tuple(a - eta * b for a, b in zip(w, g, strict=True))


def _noisy_descend(w, eta, g, rho, z):
    """Return w - eta*(g + rho*z)."""
    return tuple(a - eta * (b + rho * c) for a, b, c in zip(w, g, z, strict=True))


def _shift(w, rho, z):
    """Return w + rho*z."""
    return tuple(a + rho * c for a, c in zip(w, z, strict=True))


def _ascend(w, rho, g):
    """Return w + rho*g/|g|, or w where |g| = 0."""
    size = norm(g)
    if size == 0.0:
        return w
    return tuple(a + rho * b / size for a, b in zip(w, g, strict=True))


def run(method, settings, gradient, value, start, steps, noise):
    """Run one trajectory of ``steps`` steps from ``start``.

    ``gradient(w)`` and ``value(w)`` take a tuple; ``noise(t)`` returns the unit-ball draw that
    belongs to step t, counted from 0, and is called only where the draw is used.
    """
    grad = _Counted(lambda w: _vector(gradient(w)))
    loss = _Counted(lambda w: float(value(w)))
    start = _vector(start)

    def draw(t):
        return _vector(noise(t))

    if method == "gd":
        end, path = _gd(settings, grad, start, steps)
    elif method == "adagrad":
        end, path = _adagrad(settings, grad, start, steps)
    elif method == "nig":
        end, path = _nig(settings, grad, start, steps, draw)
    elif method == "nim":
        end, path = _nim(settings, grad, start, steps, draw)
    elif method == "sam":
        end, path = _sam(settings, grad, start, steps)
    elif method in ("nig_bh", "nim_bh"):
        end, path = _basin_hopping(method, settings, grad, start, steps, draw)
    elif method in ("nig_mbh", "nim_mbh"):
        end, path = _monotonic_basin_hopping(method, settings, grad, loss, start, steps, draw)
    else:
        raise ValueError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
    return Result(end, grad.calls, loss.calls, path)


def _adagrad(settings, grad, w, steps):
    """Every coordinate divides by the root of the sum of its own squared gradients."""
    sums = [settings.get("initial_sum", 0.0)] * len(w)
    path = []
    for _ in range(steps):
        g = grad(w)
        sums = [s + b * b for s, b in zip(sums, g, strict=True)]
        w = tuple(
            a - settings["learning_rate"] * b / (math.sqrt(s) + settings["epsilon"])
            for a, b, s in zip(w, g, sums, strict=True)
        )
        path.append(w)
    return w, path


def _gd(settings, grad, w, steps):
    eta = settings["learning_rate"]
    path = []
    for _ in range(steps):
        w = _descend(w, eta, grad(w))
        path.append(w)
    return w, path


def _nig(settings, grad, w, steps, draw):
    eta = settings["learning_rate"]
    rho = settings["radius"]
    path = []
    for t in range(steps):
        w = _noisy_descend(w, eta, grad(w), rho, draw(t))
        path.append(w)
    return w, path


def _nim(settings, grad, w, steps, draw):
    eta = settings["learning_rate"]
    rho = settings["radius"]
    eps = settings["gradient_tolerance"]
    tau = settings["patience"]
    since_last = settings.get("since_last_perturbation", True)
    t_last = 0
    path = []
    for t in range(steps):
        g = grad(w)
        waited = t - t_last if since_last else t
        if norm(g) < eps and waited > tau:
            w = _shift(w, rho, draw(t))
            g = grad(w)
            t_last = t
        w = _descend(w, eta, g)
        path.append(w)
    return w, path


def _sam(settings, grad, w, steps):
    eta = settings["learning_rate"]
    rho = settings["radius"]
    restore = settings.get("restore", True)
    path = []
    for _ in range(steps):
        perturbed = _ascend(w, rho, grad(w))
        g = grad(perturbed)
        w = _descend(w if restore else perturbed, eta, g)
        path.append(w)
    return w, path


def _search_ended(n, g, eps, tau):
    """Tell whether a local search of n steps, with gradient g at its point, is over."""
    return n >= 1 and (n >= tau or norm(g) < eps)


def _perturb(method, settings, w, g, z):
    """Return the point from which the next local search starts; g is the gradient at w."""
    if method.startswith("nig"):
        return _noisy_descend(w, settings["learning_rate"], g, settings["radius"], z)
    return _shift(w, settings["radius"], z)


def _basin_hopping(method, settings, grad, w, steps, draw):
    eta = settings["learning_rate"]
    eps = settings["gradient_tolerance"]
    tau = settings["patience"]
    n = 0
    path = []
    for t in range(steps):
        g = grad(w)
        if _search_ended(n, g, eps, tau):
            w = _perturb(method, settings, w, g, draw(t))
            n = 0
            g = grad(w)
        w = _descend(w, eta, g)
        n += 1
        path.append(w)
    return w, path


def _monotonic_basin_hopping(method, settings, grad, loss, w, steps, draw):
    eta = settings["learning_rate"]
    eps = settings["gradient_tolerance"]
    tau = settings["patience"]
    compare = settings.get("compare", "previous_minimum")
    if compare not in ("previous_minimum", "perturbed_point"):
        raise ValueError(f"unknown compare {compare!r}")

    incumbent = None  # the last accepted result: its point, the gradient there ...
    incumbent_g = None
    f_incumbent = math.inf  # ... and its value
    f_perturbed = math.inf  # value where the present search started; infinite for the first one

    def accepted(f):
        if incumbent is None:
            return True
        return f < (f_incumbent if compare == "previous_minimum" else f_perturbed)

    n = 0
    path = []
    for t in range(steps):
        g = grad(w)
        if _search_ended(n, g, eps, tau):
            f = loss(w)
            if accepted(f):
                incumbent, incumbent_g, f_incumbent = w, g, f
            else:
                w, g = incumbent, incumbent_g
            w = _perturb(method, settings, w, g, draw(t))
            if compare == "perturbed_point":
                f_perturbed = loss(w)
            n = 0
            g = grad(w)
        w = _descend(w, eta, g)
        n += 1
        path.append(w)

    if n == 0:  # no step at all, so no search to decide
        return w, path
    return (w if accepted(loss(w)) else incumbent), path
