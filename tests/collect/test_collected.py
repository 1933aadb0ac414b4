"""Published tables are checked as they are read, and marked stale by the code of now."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

from escaping_minima.collect.collected import MANIFEST, read_collected
from escaping_minima.errors import UserError
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.tables import write_tables


@pytest.fixture
def published(tmp_path):
    cells = [make_points_cell("himmelblau", m, 10, 10) for m in ("gd", "sam")]
    gone = cells[0].record() | {"method": "long_gone"}
    table = pd.DataFrame(
        {
            "cell": ["a", "b", "c"],
            "settings": [*(canonical_json(c.record()) for c in cells), canonical_json(gone)],
            "source_hash": [cell_hash(cells[0]), "of other code", "of other code"],
            "device": ["cpu", "cpu", "cpu"],
            "stale": [True, False, False],
        }
    )
    write_tables(tmp_path, {"cells.csv": table})
    digest = hashlib.sha256((tmp_path / "cells.csv").read_bytes()).hexdigest()
    (tmp_path / MANIFEST).write_text(json.dumps({"tables": {"cells.csv": digest}}))
    return tmp_path


def test_published_cells_are_stale_where_the_code_has_changed(published):
    assert read_collected(published)["cells.csv"]["stale"].tolist() == [False, True, True]


def test_tables_of_a_run_are_read_as_they_are(published):
    (published / MANIFEST).unlink()
    assert read_collected(published)["cells.csv"]["stale"].tolist() == [True, False, False]


def test_altered_or_missing_published_tables_are_named(published):
    path = published / "cells.csv"
    path.write_text(path.read_text().replace("other code", "some code!"))
    with pytest.raises(UserError, match=r"cells\.csv: altered since it was published"):
        read_collected(published)
    (published / "more.csv").write_text("a\n1\n")
    path.unlink()
    with pytest.raises(UserError, match=r"cells\.csv: missing, though published\.json lists it"):
        read_collected(published)
    (published / MANIFEST).write_text("{}")
    with pytest.raises(UserError, match=r"published\.json: not a readable manifest"):
        read_collected(published)


def test_the_committed_tables_are_whole_and_small(root):
    for manifest in (root / "results" / "published").glob(f"*/{MANIFEST}"):
        read_collected(manifest.parent)
        sizes = [p.stat().st_size for p in manifest.parent.iterdir()]
        assert max(sizes) <= 1_000_000
        listed = json.loads(manifest.read_text())["tables"]
        there = {p.name for p in manifest.parent.iterdir()} - {MANIFEST}
        assert there == set(listed)
