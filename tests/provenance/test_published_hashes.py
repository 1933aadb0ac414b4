"""What is published stands for the present code: by its hash, or by one that was vouched for."""

from __future__ import annotations

import json

import pandas as pd

from escaping_minima.collect.cell_columns import is_stale
from escaping_minima.kinds.records import read_cell
from escaping_minima.provenance.sources import cell_hashes


def test_published_cells_hold_for_the_present_code(published_study, root):
    table = pd.read_csv(root / "results" / "published" / published_study / "cells.csv", dtype=str)
    now = cell_hashes(read_cell(json.loads(text)) for text in table["settings"])
    assert len(now) == len(table) > 0
    rows = zip(table["cell"], table["source_hash"], now, table["device"], strict=True)
    # to be mended by `escaping-minima vouch`, or by running these cells again
    assert [cell for cell, then, present, device in rows if is_stale(then, present, device)] == []
