"""Toy parts, found by name as those of the package are, and cells of them."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.kinds.training.parts import training_plan
from escaping_minima.parts.registry import ROOMS, module_name


@pytest.fixture(scope="session")
def toys(load_module):
    """Return the module of the toys, of which each part is a module of its room."""
    made = load_module(Path(__file__).with_name("toys.py"))
    with pytest.MonkeyPatch.context() as patch:
        for (room, name), part in made.PARTS.items():
            module = ModuleType(module_name(room, name))
            setattr(module, ROOMS[room], part)
            patch.setitem(sys.modules, module.__name__, module)
        yield made


@cache
def loaded(name):
    return load_images(name, "sample")


SIZES = {"first": 10, "last": 10, "line": "epochs"}


class House:
    """Runs cells of toys as the package would run them, without files."""

    def __init__(self, runs):
        self.runs = runs

    def cell(self, method="gd", problem="toy_fashion", epochs=1, sizes=None, **more):
        """Return a cell as it is read back from its record."""
        settings = {"gd": {"learning_rate": 0.05}}.get(method, {}) | more.pop("method_settings", {})
        problem_settings = more.pop("problem_settings", {})
        made = make_training_cell(
            problem, method, epochs, sizes or SIZES, problem_settings, settings, **more
        )
        again = read_cell(made.record())
        assert again.id == made.id
        return again

    def plan(self, cell):
        return training_plan(cell)

    def data(self, cell):
        plan = training_plan(cell)
        return plan.problem.select(loaded(plan.problem.DATA_SET))

    def train(self, cell, block=0, session=None):
        return self.runs.train_network(training_plan(cell), self.data(cell), block, session)

    def run(self, cell, block=0):
        """Return a run that has not begun."""
        plan = training_plan(cell)
        cpu = torch.device("cpu")
        with torch.no_grad():
            return self.runs.Run(plan, plan.problem.place(self.data(cell), cpu), block, cpu)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def house(runs, toys):
    return House(runs)
