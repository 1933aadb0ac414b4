"""Published tables say on which machines they were made, also those that are older."""

from __future__ import annotations

import json
import shutil

import pandas as pd

from escaping_minima.collect.collected import MANIFEST, read_published
from escaping_minima.steps.publish import complete, made_on

CELLS = pd.DataFrame({"machine": ["b, c", "a", "b, c"]})


def test_machines_are_those_of_the_tables():
    hardware = pd.DataFrame({"hardware": ['{"cpu":"B"}', "{}", '{"cpu":"A"}', '{"cpu":"B"}']})
    assert made_on({"cells.csv": CELLS}) == {"machines": ["a", "b, c"]}
    assert made_on({"cells.csv": CELLS, "blocks.parquet": hardware}) == {
        "machines": ["a", "b, c"],
        "hardware": [{"cpu": "A"}, {"cpu": "B"}],
    }


def test_what_is_committed_names_its_machines(root, published_study):
    manifest, tables = read_published(root / "results" / "published" / published_study)
    assert manifest["machines"] == sorted(set(tables["cells.csv"]["machine"]))
    assert all(manifest["machines"])
    assert manifest | made_on(tables) == manifest


def test_a_manifest_that_names_none_is_completed_once_and_the_tables_stay(root, tmp_path):
    source = root / "results" / "published" / "batch_increase"
    folder = tmp_path / "published"
    shutil.copytree(source, folder)
    path = folder / MANIFEST
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in whole.items() if k != "machines"}))
    tables = {p.name: p.stat().st_mtime_ns for p in folder.iterdir() if p != path}
    complete(folder, *read_published(folder))
    assert path.read_bytes() == (source / MANIFEST).read_bytes()
    written = path.stat().st_mtime_ns
    complete(folder, *read_published(folder))
    assert path.stat().st_mtime_ns == written
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir() if p != path} == tables
