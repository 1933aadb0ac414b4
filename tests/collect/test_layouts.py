"""A published table takes in what it lacks, and refuses what would change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.collect.layouts import ByReplicate, ByRow, Piece, Summed
from escaping_minima.errors import UserError
from escaping_minima.results.tables import as_written

SEEDS = ByRow(("cell", "seed"), "seed")
STARTS = ByReplicate("start", 2)
COUNTS = Summed(("cell", "outcome"), ("count",))


def runs(cell, *seeds, loss=0.1):
    return [
        Piece(cell, s, pd.DataFrame({"cell": cell, "seed": s, "loss": [loss + s, np.nan]}))
        for s in seeds
    ]


def ends(cell, *blocks, value=0):
    return [
        Piece(cell, b, pd.DataFrame({"outcome": np.array([b, value], np.int8)})) for b in blocks
    ]


def counts(cell, *blocks, more=0):
    rows = {"cell": cell, "outcome": ["GM1", "halo"]}
    return [Piece(cell, b, pd.DataFrame({**rows, "count": [b + more, 1]})) for b in blocks]


def numbered_counts(cell, *blocks):
    """Return counts whose rows say which block they are of, as no sum does."""
    return [Piece(p.cell, p.block, p.rows.assign(block=p.block)) for p in counts(cell, *blocks)]


@pytest.mark.parametrize(
    ("layout", "name", "give"),
    [
        (SEEDS, "measures.parquet", runs),
        (SEEDS, "measures.csv", runs),
        (COUNTS, "reached.parquet", numbered_counts),
        (STARTS, "outcomes.parquet", ends),
        (COUNTS, "variants.csv", counts),
    ],
)
def test_blocks_in_pieces_give_the_table_of_all(layout, name, give):
    first = [*give("b", 0, 1), *give("a", 0, 1)]
    old = as_written(name, layout.join(first))
    # the blocks that are published are gone, but for one
    more = [*give("b", 1, 2), *give("a", 2), *give("c", 0, 1, 2)]
    found = layout.extend(name, old, more, {"a": 2, "b": 2})
    every = [*give("b", 0, 1, 2), *give("a", 0, 1, 2), *give("c", 0, 1, 2)]
    expected = as_written(name, layout.join(every))
    pd.testing.assert_frame_equal(as_written(name, found), expected)


@pytest.mark.parametrize(
    ("layout", "name", "give"),
    [
        (SEEDS, "measures.parquet", runs),
        (STARTS, "outcomes.parquet", ends),
        (COUNTS, "variants.csv", counts),
    ],
)
def test_what_is_published_already_changes_nothing(layout, name, give):
    old = as_written(name, layout.join([*give("b", 0, 1), *give("a", 0, 1)]))
    for again in ([], give("a", 1), [*give("a", 0, 1), *give("b", 0, 1)]):
        found = layout.extend(name, old, again, {"a": 2, "b": 2})
        pd.testing.assert_frame_equal(as_written(name, found), old)


@pytest.mark.parametrize(
    ("layout", "give", "other", "words"),
    [
        (SEEDS, runs, {"loss": np.nextafter(1.1, 2) - 1}, r"cell a, seed 1: t\.parquet"),
        (STARTS, ends, {"value": 1}, r"cell a, block 1: t\.parquet"),
        (COUNTS, counts, {"more": 1}, r"cell a, blocks 0 to 1: t\.parquet"),
    ],
)
def test_a_published_block_that_would_change_is_named(layout, give, other, words):
    old = layout.join([*give("b", 0, 1), *give("a", 0, 1)])
    again = [*give("a", 0), *give("a", 1, **other)]
    with pytest.raises(UserError, match=words) as caught:
        layout.extend("t.parquet", old, again, {"a": 2, "b": 2})
    assert caught.value.exit_code == 1


def test_cells_with_other_numbers_of_starts_cannot_share_a_table():
    old = STARTS.join([*ends("a", 0, 1), *ends("b", 0, 1)])
    with pytest.raises(UserError, match=r"3 blocks of cell a and 2 of cell b"):
        STARTS.extend("t.parquet", old, ends("a", 2), {"a": 2, "b": 2})
    with pytest.raises(UserError, match=r"2 blocks of cell a and 1 of cell c"):
        STARTS.extend("t.parquet", old, ends("c", 0), {"a": 2, "b": 2})


def test_a_column_that_published_rows_lack_is_refused():
    old = SEEDS.join(runs("a", 0))
    new = [Piece("a", 1, runs("a", 1)[0].rows.assign(new_measure=1.0))]
    with pytest.raises(UserError, match=r"other columns than the published one \(new_measure\)"):
        SEEDS.extend("t.parquet", old, new, {"a": 1})


def test_tables_without_blocks_keep_their_columns_or_are_left_out():
    assert list(COUNTS.join([]).columns) == ["cell", "outcome", "count"]
    assert list(ByRow(("function",), empty=("function", "x")).join([]).columns) == ["function", "x"]
    assert SEEDS.join([]) is None
    assert STARTS.join([]) is None
