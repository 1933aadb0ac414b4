"""Reference of the two-dimensional problems: values and gradients by hand, stationary points exact.

``VALUES[name](w)`` and ``GRADIENTS[name](w)`` take a pair of floats. ``polynomial(name)`` is the
same function once more as a sympy expression with rational coefficients, typed independently;
``stationary_points(name)`` is computed from that expression alone. Names: ``himmelblau``,
``three_hump_camel`` (c = 1.05), ``three_hump_camel_104`` (the variant c = 1.04),
``six_hump_camel``.
"""

from functools import cache

import sympy

X, Y = sympy.symbols("x y", real=True)
DIGITS = 60


def himmelblau(w):
    """Return (x^2 + y - 11)^2 + (x + y^2 - 7)^2."""
    x, y = w
    a = x * x + y - 11.0
    b = x + y * y - 7.0
    return a * a + b * b


def himmelblau_gradient(w):
    """Return the gradient of ``himmelblau``."""
    x, y = w
    a = x * x + y - 11.0
    b = x + y * y - 7.0
    return 4.0 * x * a + 2.0 * b, 2.0 * a + 4.0 * y * b


def three_hump_camel(w, c=1.05):
    """Return 2x^2 - c x^4 + x^6/6 + xy + y^2."""
    x, y = w
    x2 = x * x
    x4 = x2 * x2
    return 2.0 * x2 - c * x4 + x4 * x2 / 6.0 + x * y + y * y


def three_hump_camel_gradient(w, c=1.05):
    """Return the gradient of ``three_hump_camel``."""
    x, y = w
    x3 = x * x * x
    return 4.0 * x - 4.0 * c * x3 + x3 * x * x + y, x + 2.0 * y


def three_hump_camel_104(w):
    """Return ``three_hump_camel`` with c = 1.04."""
    return three_hump_camel(w, c=1.04)


def three_hump_camel_104_gradient(w):
    """Return the gradient of ``three_hump_camel_104``."""
    return three_hump_camel_gradient(w, c=1.04)


def six_hump_camel(w):
    """Return (4 - 2.1 x^2 + x^4/3) x^2 + xy + (-4 + 4 y^2) y^2."""
    x, y = w
    x2 = x * x
    y2 = y * y
    return (4.0 - 2.1 * x2 + x2 * x2 / 3.0) * x2 + x * y + (-4.0 + 4.0 * y2) * y2


def six_hump_camel_gradient(w):
    """Return the gradient of ``six_hump_camel``."""
    x, y = w
    x3 = x * x * x
    return 8.0 * x - 8.4 * x3 + 2.0 * x3 * x * x + y, x - 8.0 * y + 16.0 * y * y * y


VALUES = {
    "himmelblau": himmelblau,
    "three_hump_camel": three_hump_camel,
    "three_hump_camel_104": three_hump_camel_104,
    "six_hump_camel": six_hump_camel,
}
GRADIENTS = {
    "himmelblau": himmelblau_gradient,
    "three_hump_camel": three_hump_camel_gradient,
    "three_hump_camel_104": three_hump_camel_104_gradient,
    "six_hump_camel": six_hump_camel_gradient,
}


def polynomial(name):
    """Return the problem as a sympy expression in ``X``, ``Y`` with rational coefficients."""
    if name == "himmelblau":
        return (X**2 + Y - 11) ** 2 + (X + Y**2 - 7) ** 2
    if name in ("three_hump_camel", "three_hump_camel_104"):
        c = sympy.Rational(105 if name == "three_hump_camel" else 104, 100)
        return 2 * X**2 - c * X**4 + X**6 / 6 + X * Y + Y**2
    if name == "six_hump_camel":
        return (
            (4 - sympy.Rational(21, 10) * X**2 + X**4 / 3) * X**2 + X * Y + (-4 + 4 * Y**2) * Y**2
        )
    raise ValueError(f"unknown problem {name!r}; known: {', '.join(VALUES)}")


def _real_roots(expression, symbol):
    """Return every distinct real root of a rational univariate polynomial, to DIGITS digits."""
    polynomial_ = sympy.Poly(expression, symbol).sqf_part()
    return [root.evalf(DIGITS) for root in polynomial_.real_roots()]


@cache
def _stationary_points(name):
    f = polynomial(name)
    fx, fy = sympy.expand(sympy.diff(f, X)), sympy.expand(sympy.diff(f, Y))
    # Each coordinate of a real stationary point is a real root of the resultant that eliminates
    # the other one; of all pairs of such roots the stationary points are those where both
    # derivatives vanish.
    xs = _real_roots(sympy.resultant(fx, fy, Y), X)
    ys = _real_roots(sympy.resultant(fx, fy, X), Y)
    zero = sympy.Float(10, DIGITS) ** (-DIGITS // 2)
    points = []
    for x in xs:
        for y in ys:
            at = {X: x, Y: y}
            if any(abs(d.evalf(DIGITS, subs=at)) > zero for d in (fx, fy)):
                continue
            a, b, d = (sympy.diff(f, *by).evalf(DIGITS, subs=at) for by in ((X, X), (X, Y), (Y, Y)))
            middle, spread = (a + d) / 2, sympy.sqrt(((a - d) / 2) ** 2 + b**2)
            low, high = middle - spread, middle + spread
            if min(abs(low), abs(high)) < zero:
                raise ArithmeticError(f"degenerate stationary point of {name} at {x}, {y}")
            kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
            value = f.evalf(DIGITS, subs=at)
            points.append(
                {
                    "x": float(x),
                    "y": float(y),
                    "kind": kind,
                    "value": 0.0 if abs(value) < zero else float(value),
                    "eigenvalues": (float(low), float(high)),
                }
            )
    return tuple(sorted(points, key=lambda p: (p["x"], p["y"])))


def stationary_points(name):
    """Return all real stationary points, ordered by x, then y (cached; the dicts are copies).

    Each is a dict with ``x``, ``y``, ``kind`` (``"minimum"``, ``"saddle"`` or ``"maximum"``),
    ``value`` and ``eigenvalues`` (those of the Hessian, ascending), computed with 60 digits and
    rounded to float64 at the end.
    """
    return [dict(point) for point in _stationary_points(name)]
