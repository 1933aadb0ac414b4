"""Problems for the battery, and what a method gets from its surroundings, written out plainly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from escaping_minima.draws.noise import PagedNoise
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points_objective import PointsObjective
from escaping_minima.parts.registry import make_problem, part_class

CPU = torch.device("cpu")
#: Replicates of the battery's blocks.
ROWS = 7


@dataclass(frozen=True)
class FiveWells:
    """(w^4 - 16 w^2 + 5 w) / 2 in each of five coordinates, and what ties neighbours."""

    BLOCK: ClassVar[int] = ROWS

    lower: tuple[float, ...] = (-4.0,) * 5
    upper: tuple[float, ...] = (4.0,) * 5

    def values(self, w):
        # not w**4: a power of torch rounds differently within a vector and at its end
        square = w * w
        parts = (square * square - 16 * square + 5 * w) / 2 + 0.1 * w * w.roll(1, 1)
        total = parts[:, :1].clone()
        for axis in range(1, 5):
            total += parts[:, axis : axis + 1]
        return total

    def gradients(self, w):
        return (4 * w**3 - 32 * w + 5) / 2 + 0.1 * (w.roll(1, 1) + w.roll(-1, 1))


#: What every method is run on.
PROBLEMS = {"himmelblau": make_problem("himmelblau", {}), "five_wells": FiveWells()}


def starts(problem, rows=ROWS):
    """Return starts (rows, d) in the box, in the layout of the engine: columns contiguous."""
    rng = np.random.default_rng(3)
    low, high = np.array(problem.lower), np.array(problem.upper)
    unit = rng.random((rows, len(low)))
    return torch.from_numpy((low + (high - low) * unit).T.copy()).T


def busy(room, name):
    """Build a part with settings by which its decisions come often."""
    often = {"learning_rate": 0.004, "gradient_tolerance": 30.0, "patience": 6, "radius": 0.3}
    often |= {"rates": (1.0, 0.5, 2.0), "deviation": 0.3}
    often |= {"steps_each": 6, "period": 4, "growth": 2, "lower": -3.5, "upper": 3.5}
    often |= {"temperature": 3.0, "least_decrease": 1.0}
    cls = part_class(room, name)
    own = {f.name for f in fields(cls)}
    return cls(**{key: value for key, value in often.items() if key in own})


class Walk:
    """A method on some rows of a problem, with counts that are its own."""

    def __init__(self, method, problem, w, rows=None):
        self.method = method
        self.w = w
        self.objective = Counting(problem, w)
        self.noise = NoiseOfRows(w.shape[1], rows)
        self.state = method.start(w)
        self.taken = 0

    def go(self, steps):
        with torch.no_grad():
            for _ in range(steps):
                self.noise.begin(self.taken)
                self.method.step(self.w, self.state, self.objective, self.noise)
                self.taken += 1
        return self

    def finish(self):
        with torch.no_grad():
            self.method.finish(self.w, self.state, self.objective)
        return self

    def bits(self):
        """Return everything that it has come to."""
        counts = self.objective.gradient_evaluations, self.objective.loss_evaluations
        return {"w": self.w, "gradients": counts[0], "losses": counts[1], **self.state}


class Counting(PointsObjective):
    """The engine's objective, beside counts of what was asked of it, row by row."""

    def __init__(self, problem, w):
        super().__init__(problem, len(w), w.device)
        self.asked = {"gradient": [0] * len(w), "value": [0] * len(w)}

    def gradient(self, w, out, mask=None, statistics=True, loss=None):
        self._note("gradient", mask)
        before = out.clone()
        super().gradient(w, out, mask, statistics, loss)
        self._check_others(before, out, mask)

    def value(self, w, out, mask=None, inference=False, statistics=False):
        self._note("value", mask)
        before = out.clone()
        super().value(w, out, mask, inference, statistics)
        self._check_others(before, out, mask)

    def _note(self, what, mask):
        for row in range(len(self.asked[what])):
            self.asked[what][row] += 1 if mask is None else int(mask[row])

    def _check_others(self, before, out, mask):
        if mask is not None:
            others = ~mask[:, 0]
            assert torch.equal(out[others], before[others])


class NoiseOfRows:
    """Draws of a block of ROWS replicates, of which only some rows are given."""

    def __init__(self, dimension, rows=None):
        self._paged = PagedNoise([Streams("battery", 0)], ROWS, dimension, CPU)
        self._rows = slice(None) if rows is None else rows

    def begin(self, step):
        self._paged.begin(step)

    def __call__(self, mask=None):
        drawn = self._paged()[self._rows].clone()
        return drawn if mask is None else drawn.mul_(mask)

    def normal(self, purpose):
        return self._paged.normal(purpose)[self._rows].clone()

    def uniform(self, purpose):
        return self._paged.uniform(purpose)[self._rows].clone()

    def uniform_each(self, purpose):
        return self._paged.uniform_each(purpose)[self._rows].clone()

    def choice(self, purpose, count):
        return self._paged.choice(purpose, count)[self._rows].clone()


class SameNoise:
    """One draw in the ball for every step, for as many rows as it has."""

    def __init__(self, drawn):
        self._drawn = drawn

    def begin(self, step):
        pass

    def __call__(self, mask=None):
        return self._drawn.clone() if mask is None else self._drawn * mask


class NothingReadBack(TorchDispatchMode):
    """Refuses what brings a number from the device to the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default:
            raise AssertionError("a tensor was read back to the host")
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True)
class Mover:
    """Descent that says what it tried and whether it kept it, as observers may want to know."""

    learning_rate: float = 0.002
    kick: float = 0.0

    def start(self, w):
        column = w.new_zeros((len(w), 1))
        said = {"tried": column + 1, "move": column.long(), "accepted": column.clone()}
        said |= {"worsening": column.clone(), "probability": column.clone()}
        return {"g": w.clone(), **said}

    def step(self, w, state, objective, noise):
        objective.gradient(w, state["g"])
        state["move"].copy_(noise.choice("move", 1))
        state["accepted"].copy_(noise.uniform("acceptance") < 0.7)
        state["worsening"].copy_(noise.uniform("worsening") - 0.3)
        state["probability"].copy_(state["worsening"].neg().exp())
        w.sub_(state["g"] * state["accepted"] * self.learning_rate)
        w.add_(noise.normal("kick") * self.kick)

    def finish(self, w, state, objective):
        pass
