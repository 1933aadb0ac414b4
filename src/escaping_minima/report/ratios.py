"""Ratios as text: what is judged as 100 ln(left / right) is read as a factor.

On the logarithmic scale a fall of 368 is a factor of 0.025, which no percentage says.
"""

from __future__ import annotations

import math

from escaping_minima.report.frames import NO_INTERVAL, fixed, number

#: The unit of a part whose values are 100 ln(left / right).
RATIO = "ratio"
#: Between these a ratio is shown to the decimals that its margin makes worth reading.
_NEAR_ONE = (0.1, 10.0)


def ratio_of(value: float) -> float:
    """Return left / right, given 100 ln(left / right); infinite where it is beyond all floats."""
    try:
        return math.exp(value / 100.0)
    except OverflowError:
        return math.inf


def ratio_number(value: float, digits: int) -> str:
    """Return a ratio without its sign of multiplication: ``0.732``, ``21``, ``0.025``.

    Parameters
    ----------
    value : float
        100 ln(left / right).
    digits : int
        Decimals between 0.1 and 10; beyond, two significant digits say as much.
    """
    ratio = ratio_of(value)
    if math.isinf(ratio):
        return "∞"
    if _NEAR_ONE[0] <= ratio < _NEAR_ONE[1]:
        return fixed(ratio, digits)
    if 1e-4 <= ratio < 1e6:
        return number(float(f"{ratio:.2g}"))
    leading, power = f"{ratio:.1e}".split("e")
    return f"{leading}e{int(power)}".replace("-", "−")


def ratio_interval(low: float | None, high: float | None, digits: int) -> str:
    """Return the interval of a ratio: ``[0.025, 21]``; None is an end at infinity."""
    if low is None and high is None:
        return NO_INTERVAL
    lower = "0" if low is None else ratio_number(low, digits)
    upper = "∞" if high is None else ratio_number(high, digits)
    return f"[{lower}, {upper}]"


def chosen_ratio(value: float, digits: int) -> str:
    """Return a ratio that somebody chose, with its sign: ``× 1``, ``× 0.951``."""
    return f"× {number(round(ratio_of(value), digits))}"
