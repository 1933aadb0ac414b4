"""What is compared on CIFAR-10: runs of the engine, alone and side by side, and plain loops."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from plain_cifar import PlainAnnealedSGD, PlainSGD, PlainTraining
from torch import nn
from torch.utils.data import TensorDataset

from escaping_minima.data.load import load_images
from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.engine.capture import EAGER_FIRST
from escaping_minima.engine.numerics import Numerics
from escaping_minima.engine.pack import make_streams
from escaping_minima.engine.run import Run, TrainingPlan
from escaping_minima.methods.sgd_sa import RATES
from escaping_minima.observers.annealing import Annealing
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

#: Images of the sample.
IMAGES = 2_000
#: More epochs than anybody waits for; what watches has room for all of them.
EPOCHS = 5_000


@dataclass(frozen=True)
class Recipe:
    """A method as the engine trains with it.

    Attributes
    ----------
    method : str
    settings : Mapping
        Of the method.
    observers, modifiers : tuple
        What watches it in a study, and what is added to it.
    """

    method: str
    settings: Mapping[str, Any]
    observers: tuple[Any, ...] = ()
    modifiers: tuple[Any, ...] = ()


#: By method.
METHODS = {
    "gd": Recipe("gd", {"learning_rate": 0.1}),
    "sgd_sa": Recipe("sgd_sa", {}, (Annealing(len(RATES)),)),
}


@dataclass(frozen=True)
class Setup:
    """What is trained, and where.

    Attributes
    ----------
    network : str
        A problem.
    divisor : int
        Of its width.
    batch : int
    copies : int
        Of each image of the sample.
    device : str
        "cpu" or "cuda".
    """

    network: str
    divisor: int
    batch: int
    copies: int
    device: str

    @property
    def place(self) -> torch.device:
        """Where it is."""
        return torch.device("cuda:0" if self.device == "cuda" else "cpu")

    @property
    def numerics(self) -> Numerics:
        """How the engine computes."""
        return Numerics("bfloat16" if self.device == "cuda" else "float32")

    def problem(self) -> Any:
        """Return the problem."""
        sizes = {"train_images": IMAGES, "test_images": 1}
        return make_problem(self.network, {"data": "sample", "divisor": self.divisor, **sizes})

    def data(self, problem: Any) -> Any:
        """Return the sample's images, repeated, in whole minibatches."""
        chosen = problem.select(load_images("cifar-10", "sample"))
        count = len(chosen.train_images) * self.copies // self.batch * self.batch
        return replace(
            chosen,
            train_images=np.concatenate([chosen.train_images] * self.copies)[:count],
            train_labels=np.concatenate([chosen.train_labels] * self.copies)[:count],
        )


@dataclass(frozen=True)
class Contender:
    """Something that is timed.

    Attributes
    ----------
    name : tuple
        (recipe, how).
    update : callable
    images : int
        That one call trains on.
    """

    name: tuple[str, str]
    update: Callable[[], object]
    images: int


class EngineTraining:
    """One run of the engine, an update at a time."""

    def __init__(self, setup: Setup, problem: Any, placed: Any, recipe: Recipe, block: int) -> None:
        sizes = BatchSizes(setup.batch, setup.batch)
        made = make_method(recipe.method, recipe.settings)
        added = {"observers": recipe.observers, "modifiers": recipe.modifiers}
        more = added | {"numerics": setup.numerics}
        self._plan = TrainingPlan(setup.network, problem, made, sizes, EPOCHS, **more)
        self._stream = make_streams(setup.place, 1)[0]
        with torch.no_grad(), torch.cuda.stream(self._stream):
            self.run = Run(self._plan, placed, block, setup.place)
        self._bounds = batch_bounds(self.run.task.size, setup.batch)
        self._batch = setup.batch
        self._next = 0

    def update(self) -> None:
        """Do one update."""
        with torch.no_grad(), torch.cuda.stream(self._stream):
            place = self._next % len(self._bounds)
            if place == 0:
                self.run.at.epoch += 1
                self.run.begin_epoch(self._batch)
            self.run.update(*self._bounds[place])
        self._next += 1


