"""How many runs share a GPU: by batch size, and never more than its memory holds."""

from __future__ import annotations

import pytest

from escaping_minima.kinds.training.width import pack_width

CARD = 80e9


@pytest.mark.parametrize(
    ("batch_size", "run_bytes", "expected"),
    [
        (10, 0.1e9, 16),
        (500, 0.1e9, 8),
        (2048, 1e9, 2),
        # two thirds of the card hold five runs of ten gigabytes
        (10, 10e9, 5),
        (500, 100e9, 1),
    ],
)
def test_small_batches_stand_side_by_side_as_far_as_memory_goes(batch_size, run_bytes, expected):
    assert pack_width(batch_size, CARD, run_bytes) == expected
