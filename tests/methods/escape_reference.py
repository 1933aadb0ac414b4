"""Slow float64 reference of seven ways out of a minimum: one start, plain Python floats.

Written from the definitions in their sources, to be an oracle for the batched methods. A point, a
gradient and a draw are lists of floats of one length. ``gradient(w)`` and ``value(w)`` are the
problem's; ``draws`` holds, by purpose, what is drawn in each step; a function returns the places
after each step, and what it says besides.
"""

import math


def _line(w, length, z):
    return [a + length * b for a, b in zip(w, z, strict=True)]


def _dot(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


def warm_restarts(gradient, w, steps, high, low, period, growth):
    """Loshchilov and Hutter 2017, equation 5: the rate goes from high to low in every cycle."""
    path, done, length = [], 0, period
    for _ in range(steps):
        rate = low + (high - low) * (1 + math.cos(math.pi * done / length)) / 2
        w = _line(w, -rate, gradient(w))
        path.append(w)
        done += 1
        if done == length:
            done, length = 0, length * growth
    return path


def langevin(gradient, w, draws, rate, temperature, cooling):
    """An Euler step of dw = -grad f dt + sqrt(2 T) dB, of the length of the rate."""
    path = []
    for t, xi in enumerate(draws["diffusion"]):
        spread = math.sqrt(2 * rate * temperature * cooling**t)
        w = _line(_line(w, -rate, gradient(w)), spread, xi)
        path.append(w)
    return path


def two_point(value, w, draws, a, b, a_delay, a_power, b_delay, b_power):
    """Robert and Casella 2004, section 5.2.2, downhill."""
    path = []
    for t, drawn in enumerate(draws["direction"]):
        size = math.hypot(*drawn)
        z = [x / size for x in drawn]
        a_t, b_t = a * (1 + t / a_delay) ** -a_power, b * (1 + t / b_delay) ** -b_power
        slope = (value(_line(w, b_t, z)) - value(_line(w, -b_t, z))) / (2 * b_t)
        w = _line(w, -a_t * slope, z)
        path.append(w)
    return path


def perturbed_gradient(
    gradient, value, w, draws, rate, radius, threshold, wait, decrease, stays=True
):
    """Jin et al. 2017, Algorithm 2; what it returns stands in the path until the end."""
    path, noisy, before = [], -wait - 1, None
    kicks = returns = 0
    for t, zeta in enumerate(draws["ball"]):
        if math.hypot(*gradient(w)) <= threshold and t - noisy > wait:
            noisy, before = t, w
            w = _line(w, radius, zeta)
            kicks += 1
        if before is not None and t - noisy == wait and value(w) - value(before) > -decrease:
            w = before
            returns += 1
            if stays:
                path += [w] * (len(draws["ball"]) - t)
                break
        w = _line(w, -rate, gradient(w))
        path.append(w)
    return path, kicks, returns


def random_restarts(gradient, value, w, draws, rate, each, lower, upper):
    """Descent after descent; return the path, how many began, and the best of their ends."""
    path, ends = [], []
    for t, unit in enumerate(draws["restart"]):
        if t and t % each == 0:
            ends.append(w)
            w = [lower + (upper - lower) * u for u in unit]
        w = _line(w, -rate, gradient(w))
        path.append(w)
    ends.append(w)
    return path, len(ends), min(ends, key=value)


def restart_each_step(value, w, draws, lower, upper):
    """Random search: the cheapest of the start and all fresh points so far."""
    path = []
    for unit in draws["restart"]:
        there = [lower + (upper - lower) * u for u in unit]
        w = there if value(there) < value(w) else w
        path.append(w)
    return path


def metropolis_adjusted(gradient, value, w, draws, rate, temperature, cooling, gaussian=False):
    """Barker's test of a Langevin or normal proposal, with densities written out."""
    path, kept = [], []
    for t, (xi, uniform) in enumerate(zip(draws["proposal"], draws["acceptance"], strict=True)):
        heat = temperature * cooling**t

        def mean(place):
            return place if gaussian else _line(place, -rate, gradient(place))

        def log_proposal(there, here, heat=heat, mean=mean):
            away = _line(there, -1.0, mean(here))
            return -_dot(away, away) / (4 * rate * heat)

        there = _line(mean(w), math.sqrt(2 * rate * heat), xi)
        ratio = (value(w) - value(there)) / heat + log_proposal(w, there) - log_proposal(there, w)
        # 1 / (1 + exp(-ratio)), the other way round so that nothing overflows
        kept.append(math.log(uniform[0]) - math.log1p(-uniform[0]) > -ratio)
        w = there if kept[-1] else w
        path.append(w)
    return path, kept
