"""Monotonic basin hopping against the one of scipy, on the same draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import optimize

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points_objective import PointsObjective
from escaping_minima.methods.nim_mbh import METHOD
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.points import draw_starts

CPU = torch.device("cpu")
RATE, RADIUS, TOLERANCE, PATIENCE = 0.01, 0.8, 0.2, 25
ROWS, HOPS = 6, 30


class Search:
    """The local search and the hops that scipy is given: descent, and named draws in the disc."""

    def __init__(self, problem, draws):
        self._problem, self._draws = problem, draws
        self.taken = 0

    def gradient(self, w):
        return np.array(self._problem.gradient(*w))

    def value(self, w):
        return self._problem.value(*w)

    def minimise(self, value, w, args=(), **options):
        for done in range(1, PATIENCE + 1):
            w = w - RATE * self.gradient(w)
            self.taken += 1
            if done == PATIENCE or np.hypot(*self.gradient(w)) < TOLERANCE:
                break
        return optimize.OptimizeResult(x=w, fun=value(w), success=True)

    def hop(self, w):
        return w + RADIUS * self._draws(self.taken)

    def run(self, start):
        return optimize.basinhopping(
            self.value,
            start,
            niter=HOPS,
            # which accepts what is lower alone
            T=0,
            take_step=self.hop,
            minimizer_kwargs={"method": self.minimise},
        )


def draws_of(streams):
    """Return the draws of a step, (rows, 2)."""

    def of(step):
        noise = PagedNoise([streams], ROWS, 2, CPU)
        noise.begin(step)
        return noise().numpy()

    return of


@pytest.mark.parametrize("name", ["six_hump_camel", "himmelblau"])
def test_hops_end_where_those_of_scipy_do(name):
    problem, streams = make_problem(name, {}), Streams(name, 2)
    starts, draws = draw_starts(problem, streams)[:ROWS], draws_of(streams)
    method = METHOD(RATE, RADIUS, TOLERANCE, PATIENCE)
    lower = 0
    for row, start in enumerate(starts):
        search = Search(problem, lambda step, row=row: draws(step)[row])
        expected = search.run(start)
        w = torch.from_numpy(starts.T.copy()).T
        noise, objective = PagedNoise([streams], ROWS, 2, CPU), PointsObjective(problem, ROWS, CPU)
        state = method.start(w)
        with torch.no_grad():
            # the others take as many steps
            for step in range(search.taken):
                noise.begin(step)
                method.step(w, state, objective, noise)
            method.finish(w, state, objective)
        np.testing.assert_allclose(w[row].numpy(), expected.x, rtol=1e-8, atol=1e-9)
        assert objective.loss_evaluations[row].item() == HOPS + 1
        first = search.minimise(search.value, start)
        lower += expected.fun < first.fun - 0.1
    # hops led some to a lower minimum, where there are several heights
    assert (lower > 0) == (name == "six_hump_camel")
