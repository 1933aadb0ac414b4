"""Cells of meshes and how many of them are visited, against sets of tuples."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.studies.batch_increase.mesh import (
    SECTIONS,
    SWEEP,
    cells_of,
    jitter,
    mesh_counts,
    of_block,
    visits,
)
from escaping_minima.studies.batch_increase.mesh_visits import compact, expand

EPOCHS, SIZE, SUBSETS = 37, 6, 3


def plain_section(value, sections, low=-0.3, high=0.3):
    """The section by going through their borders one by one."""
    section = 0
    while section < sections - 1 and value >= low + (section + 1) * (high - low) / sections:
        section += 1
    return section


def plain_cells(path, sections):
    return [tuple(plain_section(float(v), sections) for v in point) for point in path]


def plain_count(path, sections):
    return len(set(plain_cells(path, sections)))


@pytest.fixture(scope="module")
def points():
    """Return paths that come back to where they were, (subsets, epochs + 1, size)."""
    rng = np.random.default_rng(1)
    steps = (
        rng.normal(0, 0.02, (SUBSETS, EPOCHS + 1, SIZE)) * (rng.random(EPOCHS + 1) < 0.6)[:, None]
    )
    paths = rng.uniform(-0.28, 0.28, (SUBSETS, 1, SIZE)) + steps.cumsum(axis=1)
    # there and back, and out of the domain
    paths[:, 20:26] = paths[:, 10:16]
    paths[:, 30, 0] = 0.7
    paths[:, 31, 0] = -5.0
    return paths.astype(np.float32)


@pytest.fixture(scope="module")
def coordinates(points):
    rows = [
        {"epoch": epoch, "subset": subset, "values": points[subset, epoch].tobytes()}
        for epoch in range(EPOCHS + 1)
        for subset in range(SUBSETS)
    ]
    return pd.DataFrame(rows)


LOSS = np.geomspace(2, 0.01, EPOCHS + 1)


@pytest.mark.parametrize("sections", [1, 2, 7, 10, 30, 100, 256])
def test_cells_are_those_of_tuples_of_sections(points, sections):
    for path in points:
        cells = plain_cells(path, sections)
        order = list(dict.fromkeys(cells))
        found = cells_of(path, sections, -0.3, 0.3)
        assert found.dtype == np.int32
        assert found.tolist() == [order.index(cell) for cell in cells]


def test_what_lies_outside_is_in_the_section_at_the_end():
    values = np.array([[-9.0], [-0.3], [-0.25], [0.29], [0.3], [9.0]])
    assert cells_of(values, 10, -0.3, 0.3).tolist() == [0, 0, 0, 1, 1, 1]


def test_one_coordinate_in_a_thousand_makes_another_cell():
    path = np.zeros((3, 1000))
    path[1, 999] = 0.031
    assert cells_of(path, 20, -0.3, 0.3).tolist() == [0, 1, 0]


def test_visits_are_of_the_epochs_and_leave_out_the_start(points, coordinates):
    found = visits(coordinates, LOSS)
    assert list(found) == ["subset", "sections", "epoch", "visited", "train_loss"]
    assert len(found) == SUBSETS * len(SECTIONS) * EPOCHS
    assert found["visited"].dtype == np.int32
    for (subset, sections), rows in found.groupby(["subset", "sections"]):
        cells = plain_cells(points[subset, 1:], sections)
        order = list(dict.fromkeys(cells))
        assert rows["epoch"].tolist() == list(range(1, EPOCHS + 1))
        assert rows["visited"].tolist() == [order.index(cell) for cell in cells]
        np.testing.assert_array_equal(rows["train_loss"], LOSS[1:].astype(np.float32))
    # the paths come back, so that cells are not as many as snapshots
    assert 1 < found["visited"].max() < EPOCHS - 1


def test_the_order_of_the_rows_does_not_matter(coordinates):
    mixed = coordinates.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(visits(mixed, LOSS), visits(coordinates, LOSS))


def test_visits_come_back_from_their_compact_form(coordinates):
    found = visits(coordinates, LOSS)
    small = compact(found)
    assert len(small) == EPOCHS
    pd.testing.assert_frame_equal(expand(small), found)
    # epochs 20 to 25 are where 10 to 15 were; nothing else comes back from so far
    since = small.set_index("epoch")["since_30_0"]
    assert (since.loc[21:25] <= 10).all()
    assert (since.loc[20:25] > 0).all()
    assert since.loc[1] == 0


def test_counts_are_those_of_sets_in_every_window(points, coordinates):
    found = mesh_counts(coordinates, Streams("p", 0)).query("control == 0")
    assert set(found["sections"]) == set(SWEEP)
    assert len(found) == SUBSETS * len(SWEEP) * 11
    for row in found.itertuples():
        epochs = range(1, EPOCHS + 1)
        if row.window:
            epochs = [
                e for e in epochs if (row.window - 1) * EPOCHS < 10 * e <= row.window * EPOCHS
            ]
        assert row.cells == plain_count(points[row.subset, list(epochs)], row.sections)
        assert row.snapshots == len(epochs)
    whole = found[found["window"] == 0]
    assert set(whole["snapshots"]) == {EPOCHS}
    assert (
        found[found["window"] > 0]
        .groupby(["subset", "sections"])["snapshots"]
        .sum()
        .eq(EPOCHS)
        .all()
    )
    # a finer mesh of twice the sections cannot have fewer cells
    by_sections = whole[whole["subset"] == 0].set_index("sections")["cells"]
    assert by_sections[2] < by_sections[10] <= by_sections[20] <= by_sections[40]


def test_a_run_with_fewer_epochs_than_windows_has_empty_ones(coordinates):
    short = coordinates[coordinates["epoch"] <= 5]
    found = mesh_counts(short, Streams("p", 0), (10,))
    snapshots = found.query("subset == 0 and control == 0").set_index("window")["snapshots"]
    assert snapshots.tolist() == [5, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert (found["cells"] <= found["snapshots"]).all()
    assert (found.loc[found["snapshots"] == 0, "cells"] == 0).all()


def test_jitter_stands_where_the_run_ends_with_steps_as_large_as_its_last():
    rng = np.random.default_rng(0)
    size, epochs = 40, 4000
    scale = np.geomspace(1e-3, 1e-1, size)
    # a run that travels, then jitters by itself
    path = np.linspace(5, 0, epochs + 1)[:, None] * (np.arange(epochs + 1) < 3000)[:, None]
    path = (path + scale * rng.standard_normal((epochs + 1, size))).astype(np.float32)
    found = jitter(path, np.random.default_rng(1))
    assert found.shape == (epochs, size)
    np.testing.assert_allclose(found.mean(0) - path[-1], 0, atol=5 * 0.1 / np.sqrt(epochs))
    np.testing.assert_allclose(found.std(0), scale, rtol=0.1)
    steps = np.diff(found, axis=0).std(0)
    np.testing.assert_allclose(steps, np.diff(path[-400:], axis=0).std(0), rtol=0.1)


def test_the_control_counts_jitter_by_named_draws(points, coordinates):
    found = mesh_counts(coordinates, Streams("p", 4), (30,)).query("control == 1 and window == 0")
    for subset, path in enumerate(points):
        last = np.diff(path.astype(float), axis=0)[-4:]
        drawn = Streams("p", 4).generator("mesh jitter", subset).standard_normal((EPOCHS, SIZE))
        control = path[-1] + np.sqrt((last**2).mean(0) / 2) * drawn
        (row,) = found[found["subset"] == subset].itertuples()
        assert row.cells == plain_count(control, 30)
        assert row.snapshots == EPOCHS
    assert mesh_counts(coordinates, Streams("p", 4), (30,)).equals(
        mesh_counts(coordinates, Streams("p", 4), (30,))
    )


def test_a_run_that_stands_still_visits_one_cell_and_so_does_its_control():
    rows = [
        {"epoch": e, "subset": 0, "values": np.full(8, 0.1, "<f4").tobytes()} for e in range(21)
    ]
    found = mesh_counts(pd.DataFrame(rows), Streams("p", 0))
    assert (found["cells"] == 1).all()


def planted_block(coordinates, outcome="done", kept=True):
    table = pd.DataFrame({"epoch": np.arange(EPOCHS + 1.0), "train_loss": LOSS})
    file = SimpleNamespace(table=lambda: coordinates)
    return SimpleNamespace(
        cell=SimpleNamespace(id="c0ffee", problem="takase_mnist"),
        index=2,
        table=table,
        manifest={"outcome": outcome},
        kept={"coordinates": file} if kept else {},
    )


def test_a_block_gives_visits_and_counts(coordinates):
    found = of_block(planted_block(coordinates))
    assert list(found) == ["visits.parquet", "mesh.parquet"]
    for table in found.values():
        assert set(table["cell"]) == {"c0ffee"}
        assert set(table["seed"]) == {2}
    pd.testing.assert_frame_equal(expand(found["visits.parquet"]), visits(coordinates, LOSS))
    expected = mesh_counts(coordinates, Streams("takase_mnist", 2))
    pd.testing.assert_frame_equal(found["mesh.parquet"].drop(columns=["cell", "seed"]), expected)


def test_blocks_without_the_observer_and_lost_ones_give_none(coordinates):
    assert of_block(planted_block(coordinates, kept=False)) == {}
    assert of_block(planted_block(coordinates, outcome="diverged")) == {}
