"""Walks of the engine for tests, with all that was seen at every point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine import walks
from escaping_minima.engine.session import NoSession
from escaping_minima.engine.walk_points import Sampling
from escaping_minima.parts.registry import make_problem

CPU = torch.device("cpu")


@dataclass
class Walked:
    """Blocks of walks: their tables, what was seen (steps, walks), and w (steps, walks, m)."""

    tables: list
    seen: list
    w: list
    pieces: list


def points_of(session, key):
    """Return the pieces of the points of a block, joined in order; None where there are none."""
    found = [
        t for (k, name, _), t in sorted(session.pieces.items()) if (k, name) == (key, "points")
    ]
    if not found:
        return None
    return {name: np.concatenate([piece[name] for piece in found]) for name in found[0]}


@pytest.fixture
def walked(monkeypatch):
    """Return a function that walks blocks of a problem, and keeps every point."""

    def walk(name, problem, method, steps, blocks=(0,), session=None, sampling=None):
        seen = []

        def tables_of(values, evaluations):
            seen.append(values)
            return tables(values, evaluations)

        tables = walks.tables_of
        session = session or NoSession()
        keys = [str(block) for block in blocks]
        with monkeypatch.context() as patch:
            patch.setattr(walks, "tables_of", tables_of)
            plan = walks.WalkPlan(
                name, problem, place(problem), method, steps, sampling or Sampling(every=1)
            )
            found = walks.run_walks(plan, list(blocks), keys, CPU, session)
        pieces = [points_of(session, key) for key in keys]
        shape = (steps, problem.BLOCK)
        w = [
            np.stack([piece[f"w{i}"].reshape(shape) for i in range(problem.weights)], axis=2)
            for piece in pieces
            if piece is not None and sampling is None
        ]
        return Walked(found, seen, w, pieces)

    return walk


def place(problem):
    """Return what walks over a problem share."""
    data = load_images(problem.DATA_SET, "generated") if problem.DATA_SET else None
    return problem.place(problem.select(data), CPU)


@pytest.fixture(scope="session")
def mnist():
    """Return a function that makes the walked problem on few generated images, and those."""

    def make(**settings):
        few = {"data": "generated", "train_images": 40, "test_images": 30, "items": 7}
        problem = make_problem("mnist_walk", few | settings)
        data = problem.select(load_images("mnist", "generated"))
        flat = [
            np.float64(v).reshape(len(v), -1) / 255 for v in (data.train_images, data.test_images)
        ]
        return problem, (flat[0], data.train_labels), (flat[1], data.test_labels)

    return make
