"""What is taken from blocks of simulated annealing, against the blocks themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.engine.points import run_points
from escaping_minima.engine.session import NoSession
from escaping_minima.kinds.points.parts import points_plan, read_method_of
from escaping_minima.landscape.curve import curve_points
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase.annealing import (
    annealing_columns,
    is_best,
    of_block,
    temperatures,
)
from escaping_minima.studies.batch_increase.annealing_cells import annealing_items

STEPS, EVERY = 250, 100


@dataclass(frozen=True)
class Kept:
    content: pd.DataFrame

    def table(self):
        return self.content


def short(problem, variant="cooled"):
    """Return a cell of the study, cut short."""
    (cell,) = (
        p.cell
        for p in annealing_items(1)
        if p.labels["strategy"] == problem and p.labels["variant"] == variant
    )
    watched = tuple(o | {"settings": {"every": EVERY}} for o in cell.observers)
    return replace(cell, steps=STEPS, observers=watched)


def run(cell, index=0):
    session = NoSession()
    words = [read_method_of(cell)], [index], ["block"], torch.device("cpu"), session
    (table,) = run_points(points_plan(cell), *words)
    names = {name for _, name, _ in session.pieces}
    kept = {
        name: Kept(
            pd.concat(
                [pd.DataFrame(p) for (_, n, _), p in sorted(session.pieces.items()) if n == name]
            )
        )
        for name in names
    }
    return Block(cell, index, pd.DataFrame(table), {}, kept)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["gentle_curve", "three_hump_camel"])
def block(request):
    return run(short(request.param))


def test_the_course_is_that_of_the_replicates(block):
    course = of_block(block)["annealing.parquet"]
    assert course["step"].tolist() == [0, 100, 200, STEPS]
    assert course["share"].tolist() == pytest.approx([0, 0.4, 0.8, 1])
    assert set(course["cell"]) == {block.cell.id}
    assert course["replicates"].tolist() == [500] * 4
    assert course["tried"].tolist() == [0, 500 * 100, 500 * 100, 500 * 50]
    assert course["loss"].iloc[-1] == pytest.approx(block.table["loss"].mean(), rel=1e-6)
    assert course["loss_50"].iloc[-1] == pytest.approx(block.table["loss"].median(), rel=1e-6)
    # what was climbed and what was gone down make up how far the loss came
    moves = block.kept["tested_moves"].table()
    assert (moves["accepted"] - moves["accepted_worse"]).sum() > 0
    assert course["climbed"].sum() == pytest.approx(moves["climbed"].sum(), rel=1e-6)
    assert (course["accepted_worse"] <= course[["accepted", "worse"]].min(axis=1)).all()


def test_ends_are_those_of_the_first_block_alone(block):
    found = of_block(block)
    ends = found["annealing_ends.parquet"]
    assert ends["x"].to_numpy() == pytest.approx(block.table["end_0"].to_numpy(), rel=1e-6)
    assert ends["y"].isna().all() == (block.cell.problem == "gentle_curve")
    assert ends["best"].sum() == found["annealing.parquet"]["best"].iloc[-1]
    assert set(of_block(replace(block, index=3))) == {"annealing.parquet"}


def test_best_are_the_valleys_of_global_minima():
    curve = make_problem("gentle_curve", {})
    left, top, right = (p.x for p in curve_points(curve))
    x = np.array([left, top - 0.01, top + 0.01, right, -5.0, 30.0, np.nan])
    assert is_best(curve, x[:, None]).tolist() == [False, False, True, True, False, True, False]
    camel = make_problem("six_hump_camel", {})
    minima = [p for p in stationary_points(camel) if p.kind == "minimum"]
    found = is_best(camel, np.array([[p.x, p.y] for p in minima]))
    assert found.tolist() == [p.label.startswith("GM") for p in minima]
    assert found.sum() == 2


def test_temperatures_are_those_that_steps_were_tested_at():
    settings = {"temperature": 8.0, "cooling": 0.5, "floor": 0.7}
    assert temperatures(settings, np.arange(6)).tolist() == [8, 8, 4, 2, 1, 0.7]


def test_a_cell_has_whole_numbers_where_others_have_them():
    (planned, *_) = annealing_items(2)
    row = annealing_columns(planned, [{}, {}])  # type: ignore[arg-type]
    assert row["seeds"] == 2
    assert (row["role"], row["strategy"]) == ("annealing", "gentle_curve")
    for name in ("epochs", "images", "first_batch_size", "parameters"):
        assert row[name] == 0
        assert isinstance(row[name], int)
