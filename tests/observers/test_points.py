"""What is recorded along the paths of small problems, against loops written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.draws.streams import Streams
from escaping_minima.engine.points import PointsPlan, run_points
from escaping_minima.engine.session import NoSession, Stopped
from escaping_minima.observers.cloud import Cloud
from escaping_minima.observers.first_exit import FirstExit
from escaping_minima.observers.path import Path
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems.points import draw_starts

PROBLEM = make_problem("himmelblau", {})
STEPS, RATE = 250, 1e-3


def run(observers, session=None, blocks=(0, 2)):
    plan = PointsPlan("himmelblau", PROBLEM, STEPS, 100, observers)
    session = session or NoSession()
    methods = [make_method("gd", {"learning_rate": RATE})] * len(blocks)
    keys = [f"k{block}" for block in blocks]
    tables = run_points(plan, methods, blocks, keys, torch.device("cpu"), session)
    return dict(zip(keys, tables, strict=True)), session


def pieces(session, key, name):
    found = sorted((n, t) for (k, kept, n), t in session.pieces.items() if (k, kept) == (key, name))
    return pd.concat([pd.DataFrame(dict(table)) for _, table in found], ignore_index=True)


@pytest.fixture(scope="module")
def written_out():
    """Return the points before each step of block 2, (steps, 500, 2), and the end."""
    w = draw_starts(PROBLEM, Streams("himmelblau", 2))
    seen = []
    for _ in range(STEPS):
        seen.append(w.copy())
        w = w - RATE * np.stack(PROBLEM.gradient(w[:, 0], w[:, 1]), axis=1)
    return np.array(seen), w


def test_a_path_is_that_of_the_loop_written_out_in_pieces(written_out):
    _, session = run((Path(every=20, coordinates=(0, 499)),))
    assert len({n for k, _, n in session.pieces if k == "k2"}) == 3
    table = pieces(session, "k2", "path").sort_values(["step", "replicate"])
    seen = written_out[0][::20]
    assert table["step"].unique().tolist() == list(range(0, STEPS, 20))
    x, y = seen[:, :, 0].ravel(), seen[:, :, 1].ravel()
    np.testing.assert_allclose(table["loss"], PROBLEM.value(x, y), rtol=1e-9)
    norms = np.hypot(*PROBLEM.gradient(x, y))
    np.testing.assert_allclose(table["gradient_norm"], norms, rtol=1e-7, atol=1e-9)
    named = table["replicate"].isin([0, 499]).to_numpy()
    np.testing.assert_allclose(table["w0"].to_numpy()[named], x[named], rtol=1e-9)
    assert table["w0"][~named].isna().all()


def test_a_cloud_counts_every_point_once(written_out):
    settings = Cloud(bins=8, loss_low=-2, loss_high=2, gradient_low=-1, gradient_high=3)
    _, session = run((settings,))
    table = pieces(session, "k2", "cloud")
    assert (table.groupby("replicate")["count"].sum() == STEPS).all()
    x, y = (written_out[0][:, 17, axis] for axis in (0, 1))
    loss, norm = PROBLEM.value(x, y), np.hypot(*PROBLEM.gradient(x, y))

    def place(values, low, high):
        return np.clip(np.floor((np.log10(values) - low) * 8 / (high - low)), 0, 7).astype(int)

    expected = pd.Series(list(zip(place(loss, -2, 2), place(norm, -1, 3), strict=True)))
    own = table[table["replicate"] == 17]
    found = dict(
        zip(zip(own["loss_bin"], own["gradient_bin"], strict=True), own["count"], strict=True)
    )
    assert found == expected.value_counts().to_dict()


def test_first_exits_are_those_of_the_loop_written_out(written_out):
    tables, _ = run((FirstExit(radius=0.5),))
    seen, end = written_out
    far = np.linalg.norm(np.concatenate([seen[1:], end[None]]) - seen[0], axis=2) > 0.5
    expected = np.where(far.any(0), far.argmax(0) + 1, -1)
    np.testing.assert_array_equal(tables["k2"]["first_exit"], expected)
    assert (expected == -1).any()
    assert (expected > 0).any()


def test_what_was_watched_survives_a_stop(runs):
    observers = (Path(every=10), Cloud(bins=4), FirstExit(radius=0.5))
    whole_tables, whole = run(observers)
    session = runs.MemorySession(runs.StopAt(2))
    with pytest.raises(Stopped):
        run(observers, session)
    session.should_stop = bool
    tables, session = run(observers, session)
    for key, table in tables.items():
        runs.assert_equal(table, whole_tables[key])
    assert session.pieces.keys() == whole.pieces.keys()
    for name, piece in session.pieces.items():
        runs.assert_equal(dict(piece), dict(whole.pieces[name]))
