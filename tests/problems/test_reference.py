"""The references themselves: the problems against sympy, the methods against closed forms."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import sympy


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TESTS = Path(__file__).resolve().parent.parent
problems = load(TESTS / "problems" / "reference.py", "problems_reference")
methods = load(TESTS / "methods" / "reference.py", "methods_reference")

NAMES = sorted(problems.VALUES)
COUNTS = {  # minima, saddles, maxima
    "himmelblau": (4, 4, 1),
    "three_hump_camel": (3, 2, 0),
    "three_hump_camel_104": (3, 2, 0),
    "six_hump_camel": (6, 7, 2),
}


# ---------------------------------------------------------------------------------- problems


@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_equal_sympys_at_random_points(name):
    x, y = problems.X, problems.Y
    f = problems.polynomial(name)
    expressions = [f, sympy.diff(f, x), sympy.diff(f, y)]
    rng = np.random.default_rng(20240607)
    for a, b in rng.uniform(-5.0, 5.0, size=(40, 2)).tolist():
        at = {x: sympy.Rational(a), y: sympy.Rational(b)}  # the exact value of the float
        exact = [float(e.subs(at)) for e in expressions]
        ours = [problems.VALUES[name]((a, b)), *problems.GRADIENTS[name]((a, b))]
        scale = 1.0 + abs(a) ** 6 + b**4  # bounds the terms that may cancel
        assert ours == pytest.approx(exact, rel=1e-13, abs=1e-13 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_stationary_points_have_the_known_counts_and_obey_morse(name):
    kinds = [p["kind"] for p in problems.stationary_points(name)]
    minima, saddles, maxima = (kinds.count(k) for k in ("minimum", "saddle", "maximum"))
    assert (minima, saddles, maxima) == COUNTS[name]
    assert minima + saddles + maxima == len(kinds)
    assert minima + maxima - saddles == 1


@pytest.mark.parametrize("name", NAMES)
def test_stationary_points_are_as_described_by_the_handwritten_functions(name):
    for p in problems.stationary_points(name):
        w = (p["x"], p["y"])
        assert problems.GRADIENTS[name](w) == pytest.approx((0.0, 0.0), abs=1e-12)
        assert problems.VALUES[name](w) == pytest.approx(p["value"], rel=1e-13, abs=1e-13)
        eigenvalues = np.linalg.eigvalsh(hessian(name, w))
        assert eigenvalues == pytest.approx(np.array(p["eigenvalues"]), rel=1e-6, abs=1e-6)
        negative = int((eigenvalues < 0).sum())
        assert p["kind"] == ("minimum", "saddle", "maximum")[negative]


def hessian(name, w, h=1e-4):
    """Return central differences of the handwritten gradient, symmetrised."""
    columns = []
    for e in np.eye(2):
        plus = problems.GRADIENTS[name](tuple((np.array(w) + h * e).tolist()))
        minus = problems.GRADIENTS[name](tuple((np.array(w) - h * e).tolist()))
        columns.append((np.array(plus) - np.array(minus)) / (2 * h))
    H = np.array(columns)
    return (H + H.T) / 2


@pytest.mark.parametrize("name", NAMES)
def test_newton_from_a_grid_finds_every_stationary_point_and_no_other(name):
    x, y = problems.X, problems.Y
    f = problems.polynomial(name)
    second = sympy.lambdify((x, y), sympy.hessian(f, (x, y)).tolist(), "math")
    known = np.array([(p["x"], p["y"]) for p in problems.stationary_points(name)])
    found = set()
    grid = np.linspace(-5.03, 4.97, 31)  # off the axes of symmetry
    for start in np.array(np.meshgrid(grid, grid)).reshape(2, -1).T:
        w = start.copy()
        for _ in range(60):
            g = np.array(problems.GRADIENTS[name](tuple(w.tolist())))
            if np.linalg.norm(g) < 1e-11:
                break
            w = w - np.linalg.solve(np.array(second(*w.tolist()), dtype=float), g)
        else:
            continue
        distances = np.linalg.norm(known - w, axis=1)
        assert distances.min() < 1e-9
        found.add(int(distances.argmin()))
    assert found == set(range(len(known)))


def test_well_known_minima():
    himmelblau = [p for p in problems.stationary_points("himmelblau") if p["kind"] == "minimum"]
    assert all(p["value"] == 0.0 for p in himmelblau)
    assert any((p["x"], p["y"]) == (3.0, 2.0) for p in himmelblau)
    three = min(problems.stationary_points("three_hump_camel"), key=lambda p: p["value"])
    assert (three["x"], three["y"], three["value"]) == (0.0, 0.0, 0.0)
    six = sorted(p["value"] for p in problems.stationary_points("six_hump_camel"))
    assert six[:2] == pytest.approx([-1.031628453489877] * 2, abs=1e-14)


def test_stationary_points_may_be_changed_by_the_caller():
    problems.stationary_points("himmelblau")[0]["kind"] = "spoilt"
    problems.stationary_points("himmelblau").clear()
    assert len(problems.stationary_points("himmelblau")) == 9
    assert problems.stationary_points("himmelblau")[0]["kind"] != "spoilt"


# ----------------------------------------------------------------------------------- methods


class Quadratic:
    """f = (a x^2 + b y^2)/2, counting its evaluations."""

    def __init__(self, a, b=None):
        self.a, self.b = a, a if b is None else b
        self.gradients = self.values = 0

    def gradient(self, w):
        self.gradients += 1
        return self.a * w[0], self.b * w[1]

    def value(self, w):
        self.values += 1
        return (self.a * w[0] ** 2 + self.b * w[1] ** 2) / 2


def trajectory(method, quadratic, start, steps, z=(0.0, 0.0), **settings):
    """Run with the same draw z at every step; return the result and the steps that drew."""
    drawn = []

    def noise(t):
        drawn.append(t)
        return z

    q = quadratic
    result = methods.run(method, settings, q.gradient, q.value, start, steps, noise)
    assert result.gradient_evaluations == q.gradients
    assert result.loss_evaluations == q.values
    assert len(result.path) == steps
    return result, drawn


def close(ours, exact):
    assert np.array(ours) == pytest.approx(np.array(exact), rel=1e-12, abs=1e-15)


def test_gd_contracts_each_coordinate_by_its_own_factor():
    r, drawn = trajectory("gd", Quadratic(2.0, 5.0), (1.5, -0.5), 20, learning_rate=0.1)
    close(r.path, [(1.5 * 0.8**t, -0.5 * 0.5**t) for t in range(1, 21)])
    assert r.end == r.path[-1]
    assert (r.gradient_evaluations, r.loss_evaluations, drawn) == (20, 0, [])


def test_nig_with_constant_noise_is_gd_about_a_shifted_minimum():
    settings = {"learning_rate": 0.1, "radius": 0.3}
    r, drawn = trajectory("nig", Quadratic(2.0), (1.0, 2.0), 15, z=(0.6, -0.8), **settings)
    shift = (-0.3 * 0.6 / 2.0, 0.3 * 0.8 / 2.0)
    exact = [
        tuple(s + (w - s) * 0.8**t for w, s in zip((1.0, 2.0), shift, strict=True))
        for t in range(1, 16)
    ]
    close(r.path, exact)
    assert (r.gradient_evaluations, r.loss_evaluations, drawn) == (15, 0, list(range(15)))


def test_sam_on_an_isotropic_quadratic_moves_along_the_ray():
    settings = {"learning_rate": 0.1, "radius": 0.05}
    for restore in (True, False):
        r, drawn = trajectory("sam", Quadratic(2.0), (3.0, 4.0), 10, restore=restore, **settings)
        length, lengths = 5.0, []
        for _ in range(10):
            length = length - 0.2 * (length + 0.05) if restore else 0.8 * (length + 0.05)
            lengths.append(length)
        close(r.path, [(0.6 * s, 0.8 * s) for s in lengths])
        assert (r.gradient_evaluations, r.loss_evaluations, drawn) == (20, 0, [])


def test_sam_rests_where_the_gradient_is_zero_but_still_evaluates_twice():
    for restore in (True, False):
        r, _ = trajectory(
            "sam", Quadratic(1.0), (0.0, 0.0), 4, learning_rate=0.1, radius=0.5, restore=restore
        )
        assert r.end == (0.0, 0.0)
        assert r.gradient_evaluations == 8


NIM = {"learning_rate": 0.25, "radius": 0.5}


def test_nim_without_wait_and_with_endless_tolerance_perturbs_every_step_after_the_first():
    r, drawn = trajectory(
        "nim", Quadratic(2.0), (1.0, 0.0), 8, z=(0.0, 1.0), gradient_tolerance=math.inf,
        patience=0, **NIM,
    )  # fmt: skip
    close(r.path, [(0.5**t, 0.5 * (1 - 0.5 ** (t - 1))) for t in range(1, 9)])
    assert drawn == list(range(1, 8))
    assert r.gradient_evaluations == 15


@pytest.mark.parametrize(
    ("since_last", "expected"), [(True, [4, 8, 12]), (False, list(range(4, 14)))]
)
def test_nim_waits_since_the_last_perturbation_or_only_once(since_last, expected):
    r, drawn = trajectory(
        "nim", Quadratic(2.0), (1.0, 0.0), 14, z=(0.0, 1.0), gradient_tolerance=math.inf,
        patience=3, since_last_perturbation=since_last, **NIM,
    )  # fmt: skip
    assert drawn == expected
    assert r.gradient_evaluations == 14 + len(expected)


def test_nim_needs_a_gradient_strictly_below_the_tolerance():
    # |g| = 2 * 0.5^t: 2, 1, 1/2, 1/4: below 1/2 for the first time at t = 3.
    _, drawn = trajectory(
        "nim", Quadratic(2.0), (1.0, 0.0), 4, z=(0.0, 1.0), gradient_tolerance=0.5,
        patience=0, **NIM,
    )  # fmt: skip
    assert drawn == [3]


@pytest.mark.parametrize("method", ["nig_bh", "nim_bh"])
def test_basin_hopping_perturbs_every_patience_steps(method):
    r, drawn = trajectory(
        method, Quadratic(2.0), (1.0, 0.0), 7, z=(0.0, 1.0), gradient_tolerance=0.0,
        patience=3, **NIM,
    )  # fmt: skip
    assert drawn == [3, 6]
    assert (r.gradient_evaluations, r.loss_evaluations) == (9, 0)
    # The perturbation adds 0.5 z (nim), or halves and subtracts 0.25 * 0.5 z (nig).
    first = (0.125, 0.5) if method == "nim_bh" else (0.0625, -0.125)
    xs, ys = [0.5, 0.25, 0.125], [0.0, 0.0, 0.0]
    xs += [first[0] * 0.5**k for k in (1, 2, 3)]
    ys += [first[1] * 0.5**k for k in (1, 2, 3)]
    x, y = xs[-1], ys[-1]
    last = (x, y + 0.5) if method == "nim_bh" else (0.5 * x, 0.5 * y - 0.125)
    close(r.path, [*zip(xs, ys, strict=True), (0.5 * last[0], 0.5 * last[1])])


def test_basin_hopping_ends_a_search_early_but_never_before_its_first_step():
    # Every gradient is below the tolerance, so each search is one step long; none before t = 1.
    _, drawn = trajectory(
        "nim_bh", Quadratic(2.0), (0.0, 0.0), 5, z=(0.0, 1.0), gradient_tolerance=math.inf,
        patience=100, **NIM,
    )  # fmt: skip
    assert drawn == [1, 2, 3, 4]
    # |g| = 2, 1, 1/2, 1/4 < 0.3 at t = 3.
    _, drawn = trajectory(
        "nim_bh", Quadratic(2.0), (1.0, 0.0), 4, z=(0.0, 1.0), gradient_tolerance=0.3,
        patience=100, **NIM,
    )  # fmt: skip
    assert drawn == [3]


def monotonic(method, curvature, eta, rho, z, steps=3, **settings):
    """Run searches of one step from (1, 0); noise and motion stay on the first axis."""
    r, _ = trajectory(
        method, Quadratic(curvature), (1.0, 0.0), steps, z=(z, 0.0), learning_rate=eta, radius=rho,
        gradient_tolerance=0.0, patience=1, **settings,
    )  # fmt: skip
    assert all(w[1] == 0.0 for w in r.path)
    return [w[0] for w in r.path], r.end[0], r.gradient_evaluations, r.loss_evaluations


def test_nim_mbh_returns_to_the_previous_minimum():
    # 1 -> .5 | .5+1 -> .75 rejected, back to .5 | .5+1 -> .75 rejected at the end.
    expected = ([0.5, 0.75, 0.75], 0.5, 5, 3)
    assert monotonic("nim_mbh", 1.0, 0.5, 1.0, 1.0) == expected
    assert monotonic("nim_mbh", 1.0, 0.5, 1.0, 1.0, compare="previous_minimum") == expected


def test_nim_mbh_accepts_a_better_minimum():
    # 1 -> .5 | .5-.75 -> -.125 accepted | -.125-.75 -> -.4375 rejected at the end.
    assert monotonic("nim_mbh", 1.0, 0.5, 0.75, -1.0) == ([0.5, -0.125, -0.4375], -0.125, 5, 3)


def test_nig_mbh_returns_to_the_previous_minimum_with_its_gradient():
    # 1 -> .5 | .5 - .5(.5-4) = 2.25 -> 1.125 rejected | the same again from .5, g = .5.
    assert monotonic("nig_mbh", 1.0, 0.5, 4.0, -1.0) == ([0.5, 1.125, 1.125], 0.5, 5, 3)


def test_mbh_compared_with_the_perturbed_point_may_climb():
    # 1 -> .5 | 1.5 -> .75 accepted | 1.75 -> .875 accepted at the end.
    ours = monotonic("nim_mbh", 1.0, 0.5, 1.0, 1.0, compare="perturbed_point")
    assert ours == ([0.5, 0.75, 0.875], 0.875, 5, 5)


def test_mbh_compared_with_the_perturbed_point_rejects_a_search_that_climbed():
    # Factor -2 a step: 1 -> -2 (first, accepted) | -1 -> 2 rejected | again from -2.
    ours = monotonic("nim_mbh", 3.0, 1.0, 1.0, 1.0, compare="perturbed_point")
    assert ours == ([-2.0, 2.0, 2.0], -2.0, 5, 5)


@pytest.mark.parametrize("method", ["nig_mbh", "nim_mbh"])
@pytest.mark.parametrize("compare", ["previous_minimum", "perturbed_point"])
def test_mbh_accepts_an_only_search_even_if_it_climbed(method, compare):
    assert monotonic(method, 3.0, 1.0, 1.0, 1.0, steps=1, compare=compare) == ([-2.0], -2.0, 1, 1)


@pytest.mark.parametrize("method", methods.METHODS)
def test_no_steps_no_evaluations(method):
    r, drawn = trajectory(
        method, Quadratic(1.0), (1.0, 2.0), 0, learning_rate=0.1, radius=0.1,
        gradient_tolerance=0.1, patience=1,
    )  # fmt: skip
    assert r == ((1.0, 2.0), 0, 0, [])
    assert drawn == []


@pytest.mark.parametrize("method", methods.METHODS)
def test_divergence_raises_nothing(method):
    # AdaGrad moves a coordinate by its rate at most, so a large loss alone does not carry it off
    rate = 1e80 if method == "adagrad" else 10.0
    r = methods.run(
        method,
        {
            "learning_rate": rate,
            "radius": 0.1,
            "gradient_tolerance": 0.1,
            "patience": 3,
            "epsilon": 1e-8,
        },
        problems.GRADIENTS["six_hump_camel"],
        problems.VALUES["six_hump_camel"],
        (4.0, 4.0),
        20,
        lambda t: (0.0, 1.0),
    )
    assert not all(map(math.isfinite, r.path[-1]))


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown method"):
        methods.run("adam", {}, None, None, (0.0, 0.0), 1, None)
    with pytest.raises(ValueError, match="unknown problem"):
        problems.polynomial("rosenbrock")
