"""Batches of texts of similar length: each text once an epoch, a short batch at the end."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.problems.tasks.by_length import POOL, arrange_by_length
from escaping_minima.schedules.batch_sizes import batch_bounds

SIZE = 8


def arrange(count, seed=0, size=SIZE):
    rng = np.random.default_rng(seed)
    order, lengths = rng.permutation(count), rng.integers(3, 64, size=count)
    bounds = batch_bounds(count, size)
    found = arrange_by_length(order, lengths, bounds, np.random.default_rng(seed + 1))
    return order, lengths, found, [found[begin:end] for begin, end in bounds]


# whole batches, a short one, one that a single item joins, less than a batch; a pool, one of which
# the last batch is short, one and a bit
@pytest.mark.parametrize(
    "count",
    [80, 83, 81, 5, 9, POOL * SIZE, POOL * SIZE - 3, POOL * SIZE + 3, 3 * POOL * SIZE],
)
def test_each_item_comes_once_and_batches_lie_at_the_bounds(count):
    _, _, found, batches = arrange(count)
    assert sorted(found) == list(range(count))
    assert all(len(batch) == SIZE for batch in batches[:-1])


def test_a_batch_is_a_stretch_of_its_sorted_pool():
    order, lengths, _, batches = arrange(2 * POOL * SIZE + 83)
    pools = [order[b : b + POOL * SIZE] for b in range(0, len(order), POOL * SIZE)]
    for batch in batches:
        (pool,) = (pool for pool in pools if batch[0] in pool)
        own = np.sort(lengths[pool])
        low, high = lengths[batch].min(), lengths[batch].max()
        assert set(batch) <= set(pool)
        # what lies between its shortest and longest is in the batch or as long as one of its ends
        between = np.count_nonzero((own > low) & (own < high))
        # the short batch may have been cut out of the middle
        assert between <= len(batch) + SIZE


def test_less_is_padded():
    _, lengths, _, batches = arrange(40 * SIZE)
    order = np.random.default_rng(5).permutation(40 * SIZE)
    plain = [order[begin:end] for begin, end in batch_bounds(len(order), SIZE)]

    def padded(some):
        return sum(lengths[b].max() * len(b) for b in some) / lengths.sum()

    assert padded(batches) < 1.05
    assert padded(plain) > 1.5


def test_batches_change_places_over_the_whole_epoch():
    order, _, _, batches = arrange(4 * POOL * SIZE)
    first = set(order[: POOL * SIZE])
    where = [place for place, batch in enumerate(batches) if batch[0] in first]
    assert np.mean(where) == pytest.approx(2 * POOL, rel=0.15)
    assert min(where) < 0.1 * len(batches)
    assert max(where) > 0.9 * len(batches)


def test_long_and_short_texts_come_in_any_order():
    _, lengths, _, batches = arrange(POOL * SIZE)
    means = [lengths[batch].mean() for batch in batches]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.3


def test_the_short_batch_is_of_any_length():
    shorts = []
    for seed in range(60):
        _, lengths, _, batches = arrange(20 * SIZE + 3, seed)
        shorts.append(lengths[batches[-1]].mean())
    assert min(shorts) < 12
    assert max(shorts) > 52


@pytest.mark.parametrize("kinds", [1, 3])
def test_items_of_one_length_keep_their_order_within_a_pool(kinds):
    count, rng = 30 * SIZE, np.random.default_rng(0)
    order, lengths = rng.permutation(count), 9 + rng.integers(kinds, size=count)
    bounds = batch_bounds(count, SIZE)
    found = arrange_by_length(order, lengths, bounds, np.random.default_rng(1))
    ordered = sorted(order, key=lambda item: lengths[item])
    cut = {tuple(ordered[begin:end]) for begin, end in bounds}
    assert {tuple(found[begin:end]) for begin, end in bounds} == cut
