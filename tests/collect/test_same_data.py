"""Which published blocks of a cell another block may stand beside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from escaping_minima.collect.merging import _has_same_data
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.canonical import canonical_json

SIZES = {"first": 10, "last": 10, "line": "epochs"}
PLAIN = make_training_cell("takase_mnist", "gd", 1, SIZES)
TUNED = replace(PLAIN, tuned_by={"search": "0123456789", "trials": 2})
PROBE = make_probe_cell(PLAIN, "epoch1", "gradient")
FILES = {"labels": "1", "images": "2"}
TRIALS = {"0123456789/0/trial": "3", "0123456789/1/trial": "4"}


@pytest.mark.parametrize(
    ("cell", "published", "data", "same"),
    [
        (PLAIN, FILES, FILES, True),
        (PLAIN, FILES, FILES | {"labels": "9"}, False),
        (PLAIN, FILES, {"labels": "1"}, False),
        (TUNED, FILES | TRIALS, FILES | TRIALS, True),
        (TUNED, FILES | TRIALS, FILES | TRIALS | {"0123456789/1/trial": "9"}, False),
        (TUNED, FILES | TRIALS, FILES | TRIALS | {"labels": "9"}, False),
        # a table may name the files of the data alone
        (TUNED, FILES, FILES | TRIALS, True),
        (TUNED, FILES, FILES | TRIALS | {"labels": "9"}, False),
        # each block of a probe reads a file of its own
        (PROBE, {}, {"x/1/epoch1": "5"}, True),
        (PROBE, {"x/0/epoch1": "5"}, {"x/1/epoch1": "6"}, True),
    ],
)
def test_blocks_of_a_cell_rest_on_the_same(cell, published, data, same):
    assert _has_same_data(cell, canonical_json(published), data) == same
