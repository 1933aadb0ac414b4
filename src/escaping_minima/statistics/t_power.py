"""Power of a comparison of means by Student's t."""

from __future__ import annotations

import math

from scipy import integrate, special

from escaping_minima.statistics.decision import tail_of
from escaping_minima.statistics.evidence import Direction

# A standard normal value lies beyond it with a chance below 1e-18.
_FAR = 9.0


def t_power(direction: Direction, margin: float, sd: float, n: int, a: float) -> float:
    """Probability of "reproduced" where the mean lies at the margin (for equality: at 0).

    With ``d = margin sqrt(n) / sd`` and the t quantile ``c``, an order is reproduced if the
    noncentral t statistic exceeds ``c``, and an equality if the mean lies within the margins by
    more than the half-width. Both are integrals over the mean of the chance that the standard
    deviation is small enough; that form has no loss of digits where ``d`` is large.

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        Direction of the comparison.
    margin : float
        Its margin.
    sd : float
        Standard deviation of one replicate, in the unit of the margin.
    n : int
        Replicates.
    a : float
        Level of the decision.

    Returns
    -------
    float
        The power, in [0, 1]; 0 for a single replicate, which has no interval.

    Raises
    ------
    ValueError
        If `a` leaves no interval.

    References
    ----------
    Owen, D. B. (1965). A special case of a bivariate non-central t-distribution. Biometrika 52,
    437-446; Phillips, K. F. (1990). Power of the two one-sided tests procedure in bioequivalence.
    J. Pharmacokinet. Biopharm. 18, 137-144.
    """
    if n < 2:
        return 0.0
    df = n - 1
    critical = float(-special.stdtrit(df, tail_of(direction, a)))
    room = margin * math.sqrt(n) / sd if sd > 0.0 else math.inf
    equality = direction == "equal"
    lower, upper = (0.0 if equality else -_FAR), min(room, _FAR)
    bend = room - critical

    def density(z: float) -> float:
        ratio = (room - z) / critical if critical > 0.0 else math.inf
        normal = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return normal * float(special.chdtr(df, df * ratio * ratio))

    points = [bend] if lower < bend < upper else None
    half = integrate.quad(density, lower, upper, points=points, limit=200)[0]
    return min(1.0, float(2 * half if equality else half))