def plain_loop(setup: Setup, method: str) -> PlainTraining:
    """Return the plain loop of a method on the images of the engine's runs."""
    problem = setup.problem()
    data, network, pixels = setup.data(problem), problem.network(), problem.pixels()
    for name, layer in list(network.named_children()):
        if isinstance(layer, NamedDropout):
            network[int(name)] = nn.Dropout(layer.rate)
    stored = torch.from_numpy(data.train_images)
    images = pixels.inputs(stored, pixels.channels(torch.device("cpu")))
    labels = torch.from_numpy(data.train_labels).long()
    given = (
        network,
        TensorDataset(images, labels),
        setup.batch,
        setup.device,
        setup.device == "cuda",
    )
    return PlainSGD(*given) if method == "gd" else PlainAnnealedSGD(RATES, *given)


#: The plain loop of each method that has one.
LOOPS: dict[str, Callable[[Setup], PlainTraining]] = {
    method: partial(plain_loop, method=method) for method in METHODS
}


def contenders(
    setup: Setup,
    widths: Mapping[str, Sequence[int]],
    recipes: Mapping[str, Recipe] = METHODS,
    loops: Mapping[str, Callable[[Setup], PlainTraining]] = LOOPS,
) -> list[Contender]:
    """Return what is compared, plain loops last.

    While a graph is captured no other thread may allocate for the GPU, as one that loads for a
    plain loop does: all are captured before the first loop begins.

    Parameters
    ----------
    setup : Setup
    widths : Mapping of str to sequence of int
        Of each recipe that takes part, how many runs of the engine are side by side.
    recipes : Mapping of str to Recipe
    loops : Mapping of str to callable
        The plain loops of those recipes that have one.
    """
    problem = setup.problem()
    placed = problem.place(setup.data(problem), setup.place)
    found = []
    for name, counts in widths.items():
        blocks = range(max(counts))
        runs = [EngineTraining(setup, problem, placed, recipes[name], block) for block in blocks]
        for width in counts:
            how = "engine" if width == 1 else f"engine, {width} runs"
            turn = _all_of([run.update for run in runs[:width]])
            found.append(Contender((name, how), turn, width * setup.batch))
    for name in widths:
        if name in loops:
            found.append(Contender((name, "plain loop"), loops[name](setup).update, setup.batch))
    return found


def _all_of(updates: Sequence[Callable[[], object]]) -> Callable[[], None]:
    def update() -> None:
        for one in updates:
            one()

    return update


class Turns:
    """Times contenders in turn, round by round.

    Parameters
    ----------
    rivals : sequence of Contender
    device : str
    turn : float
        About so many seconds a turn: of a CPU those that the process had of it, so that other jobs
        matter little.
    """

    def __init__(self, rivals: Sequence[Contender], device: str, turn: float) -> None:
        self._rivals = rivals
        self._device = device
        self._clock = time.perf_counter if device == "cuda" else time.process_time
        #: By contender, images a second in each round.
        self.speeds: dict[tuple[str, str], list[float]] = {rival.name: [] for rival in rivals}
        # libraries are loaded, and an update of the engine is captured after so many
        warm = EAGER_FIRST + 2 if device == "cuda" else 2
        for rival in rivals:
            self._seconds(rival, warm)
        self._counts = {r.name: max(1, round(turn / self._seconds(r, 2) * 2)) for r in rivals}

    def round(self) -> None:
        """Let each have a turn."""
        for rival in self._rivals:
            count = self._counts[rival.name]
            speed = count * rival.images / self._seconds(rival, count)
            self.speeds[rival.name].append(speed)

    def rounds_until(self, until: float) -> None:
        """Do rounds while they are expected to end before a time of ``perf_counter``; at least one.

        Parameters
        ----------
        until : float
        """
        longest = 0.0
        while not longest or time.perf_counter() + longest < until:
            began = time.perf_counter()
            self.round()
            longest = max(longest, time.perf_counter() - began)

    def _seconds(self, rival: Contender, count: int) -> float:
        began = self._clock()
        for _ in range(count):
            rival.update()
        if self._device == "cuda":
            torch.cuda.synchronize()
        return self._clock() - began
