"""Publishing adds runs to what is published; nobody needs the blocks of earlier runs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from batch_increase_planting import NONE

from escaping_minima import __version__
from escaping_minima.collect.block_rows import BLOCKS
from escaping_minima.collect.collected import read_collected, read_published, remeasurings
from escaping_minima.collect.merging import CELLS
from escaping_minima.collect.parts import parts_path
from escaping_minima.config.load import load_config, resolve
from escaping_minima.errors import UserError
from escaping_minima.files.locks import hold
from escaping_minima.plan.jobs import PlannedBlocks, plan_study
from escaping_minima.provenance.circumstances import versions
from escaping_minima.results.blocks import write_block
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import as_written, encode_tables
from escaping_minima.steps import publish as module
from escaping_minima.steps.collect import collect, tables_of
from escaping_minima.steps.publish import publish
from escaping_minima.steps.remeasure import main, remeasure
from escaping_minima.studies.batch_increase.kept_curves import kept_rows, measured_again

STUDY = "batch_increase"
NUMBERS = {
    **NONE,
    "data": "generated",
    "seeds": 0,
    "epochs": 40,
    "mesh_epochs": 0,
    "controls": False,
    "sample_seeds": 2,
    "sample_controls": False,
}
HARDWARE = {"cpu": "AMD EPYC 9654", "vector_instructions": "avx2 avx512f"}


class Runs:
    """A folder of planted runs, with what is published from it."""

    def __init__(self, folder: Path, planting: Any) -> None:
        self.root, self.paths, self.planting = folder, ResultPaths(folder, "paper"), planting
        self.world = planting.paper_world()

    def plan(self, **numbers: Any) -> list[PlannedBlocks]:
        jobs = plan_study(STUDY, NUMBERS | numbers)
        return [cells for job in jobs for cells in job.cells]

    def path(self, planned: PlannedBlocks, seed: int) -> Path:
        return self.paths.block(STUDY, planned.cell.id, seed)

    def run(self, *seeds: int, world: Any = None, change: Any = None, **numbers: Any) -> None:
        """Write the blocks of some seeds of the plan."""
        for planned in self.plan(**numbers):
            for seed in set(planned.indices) & set(seeds):
                table, manifest = self.planting.block(world or self.world, planned, seed)
                manifest |= {"cell_id": planned.cell.id, "hardware": HARDWARE} | (change or {})
                write_block(self.path(planned, seed), table, manifest)

    def forget(self) -> None:
        shutil.rmtree(self.paths.base)

    def publish(self, drop_unplanned: bool = False, **numbers: Any) -> dict[str, bytes]:
        raw = {"scale": "paper", "studies": [STUDY], "results": str(self.root)}
        settings = resolve(load_config(raw | {STUDY: NUMBERS | numbers}))
        self.said = publish(settings, drop_unplanned)
        return self.files()

    def files(self) -> dict[str, bytes]:
        folder = self.paths.published(STUDY)
        return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def runs(tmp_path, planting, monkeypatch):
    monkeypatch.setattr(module, "commit", lambda folder: ("f" * 40, False))
    made = Runs(tmp_path, planting)
    made.run(0, 1)
    made.publish()
    return made


def test_one_more_seed_gives_the_tables_of_all_seeds(runs, tmp_path, planting):
    first = runs.files()
    runs.forget()
    runs.run(2, sample_seeds=3, change={"hardware": {"cpu": "another"}})
    found = runs.publish(sample_seeds=3)
    other = Runs(tmp_path / "whole", planting)
    other.run(0, 1)
    other.run(2, sample_seeds=3, change={"hardware": {"cpu": "another"}})
    whole = other.publish(sample_seeds=3)
    assert set(found) == set(whole) == set(first)
    for name in set(found) - {"published.json"}:
        assert found[name] == whole[name] != first[name], name
    manifest = json.loads(found["published.json"])
    assert manifest["tables"] == json.loads(whole["published.json"])["tables"]
    assert manifest["hardware"] == [HARDWARE, {"cpu": "another"}]
    assert manifest["machines"] == ["planted"]
    assert [e["numbers"]["sample_seeds"] for e in manifest["earlier"]] == [2]
    read = read_collected(runs.paths.published(STUDY))
    assert read[CELLS]["seeds"].tolist() == [3] * 4
    assert read[CELLS]["wall_seconds"].tolist() == [4.5] * 4
    assert len(read[BLOCKS]) == 12


def test_what_is_published_is_left_alone(runs):
    folder = runs.paths.published(STUDY)
    times = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    runs.publish()
    runs.forget()
    runs.run(0)
    runs.publish(sample_seeds=1)
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == times


def refused(runs: Runs, words: str, **numbers: Any) -> None:
    before = runs.files()
    with pytest.raises(UserError, match=words) as caught:
        runs.publish(**numbers)
    assert caught.value.exit_code == 1
    assert runs.files() == before


def test_a_run_that_gives_other_numbers_is_refused_by_name(runs, planting):
    cell = runs.plan()[0].cell.id
    runs.run(1, world=planting.replace(runs.world, luck=0.01))
    refused(runs, rf"cell {cell}, seed 1: curves\.parquet would not hold the numbers")


def test_a_seed_that_is_nowhere_is_named(runs):
    runs.forget()
    runs.run(3, sample_seeds=4)
    path = rf"{runs.plan()[0].cell.id}/b0002\.parquet"
    words = rf"{path}: the block is neither there nor published \(and 3 more\); run it first"
    refused(runs, words, sample_seeds=4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source_hash": "older"}, "4 cells of batch_increase were run by other sources"),
        ({"dirty": True}, "4 cells of batch_increase were run from a working tree with"),
        ({"commit": "unknown"}, "4 cells of batch_increase were run from a working tree with"),
        ({"data": {"train-images": "1" * 64}}, "block 2 was trained on other data files"),
    ],
)
def test_a_seed_that_cannot_stand_beside_the_others_is_refused(runs, change, words):
    runs.forget()
    runs.run(2, sample_seeds=3, change=change)
    refused(runs, words, sample_seeds=3)


def test_a_seed_of_newer_sources_is_not_put_beside_older_ones(runs):
    cells = runs.plan()[0]
    newer = PlannedBlocks(cells.cell, 1, cells.labels, "newer", 2)
    offered = runs.planting.offered(runs.world, newer, 2)
    _, published = read_published(runs.paths.published(STUDY))
    with pytest.raises(UserError, match="its published blocks were run by other sources"):
        tables_of(STUDY).extend(published, [offered])


def test_a_cell_of_the_same_name_with_other_settings_is_refused(runs):
    main = {"seeds": 1, "sample_seeds": 0}
    runs.run(0, **main)
    before = runs.files()
    found = runs.publish(**main)
    assert found[CELLS].startswith(before[CELLS])
    runs.run(0, **main, data="sample")
    words = r"\(main, fixed_\d+, 40\) would stand beside the published cell"
    refused(runs, words, **main, data="sample")


def test_a_strategy_may_have_several_horizons(runs):
    main = {"seeds": 1, "sample_seeds": 0}
    runs.run(0, **main)
    before = runs.publish(**main)
    runs.run(0, **main, epochs=41)
    after = runs.publish(**main, epochs=41)
    assert after[CELLS].startswith(before[CELLS])
    cells = pd.read_csv(io.BytesIO(after[CELLS]))
    assert set(cells.loc[cells["role"] == "main", "epochs"]) == {40, 41}


def test_a_cell_that_was_superseded_can_be_dropped(runs):
    """By its name, in the lines and in the manifest; what is still planned keeps its bytes."""
    main = {"seeds": 1, "sample_seeds": 0}
    runs.run(0, **main)
    before = pd.read_csv(io.BytesIO(runs.publish(**main)[CELLS]), dtype=str)
    numbers = {"seeds": 1, "epochs": 41}
    runs.run(0, **main, epochs=41)
    found = runs.publish(drop_unplanned=True, **numbers)
    after = pd.read_csv(io.BytesIO(found[CELLS]), dtype=str)
    sample = before["role"] == "sample"
    old = before[~sample]
    assert 0 < len(old) < len(before)
    pd.testing.assert_frame_equal(after[after["role"] == "sample"], before[sample])
    assert set(after["cell"]) == {cells.cell.id for cells in runs.plan(**numbers)}
    assert json.loads(found["published.json"])["dropped"] == list(old["cell"])
    folder = runs.paths.published(STUDY)
    assert runs.said == [
        *(
            f"{folder}: dropped {row.cell}, {row.role}, {row.strategy}, {row.epochs}"
            for row in old.itertuples()
        ),
        str(folder),
    ]
    # nothing more to drop: nothing is written
    assert runs.publish(drop_unplanned=True, **numbers) == found
    refused(runs, "neither there nor published", drop_unplanned=True, seeds=2, epochs=41)


def test_altered_tables_are_not_added_to(runs):
    path = runs.paths.published(STUDY) / CELLS
    path.write_bytes(path.read_bytes().replace(b"planted", b"painted"))
    refused(runs, r"cells\.csv: altered since it was published")


def test_a_block_is_read_once_and_then_no_more(runs, monkeypatch):
    for path in runs.paths.base.rglob("*.parts"):
        path.unlink()
    read = Path.read_bytes
    seen: list[str] = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: (seen.append(path.name), read(path))[1])
    first = collect(runs.paths.plan, STUDY, None, [])
    tables = {p.name: read(p) for p in first.iterdir()}
    assert sum(name.endswith(".parquet") for name in seen) == 8
    seen.clear()
    collect(runs.paths.plan, STUDY, None, [])
    assert sum(name.endswith(".parquet") for name in seen) == 0
    assert {p.name: read(p) for p in first.iterdir()} == tables
    # a block that is written anew is read anew
    planned = runs.plan()[0]
    runs.run(planned.first, world=runs.world.change(lambda name: True, loss=0.5))
    collect(runs.paths.plan, STUDY, None, [])
    assert {p.name: read(p) for p in first.iterdir()} != tables
    assert parts_path(runs.path(planned, planned.first)).exists()


def test_the_committed_tables_take_in_a_seed_and_keep_every_bit(root, planting, monkeypatch):
    # the run is planted: whether its sources are those of the published runs is not asked
    monkeypatch.setattr("escaping_minima.collect.merging.is_stale", lambda *words: False)
    tables = tables_of(STUDY)
    folder = root / "results" / "published" / STUDY
    _, published = read_published(folder)
    rows = published[CELLS].set_index("cell")
    found = [c for c in Runs(folder, planting).plan(sample_seeds=6) if c.first == 5]
    offered = [planting.offered(planting.paper_world(), planned, 5) for planned in found]
    for block in offered:
        block.manifest["data"] = json.loads(rows.loc[block.planned.cell.id, "data"])
    more = tables.extend(published, offered)
    ids = {block.planned.cell.id for block in offered}
    assert len(ids) == 4
    assert list(more[CELLS].columns) == list(published[CELLS].columns)
    kept, old = (
        t[CELLS][~t[CELLS]["cell"].isin(ids)].reset_index(drop=True) for t in (more, published)
    )
    assert kept.to_csv() == old.to_csv()
    for name in ("curves.parquet", "measures.parquet", "wrong.parquet"):
        without = more[name][~(more[name]["cell"].isin(ids) & (more[name]["seed"] == 5))]
        pd.testing.assert_frame_equal(without.reset_index(drop=True), published[name])
    seeds = more[CELLS].set_index("cell")["seeds"].astype(int)
    assert (seeds - rows["seeds"].astype(int)).loc[list(ids)].tolist() == [1] * 4
    assert set(more[BLOCKS]["cell"]) == ids | set(published[BLOCKS]["cell"])


def test_committed_measures_are_those_of_the_committed_curves(root):
    """Bit by bit, though nobody has the blocks: whoever changes a measure takes them again so."""
    _, published = read_published(root / "results" / "published" / STUDY)
    for name, table in measured_again(published).items():
        pd.testing.assert_frame_equal(as_written(name, table), published[name])


def test_measures_are_taken_again_from_published_curves_and_from_whole_ones_alone(
    runs, monkeypatch
):
    folder = runs.paths.published(STUDY)
    before = runs.files()
    assert remeasure(folder) == []
    monkeypatch.setattr(module, "commit", lambda folder: ("e" * 40, False))
    # as if the tables were older than one of the measures
    older = pd.read_parquet(folder / "measures.parquet").drop(columns="test_loss_climb")
    content = encode_tables({"measures.parquet": older})["measures.parquet"]
    (folder / "measures.parquet").write_bytes(content)
    manifest = json.loads(before["published.json"])
    manifest["tables"]["measures.parquet"] = hashlib.sha256(content).hexdigest()
    (folder / "published.json").write_text(json.dumps(manifest))
    assert main([str(folder)]) == 0
    found = runs.files()
    assert {n: c for n, c in found.items() if n != "published.json"} == {
        n: c for n, c in before.items() if n != "published.json"
    }
    after = json.loads(found["published.json"])
    once = {
        "commit": "e" * 40,
        "package": __version__,
        "versions": versions(),
        "tables": ["measures.parquet"],
    }
    # the runs are still those of the commit that published them
    assert after == json.loads(before["published.json"]) | {"measured_again": [once]}
    assert remeasure(folder) == []
    # and the run itself may be published again
    runs.publish()
    assert runs.files() == found
    runs.run(0, seeds=1, sample_seeds=0, epochs=200)
    runs.publish(seeds=1, sample_seeds=0, epochs=200)
    before = runs.files()
    manifest = json.loads(before["published.json"])
    # by then it is history: what was measured anew stands beside what was published before
    assert "measured_again" not in manifest
    assert [e["measured_again"] for e in manifest["earlier"]] == [[once]]
    assert remeasurings(folder) == [once]
    left = len(kept_rows(201)) - 1
    with pytest.raises(UserError, match=rf"curves\.parquet has {left} of its 200 epochs"):
        remeasure(folder)
    assert runs.files() == before


def test_measures_are_not_taken_again_by_code_that_no_commit_names(runs, monkeypatch):
    monkeypatch.setattr(module, "commit", lambda folder: ("f" * 40, True))
    monkeypatch.setattr(module, "uncommitted", lambda folder: ["src/a.py"])
    before = runs.files()
    words = r"^remeasure: the working tree has uncommitted changes; .* \(the first is src/a\.py\)$"
    with pytest.raises(UserError, match=words) as caught:
        remeasure(runs.paths.published(STUDY))
    assert caught.value.exit_code == 1
    assert runs.files() == before


def test_measures_are_not_taken_again_while_the_results_are_in_use(runs):
    with (
        hold(runs.root / "lock", "results"),
        pytest.raises(UserError, match=rf"^{runs.root}/ is in use by process"),
    ):
        remeasure(runs.paths.published(STUDY))


def test_what_measures_cannot_be_taken_of_is_said_in_a_line(root, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "commit", lambda folder: ("f" * 40, False))
    study = "stationary_distributions"
    others = tmp_path / "published" / study
    shutil.copytree(root / "results" / "published" / study, others)
    # where the lock of its results would lie cannot be told
    shutil.copytree(others, loose := tmp_path / study)
    assert main([]) == 2
    for folder in (tmp_path, loose, others):
        assert main([str(folder)]) == 1
    none = "no published tables there; allowed: a study's folder in published/ of a results folder"
    assert capsys.readouterr().err.splitlines() == [
        "allowed: one argument, the folder of a study's published tables",
        f"{tmp_path}: {none}",
        f"{loose}: {none}",
        f"{others}: tables of {study} rest on blocks",
    ]


@pytest.mark.parametrize("study", ["batch_increase", "stationary_distributions"])
def test_committed_tables_that_take_in_nothing_stay_the_same_bytes(root, study):
    folder = root / "results" / "published" / study
    manifest, published = read_published(folder)
    found = module.encode_tables(tables_of(study).extend(published, []))
    digests = {name: module.hashlib.sha256(content).hexdigest() for name, content in found.items()}
    assert {name: digests[name] for name in manifest["tables"]} == manifest["tables"]
