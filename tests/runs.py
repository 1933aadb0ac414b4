"""Runs for tests: the kernels with a session that keeps states in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import torch

from escaping_minima.engine.pack import Start, make_streams, run_pack
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.run import Run, TrainingPlan, count_parameters
from escaping_minima.engine.session import NoSession
from escaping_minima.observers.basins import Basins
from escaping_minima.observers.extrema import Extrema
from escaping_minima.observers.losses import Losses
from escaping_minima.observers.wrong import Wrong

USUAL = (Losses(), Extrema(), Wrong())


class StopAt:
    """Asks to stop at the n-th question."""

    def __init__(self, question):
        self.left = question

    def __call__(self):
        self.left -= 1
        return self.left < 0


class MemorySession(NoSession):
    """States as bytes, so that nothing is shared with what saved them."""

    def __init__(self, should_stop=bool, is_due=lambda key: False):
        super().__init__()
        self.saved = {}
        self.should_stop = should_stop
        self.is_due = is_due

    def save(self, key, state):
        buffer = io.BytesIO()
        torch.save(state, buffer)
        self.saved[key] = buffer.getvalue()

    def load(self, key):
        if key not in self.saved:
            return None
        return torch.load(io.BytesIO(self.saved[key]), weights_only=True, map_location="cpu")


@dataclass
class Result:
    curves: dict
    wrong: np.ndarray
    diverged: bool
    parameters: int
    gradient_evaluations: int
    loss_evaluations: int
    tables: dict
    run: Run


def network_plan(problem, method, sizes, epochs, name="takase_mnist", **more):
    return TrainingPlan(name, problem, method, sizes, epochs, **{"observers": USUAL} | more)


def result_of(run):
    columns = dict(run.table)
    packed = np.frombuffer(columns.pop("wrong", [b""])[-1], np.uint8)
    test = run.task._data["test"]
    count = len(test[1] if isinstance(test, tuple) else test)
    wrong = np.unpackbits(packed).astype(bool)[:count]
    return Result(
        columns,
        wrong,
        run.diverged,
        count_parameters(run),
        run.objective.gradient_evaluations,
        run.objective.loss_evaluations,
        run.further,
        run,
    )


def train_pack(runs, data, session=None, device="cpu", width=1):
    """Train (plan, block) pairs; return results by key, in the order in which they ended."""
    return dict(iterate_pack(runs, data, session, device, width))


def iterate_pack(runs, data, session=None, device="cpu", width=1):
    """Train (plan, block) pairs; yield (key, result) of each that has ended."""
    place = torch.device(device)
    placed = {}

    def start(key, plan, block):
        shared = placed.setdefault(repr(plan.problem), plan.problem.place(data, place))
        return Start(key, lambda: Run(plan, shared, block, place))

    starts = [start(key, plan, block) for key, (plan, block) in runs.items()]
    streams = make_streams(place, width) if place.type == "cuda" else [None] * width
    for key, run in run_pack(starts, streams, session or NoSession()):
        yield key, result_of(run)


def train_network(plan, data, block=0, session=None, device="cpu"):
    (result,) = train_pack({"one": (plan, block)}, data, session, device).values()
    return result


def run_function(name, function, methods, steps, snapshot_every, blocks, session=None):
    plan = PointsPlan(name, function, steps, snapshot_every, (Basins(),))
    keys = [f"{name}/{index}" for index in range(len(blocks))]
    cpu = torch.device("cpu")
    return run_points(plan, methods, blocks, keys, cpu, session or NoSession())


def assert_equal(one, other):
    """Compare two results of a network, or two tables of points, bit for bit."""
    if isinstance(one, Result):
        assert_equal(one.curves, other.curves)
        np.testing.assert_array_equal(one.wrong, other.wrong)
        assert one.gradient_evaluations == other.gradient_evaluations
        assert one.loss_evaluations == other.loss_evaluations
        assert one.tables.keys() == other.tables.keys()
        for name, table in one.tables.items():
            assert_equal(table, other.tables[name])
        return
    assert one.keys() == other.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], other[key], err_msg=key)
