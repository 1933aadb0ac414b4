"""From blocks to tables: what is kept of which run, and measures taken again from it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escaping_minima.collect.block_rows import BLOCKS
from escaping_minima.collect.merging import CELLS, Offered
from escaping_minima.errors import UserError
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block, kept_files, write_block
from escaping_minima.results.further import write_further
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import as_written
from escaping_minima.steps.collect import offered as read_offered
from escaping_minima.studies.sgd_sa.collect import CURVE_POINTS, TABLES
from escaping_minima.studies.sgd_sa.layout import Item, Layout
from escaping_minima.studies.sgd_sa.settings import Settings
from escaping_minima.studies.sgd_sa.whole_runs import WHOLE

EPOCHS = 40
RATES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05)
MEASURES, CURVES = "measures.parquet", "curves.parquet"
MOVES, WORSENINGS = "moves.parquet", "worsenings.parquet"


def layout(scale: str = "gpu", **numbers: Any) -> Layout:
    known = {name: said.scales[scale] for name, said in described_settings(Settings).items()}
    return Layout(Settings(**{**known, "epochs": EPOCHS, **numbers}))


class Blocks:
    """Makes blocks with planted curves and moves, their further tables on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def offer(self, item: Item, seed: int = 0, **manifest: Any) -> Offered:
        planned = PlannedBlocks(item.cell, 1, item.labels, "now", seed)
        table, tables = self._probe(item) if item.cell.rests_on else self._run(item, seed)
        path = ResultPaths(self.folder, "gpu").block("sgd_sa", item.cell.id, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {**MANIFEST, "further": write_further(path, tables, {}, {}), **manifest}
        write_block(path, table, made | {"cell_id": item.cell.id})
        kept = kept_files(path, made)
        return Offered(
            planned, seed, made, TABLES.of_block(Block(item.cell, seed, table, made, kept))
        )

    def _run(self, item: Item, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
        cell, rng = item.cell, np.random.default_rng([seed, int(item.cell.id, 16)])
        count = cell.epochs + 1
        table = {
            "epoch": np.arange(count, dtype=float),
            "batch_size": np.full(count, 512.0),
            "updates": 98.0 * np.arange(count),
            "running_loss": [math.nan, *rng.random(count - 1)],
        }
        held_out = ("validation",) if cell.problem_settings["validation_images"] else ()
        for split in ("train", "test", *held_out):
            table[f"{split}_loss"] = rng.random(count)
            table[f"{split}_error"] = rng.integers(0, 9_000, count) / 100
        watched = any(o["name"] == "annealing" for o in cell.observers)
        return pd.DataFrame(table), self._watched(cell, rng) if watched else {}

    def _watched(self, cell: Any, rng: np.random.Generator) -> dict[str, Any]:
        moves = len(cell.method_settings.get("rates", [1]))
        rows = cell.epochs * moves
        worse = rng.integers(0, 5, rows)
        accepted = rng.integers(0, 3, rows)
        tables = {
            "moves": {
                "epoch": np.repeat(np.arange(1, cell.epochs + 1), moves),
                "move": np.tile(np.arange(moves), cell.epochs),
                "tried": worse + 3,
                "accepted": accepted + 3,
                "worse": worse,
                "accepted_worse": accepted,
                "probability": worse * rng.random(rows),
                "worsening": worse * rng.random(rows),
            },
            "worsenings": {
                "epoch": np.repeat(np.arange(1, cell.epochs + 1), 2),
                "bin": np.tile([20, 30], cell.epochs),
                "accepted": rng.integers(0, 9, 2 * cell.epochs),
                "rejected": rng.integers(0, 9, 2 * cell.epochs),
            },
        }
        if not cell.method_settings.get("accept", True):
            nothing = ("worse", "accepted_worse", "probability", "worsening")
            tables["moves"] |= {name: 0 * tables["moves"][name] for name in nothing}
            tables["worsenings"] = {n: c[:0] for n, c in tables["worsenings"].items()}
        return tables

    def _probe(self, item: Item) -> tuple[pd.DataFrame, dict[str, Any]]:
        batch, rate = (column.ravel() for column in np.meshgrid([0, 1], RATES, indexing="ij"))
        columns = {"batch": batch, "rate": rate, "loss": 0.5, "gradient_norm": 2.0}
        return pd.DataFrame(columns).assign(gradient_change=-rate, random_change=rate / 4), {}


MANIFEST = {
    "diverged_replicates": 0,
    "parameters": 14_775_446,
    "gradient_evaluations": 98 * EPOCHS,
    "loss_evaluations": 2 * 98 * EPOCHS,
    "wall_seconds": 1.5,
    "data": {"images": "0" * 64},
    "commit": "0" * 40,
    "dirty": False,
    "source_hash": "now",
    "device": "cuda",
    "machine": "planted",
    "versions": {"torch": "2", "numpy": "2"},
}


@pytest.fixture
def blocks(tmp_path):
    return Blocks(tmp_path)


def test_a_run_is_kept_whole_with_its_moves(blocks):
    item = layout().main("vgg16")[1]
    parts = blocks.offer(item, 3).parts
    assert set(parts) == {CURVES, MEASURES, MOVES, WORSENINGS}
    assert len(parts[CURVES]) == EPOCHS + 1
    moves = parts[MOVES]
    assert list(moves.columns) == [
        *("cell", "seed", "epoch", "move", "rate", "tried", "accepted", "worse"),
        *("accepted_worse", "probability", "worsening"),
    ]
    assert moves["rate"].tolist() == list(RATES) * EPOCHS
    assert set(moves["cell"]) == {item.cell.id}
    assert set(moves["seed"]) == {3}
    kinds = {str(moves[name].dtype) for name in ("epoch", "move", "tried", "accepted_worse")}
    assert kinds == {"int32"}
    assert str(moves["worsening"].dtype) == "float32"
    assert list(parts[WORSENINGS].columns) == [
        *("cell", "seed", "epoch", "bin", "accepted", "rejected"),
    ]
    (measures,) = parts[MEASURES].to_dict("records")
    early = moves[moves["epoch"] <= EPOCHS // 10]
    large = early[early["rate"] >= 0.5]
    assert measures["large_accepted_early"] == large["accepted"].sum() / large["tried"].sum()
    assert measures["worse_share_early"] == early["worse"].sum() / early["tried"].sum()
    assert not math.isnan(measures["accepted_median_last"])


def test_what_lies_beside_a_block_is_read_with_it(blocks):
    """Once: then it is kept with all else that is taken from the block."""
    made = blocks.offer(layout().main("vgg16")[1])
    paths = ResultPaths(blocks.folder, "gpu")
    path = paths.block("sgd_sa", made.planned.cell_id, 0)
    for _ in range(2):
        (found,) = read_offered("sgd_sa", [(made.planned, 0)], paths)
        assert set(found.parts) == set(made.parts)
        for name, table in made.parts.items():
            pd.testing.assert_frame_equal(found.parts[name], table)
        # read again, it would be missed
        path.with_name("b0000.moves.parquet").unlink(missing_ok=True)


def test_a_run_without_moves_has_none(blocks):
    parts = blocks.offer(layout().main("resnet34")[0]).parts
    assert set(parts) == {CURVES, MEASURES}
    (measures,) = parts[MEASURES].to_dict("records")
    assert math.isnan(measures["worse_share_early"])
    assert not math.isnan(measures["last_test_loss"])


def test_a_method_without_rates_has_one_move_without_one(blocks):
    item = layout().fashion()[0]
    moves = blocks.offer(item).parts[MOVES]
    assert item.labels["run"] == "ssa"
    assert len(moves) == EPOCHS
    assert moves["rate"].isna().all()


def test_without_the_test_nothing_is_said_of_worsenings(blocks):
    item = layout().small()[2]
    assert item.labels["run"] == "accept_off"
    offered = blocks.offer(item)
    (measures,) = offered.parts[MEASURES].to_dict("records")
    assert measures["probability_all_early"] == 1.0
    assert math.isnan(measures["improving_share"])
    # an empty table is no piece
    assert set(TABLES.pieces(offered)) == {CURVES, MEASURES, MOVES}


def test_other_roles_keep_a_thin_curve_and_the_measures_of_the_whole_one(blocks):
    item = layout().controls()[0]
    offered = blocks.offer(item)
    pieces = TABLES.pieces(offered)
    assert set(pieces) == {CURVES, MEASURES}
    thin, whole = pieces[CURVES], offered.parts[CURVES]
    assert len(whole) == EPOCHS + 1
    assert len(thin) == CURVE_POINTS
    assert thin["epoch"].iloc[[0, 1, -1]].tolist() == [0, 2, EPOCHS]
    assert pieces[MEASURES]["best_test_loss"][0] == whole["test_loss"].iloc[1:].min()
    # where there are no more, all are kept
    short = layout(epochs=6).controls()[0]
    assert len(TABLES.pieces(blocks.offer(short))[CURVES]) == 7


def test_a_held_out_part_is_in_the_curves(blocks):
    item = layout().selection("vgg16")[0]
    offered = blocks.offer(item)
    assert offered.parts[CURVES]["validation_accuracy"].notna().all()
    assert offered.parts[MEASURES]["chosen_test_accuracy"].notna().all()
    row = TABLES.cell_row(offered.planned, [offered.manifest])
    assert (row["images"], row["test_images"]) == (45_000, 10_000)
    assert row["data_words"] == ("CIFAR-10: 45,000 training, 5,000 held-out and 10,000 test images")


def test_probes_give_the_changes_of_losses(blocks):
    (run,), (_, probe, *_) = layout().states(), layout().probes()
    seeds = [
        blocks.offer(probe, seed, data={f"{run.cell.id}/{seed}/epoch4": "1"}) for seed in (0, 1)
    ]
    tables = TABLES.merge([blocks.offer(run), *seeds])
    found = tables["directions.parquet"]
    assert list(found.columns) == [
        *("cell", "seed", "epoch", "batch", "rate", "gradient_change", "random_change"),
    ]
    assert len(found) == 2 * 2 * len(RATES)
    assert set(found["epoch"]) == {4}
    assert found["gradient_change"].tolist() == pytest.approx([-rate for rate in RATES] * 4)
    assert found["random_change"].tolist() == pytest.approx([rate / 4 for rate in RATES] * 4)
    row = tables[CELLS].set_index("cell").loc[probe.cell.id]
    assert (row["variant"], row["epochs"], row["batch_size"]) == ("epoch4", 4, 512)
    assert (row["data"], row["parameters"], row["precision"]) == ("{}", "", "float32")
    assert probe.cell.id not in set(tables[MEASURES]["cell"])


def test_one_more_seed_of_a_probe_stands_beside_the_published_ones(blocks, monkeypatch):
    """Each block rests on a state of its own."""
    monkeypatch.setattr("escaping_minima.collect.merging.is_stale", lambda *words: False)
    (run,), (probe, *_) = layout().states(), layout().probes()
    seeds = [
        blocks.offer(probe, seed, data={f"{run.cell.id}/{seed}/epoch0": str(seed)})
        for seed in (0, 1)
    ]
    first = {n: as_written(n, t) for n, t in TABLES.merge(seeds[:1]).items()}
    both = {n: as_written(n, t) for n, t in TABLES.extend(first, seeds[1:]).items()}
    whole = {n: as_written(n, t) for n, t in TABLES.merge(seeds).items()}
    pd.testing.assert_frame_equal(both["directions.parquet"], whole["directions.parquet"])
    assert both[CELLS]["seeds"].tolist() == ["2"]


def test_cells_say_what_made_them(blocks):
    item = layout("paper", data="sample", vgg16_divisor=4).main("vgg16")[1]
    row = TABLES.cell_row(blocks.offer(item).planned, [MANIFEST, MANIFEST])
    assert {k: row[k] for k in list(row)[: list(row).index("data")]} == {
        "cell": item.cell.id,
        "role": "main",
        "variant": "",
        "network": "vgg16",
        "run": "sgd_sa",
        "method": "sgd_sa",
        "data_set": "cifar-10",
        "epochs": EPOCHS,
        "batch_size": 512,
        "channels": 16,
        "parameters": 14_775_446,
        "images": 2_000,
        "test_images": 500,
        "precision": "bfloat16",
        "data_version": "sample",
        "data_words": (
            "CIFAR-10, its sample in the repository: 2,000 training and 500 test images"
        ),
    }
    assert row["seeds"] == 2
    assert row["mean_loss_evaluations"] == 2 * 98 * EPOCHS
    assert json.loads(row["data"]) == {"images": "0" * 64}
    assert json.loads(row["settings"]) == json.loads(json.dumps(item.cell.record()))


def whole_runs() -> list[Item]:
    """Return cells of every role that is published whole."""
    made = layout()
    return [*made.main("vgg16"), *made.fashion()[:2], *made.small()]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return tables of them, as they come back from their files; read them only."""
    blocks = Blocks(tmp_path_factory.mktemp("published"))
    offered = [blocks.offer(item, seed) for item in whole_runs() for seed in (0, 1)]
    return {name: as_written(name, table) for name, table in TABLES.merge(offered).items()}


def test_blocks_are_merged_cell_by_cell(published):
    assert set(published) == {CELLS, BLOCKS, CURVES, MEASURES, MOVES, WORSENINGS}
    cells = published[CELLS]
    assert len(cells) == 7
    assert set(cells["role"]) == set(WHOLE)
    measures = published[MEASURES]
    assert measures["cell"].tolist() == [cell for cell in cells["cell"] for _ in (0, 1)]
    assert measures["seed"].tolist() == [0, 1] * 7
    numbers = measures.drop(columns=["cell", "seed"]).dtypes.astype(str)
    assert set(numbers) == {"float64"}
    epochs = published[CURVES].groupby(["cell", "seed"], sort=False)["epoch"].count()
    # small runs have the epochs of the paper, whatever the others have
    assert epochs.tolist() == [EPOCHS + 1] * 8 + [101] * 6


def test_measures_are_taken_again_from_what_is_published(published):
    found = TABLES.again(published)
    assert set(found) == {MEASURES}
    pd.testing.assert_frame_equal(as_written(MEASURES, found[MEASURES]), published[MEASURES])


def test_measures_of_a_lost_run_are_taken_again(blocks):
    item = layout().main("vgg16")[0]
    whole = blocks.offer(item)
    table = whole.parts[CURVES].drop(columns=["cell", "seed"]).iloc[:9]
    errors = {f"{s}_error": 100 - table[f"{s}_accuracy"] for s in ("train", "test")}
    table = table.drop(columns=["validation_loss", "validation_accuracy"]).assign(**errors)
    table.loc[8, "train_loss"] = math.inf
    parts = TABLES.of_block(Block(item.cell, 0, table, MANIFEST))
    lost = Offered(whole.planned, 0, MANIFEST | {"diverged_replicates": 1}, parts)
    tables = {name: as_written(name, table) for name, table in TABLES.merge([lost]).items()}
    assert tables[MEASURES]["diverged"].tolist() == [1.0]
    found = TABLES.again(tables)
    pd.testing.assert_frame_equal(as_written(MEASURES, found[MEASURES]), tables[MEASURES])


def refused(tables: dict[str, pd.DataFrame], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        TABLES.again(tables)
    assert caught.value.exit_code == 1


def test_measures_are_not_taken_again_from_a_part_of_a_run(blocks, published):
    cell = published[CELLS]["cell"][1]
    few = {**published, MOVES: published[MOVES].query("cell != @cell or epoch > 1")}
    refused(few, rf"^cell {cell}, seed 0: moves\.parquet has 39 of its 40 epochs; allowed: all of")
    none = {name: table for name, table in published.items() if name != MOVES}
    refused(none, rf"^cell {cell}, seed 0: moves\.parquet has 0 of its 40 epochs")
    for chosen, left in (("epoch != 7", 39), ("epoch < 40", 39)):
        thin = {**published, CURVES: published[CURVES].query(chosen)}
        refused(thin, rf"seed 0: curves\.parquet has {left} of its 40 epochs; allowed: all of them")
    control = TABLES.merge([blocks.offer(layout().controls()[0])])
    refused(control, rf"curves\.parquet has {CURVE_POINTS - 1} of its 40 epochs")
    # short enough to have all epochs, but not what was seen of its moves
    short = TABLES.merge([blocks.offer(layout(epochs=6).controls()[0])])
    refused(short, r"moves\.parquet has 0 of its 6 epochs")


def test_a_seed_more_gives_the_tables_of_all_seeds(blocks, published, monkeypatch):
    monkeypatch.setattr("escaping_minima.collect.merging.is_stale", lambda *words: False)
    items = whole_runs()
    more = TABLES.extend(published, [blocks.offer(item, 2) for item in items])
    whole = TABLES.merge([blocks.offer(item, seed) for item in items for seed in (0, 1, 2)])
    assert set(more) == set(whole)
    for name in set(whole) - {CELLS}:
        pd.testing.assert_frame_equal(as_written(name, more[name]), as_written(name, whole[name]))
    assert more[CELLS]["seeds"].tolist() == [3] * 7
