"""Batch sizes follow the formula of the paper, and batches cover an epoch."""

from __future__ import annotations

import csv
import math

import pytest

from escaping_minima.draws.streams import Streams
from escaping_minima.parts.settings import from_settings, settings_of
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds, count_updates


@pytest.mark.parametrize(("n2", "epochs"), [(100, 3000), (500, 3000), (500, 1000), (100, 8)])
def test_the_linear_schedule_is_the_formula(n2, epochs):
    sizes = [BatchSizes(10, n2).size(e, epochs) for e in range(1, epochs + 1)]
    # in exact arithmetic, since floor of a float quotient can fall one short
    assert sizes == [
        (10 * (epochs - 1) + (n2 - 10) * (e - 1)) // (epochs - 1) for e in range(1, epochs + 1)
    ]
    assert (sizes[0], sizes[-1]) == (10, n2)
    assert sizes == sorted(sizes)


def test_a_line_in_updates_grows_as_the_square_root():
    sizes = [BatchSizes(10, 500, "updates").size(e, 1001) for e in range(1, 1002)]
    assert (sizes[0], sizes[500], sizes[-1]) == (10, 353, 500)
    # on a line in updates, the size reached is proportional to the updates done
    done, marks = 0.0, []
    for size in sizes:
        done += 60_000 / size
        marks.append(done)
    half = next(i for i, m in enumerate(marks) if m >= marks[-1] / 2)
    assert sizes[half] == pytest.approx((10 + 500) / 2, rel=0.02)


def test_update_counts_are_those_of_the_source(root):
    path = root / "workflow/reference/takase2018-batch-increase/update_counts_derived.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    for row in rows:
        first, _, last = row["batch_size"].partition("->")
        sizes = BatchSizes(int(first), int(last or first))
        assert count_updates(sizes, 60_000, int(row["epochs"])) == int(row["parameter_updates"])


@pytest.mark.parametrize(("images", "size"), [(100, 30), (100, 10), (7, 10), (60_000, 491)])
def test_short_last_batches_are_kept(images, size):
    bounds = batch_bounds(images, size)
    assert [i for begin, end in bounds for i in range(begin, end)] == list(range(images))
    assert len(bounds) == math.ceil(images / size)
    assert {end - begin for begin, end in bounds[:-1]} <= {size}


def test_a_single_image_left_over_joins_the_batch_before():
    assert batch_bounds(21, 10) == [(0, 10), (10, 21)]
    assert batch_bounds(1, 10) == [(0, 1)]


EPOCHS = 25


def of_epochs(sizes, epochs=EPOCHS):
    return [sizes.size(epoch, epochs) for epoch in range(1, epochs + 1)]


def drawn(block, **settings):
    sizes = BatchSizes(10, 500, order="random", **settings)
    return sizes.drawn(Streams("takase_mnist", block), EPOCHS)


@pytest.mark.parametrize("line", ["epochs", "updates"])
def test_every_order_has_the_same_sizes_equally_often(line):
    rising = of_epochs(BatchSizes(10, 500, line))
    assert rising == sorted(rising)
    assert of_epochs(BatchSizes(10, 500, line, "decreasing")) == rising[::-1]
    shuffled = of_epochs(drawn(0, line=line))
    assert shuffled != rising
    assert sorted(shuffled) == rising
    counts = {
        count_updates(s, 2_000, EPOCHS) for s in (BatchSizes(10, 500, line), drawn(0, line=line))
    }
    assert len(counts) == 1


def test_a_random_order_is_that_of_its_run():
    assert of_epochs(drawn(0)) == of_epochs(drawn(0)) != of_epochs(drawn(1))
    # the place on the line that each epoch has
    places = Streams("takase_mnist", 0).generator("sizes", 0).permutation(EPOCHS)
    assert of_epochs(drawn(0)) == [BatchSizes(10, 500).size(p + 1, EPOCHS) for p in places]


def test_a_fixed_order_draws_nothing():
    for order in ("increasing", "decreasing"):
        sizes = BatchSizes(10, 500, order=order)
        # whoever would draw needs streams
        assert sizes.drawn(None, EPOCHS) is sizes


@pytest.mark.parametrize("images", [100, 119, 120, 121, 2_000])
def test_a_last_batch_that_is_left_out_leaves_whole_ones(images):
    bounds = BatchSizes(30, 30, last_batch="left_out").bounds(images, 30)
    assert bounds == [(30 * i, 30 * i + 30) for i in range(images // 30)]
    assert BatchSizes(30, 30).bounds(images, 30) == batch_bounds(images, 30)


def test_images_that_fill_no_batch_are_one():
    assert BatchSizes(30, 30, last_batch="left_out").bounds(20, 30) == [(0, 20)]


def test_updates_are_counted_without_batches_that_are_left_out():
    sizes = BatchSizes(10, 100, last_batch="left_out")
    assert count_updates(sizes, 2_000, 8) == sum(2_000 // size for size in of_epochs(sizes, 8))


def test_records_from_before_orders_are_those_of_the_increase():
    old = {"first": 10, "last": 100, "line": "epochs"}
    assert settings_of(BatchSizes(10, 100)) == old
    assert from_settings(BatchSizes, old) == BatchSizes(10, 100)
    more = {"order": "random", "last_batch": "left_out"}
    assert settings_of(BatchSizes(10, 100, **more)) == old | more


def test_impossible_sizes_are_named():
    with pytest.raises(ValueError, match="2 or more"):
        BatchSizes(1, 10)
    with pytest.raises(ValueError, match="allowed: epochs, updates"):
        BatchSizes(10, 100, "steps")
    with pytest.raises(ValueError, match="allowed: increasing, decreasing, random"):
        BatchSizes(10, 100, order="falling")
    with pytest.raises(ValueError, match="allowed: kept, left_out"):
        BatchSizes(10, 100, last_batch="dropped")
