"""What is taken from blocks, on blocks made by hand, and how large tables of all of them are."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escaping_minima.collect.layouts import Piece
from escaping_minima.collect.merging import CELLS, Offered
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.results.tables import LARGEST, as_written, encode_tables
from escaping_minima.studies.populations.cell_rows import network_name
from escaping_minima.studies.populations.collect import (
    ACTIVITY,
    CURVES,
    EPOCHS,
    FLOOR,
    LAYOUTS,
    TABLES,
    TRIALS,
)
from escaping_minima.studies.populations.courses import (
    ACTIVITY_EPOCHS,
    WHOLE_EPOCHS,
    published_activity,
    published_epochs,
    shortened,
)
from escaping_minima.studies.populations.names import TRAJECTORIES
from escaping_minima.studies.populations.plan import plan_cells
from escaping_minima.studies.populations.sets import select_sets
from escaping_minima.studies.populations.settings import Settings

MANIFEST = {
    "diverged_replicates": 0,
    "parameters": 23_520_842,
    "gradient_evaluations": 120,
    "loss_evaluations": 0,
    "wall_seconds": 1.5,
    "data": {"images": "0" * 64},
    "commit": "0" * 40,
    "dirty": False,
    "source_hash": "0" * 64,
    "device": "cuda",
    "machine": "NVIDIA H100 80GB HBM3, 16 cores",
    "versions": {"torch": "2.13.0", "numpy": "2.4.0"},
}
WINDOWS = 100


@dataclass(frozen=True)
class Kept:
    content: pd.DataFrame

    def table(self):
        return self.content


@cache
def plan(scale: str) -> list[PlannedCell]:
    numbers = {name: said.scales[scale] for name, said in described_settings(Settings).items()}
    return plan_cells(Settings(**numbers))


def first_of(scale: str, **labels: Any) -> PlannedCell:
    return next(item for item in plan(scale) if all(item.labels[k] == v for k, v in labels.items()))


def course(epochs: int, seed: int = 0, is_text: bool = False) -> pd.DataFrame:
    """Return the table of a run with the start and so many epochs."""
    rng, count = np.random.default_rng(seed), epochs + 1
    start = np.arange(count) == 0
    table = {
        "epoch": np.arange(count, dtype=float),
        "updates": 10.0 * np.arange(count),
        "gradient_evaluations": 12.0 * np.arange(count),
        "running_loss": np.where(start, math.nan, rng.random(count)),
        "fired": np.where(start, math.nan, 0.0),
        "searches": np.where(start, math.nan, 1.0),
        "noise_ratio": np.full(count, math.nan),
    }
    for quantile in ("10", "50", "90"):
        table[f"gradient_norm_{quantile}"] = np.where(start, math.nan, rng.random(count))
    for split in ("train", "validation", "test"):
        table[f"{split}_loss"] = rng.random(count)
        table[f"{split}_error"] = rng.integers(0, 10_000, count) / 100
        if is_text:
            table[f"{split}_macro_f1"] = rng.random(count)
    return pd.DataFrame(table)


def curve(windows: int = WINDOWS) -> pd.DataFrame:
    numbers = np.arange(windows)
    return pd.DataFrame(
        {
            "window": numbers,
            "updates": 3 * (numbers + 1),
            "gradient_evaluations": 4.0 * (numbers + 1),
            "loss": np.random.default_rng(1).random(windows),
        }
    )


def offer(
    item: PlannedCell, table: pd.DataFrame, index: int = 0, kept: Any = None, **manifest: Any
) -> Offered:
    planned = PlannedBlocks(item.cell, 1, item.labels, "0" * 64, index)
    made = {**MANIFEST, **manifest}
    further = {name: Kept(content) for name, content in (kept or {}).items()}
    parts = TABLES.of_block(Block(item.cell, index, table, made, further))
    return Offered(planned, index, made, parts)


def run_of(scale: str, role: str, task: str, method: str, index: int = 0, **more: Any) -> Offered:
    item = first_of(scale, role=role, task=task, method=method)
    epochs = item.cell.epochs
    table = more.pop("table", course(epochs, index, task in ("goemotions", "tweeteval-emotion")))
    return offer(item, table, index, {"curve": curve()}, **more)


def test_a_model_is_the_end_of_an_epoch_with_scores_in_percent():
    block = run_of("smoke", "base", "cifar-10", "gd")
    epochs = TABLES.pieces(block)[EPOCHS]
    whole = course(3)
    assert list(epochs.columns) == [
        *("cell", "block", "epoch", "gradient_evaluations", "running_loss", "train_loss"),
        *("validation_loss", "test_loss", "train_score", "validation_score", "test_score"),
    ]
    assert epochs["epoch"].tolist() == [1, 2, 3]
    assert epochs["gradient_evaluations"].tolist() == [12, 24, 36]
    assert epochs["test_score"].tolist() == pytest.approx(
        (100 - whole["test_error"])[1:].tolist(), rel=1e-6
    )
    losses = whole["train_loss"][1:].tolist()
    assert epochs["train_loss"].tolist() == pytest.approx(losses, rel=4e-5)
    assert epochs["train_loss"].tolist() != pytest.approx(losses, rel=1e-7)
    assert set(epochs["cell"]) == {block.planned.cell.id}


def test_the_score_of_texts_is_their_macro_f1():
    epochs = TABLES.pieces(run_of("smoke", "base", "goemotions", "sam", 4))[EPOCHS]
    macro_f1 = course(3, 4, is_text=True)["validation_macro_f1"]
    assert epochs["validation_score"].tolist() == pytest.approx((100 * macro_f1)[1:].tolist())


@pytest.mark.parametrize(
    ("method", "fired", "same"),
    [
        ("nim_bh", [0.0, 0.5, 0.0], [1, 0, 0]),
        ("nim_bh", [0.0, 0.0, 0.0], [1, 1, 1]),
        ("gd", [0.0, 0.0, 0.0], [1, 1, 1]),
        # it draws no noise
        ("sam", [0.0, 0.0, 0.0], [0, 0, 0]),
    ],
)
def test_a_run_is_sgds_until_noise_acts(method, fired, same):
    table = course(3).assign(fired=[math.nan, *fired])
    activity = TABLES.pieces(run_of("smoke", "base", "cifar-10", method, table=table))[ACTIVITY]
    assert activity["same_as_sgd"].tolist() == same
    assert activity["fired"].tolist() == fired
    assert activity["updates"].tolist() == [10, 20, 30]
    assert list(activity.columns) == [
        *("cell", "block", "epoch", "updates", "fired", "noise_ratio", "gradient_norm_10"),
        *("gradient_norm_50", "gradient_norm_90", "searches", "same_as_sgd"),
    ]


def test_short_runs_say_where_noise_acts_and_no_more():
    item = first_of("smoke", role="activity", task="cifar-10")
    assert set(TABLES.pieces(offer(item, course(2)))) == {ACTIVITY}
    long = TABLES.pieces(run_of("smoke", "plain", "cifar-10", "gd"))
    assert set(long) == {EPOCHS, ACTIVITY, CURVES}
    assert len(long[CURVES]) == WINDOWS
    assert list(long[CURVES].columns) == [
        *("cell", "block", "window", "updates", "gradient_evaluations", "loss")
    ]


@pytest.mark.parametrize("epochs", [WHOLE_EPOCHS, WHOLE_EPOCHS + 1, 300])
def test_the_sets_of_what_is_published_are_those_of_all_epochs(epochs):
    rng = np.random.default_rng(epochs)
    whole = pd.DataFrame({"cell": "a", "block": 0, "epoch": np.arange(1, epochs + 1)})
    whole["train_loss"] = rng.random(epochs)
    # many equal scores
    whole["test_score"] = rng.integers(0, 20, epochs).astype(float)
    whole["validation_score"] = rng.integers(0, 20, epochs).astype(float)
    published = published_epochs(whole, 10)
    pd.testing.assert_frame_equal(select_sets(published, 10), select_sets(whole, 10))
    assert {1, epochs} <= set(published["epoch"])
    assert (len(published) == epochs) == (epochs <= WHOLE_EPOCHS)
    assert len(published) <= max(WHOLE_EPOCHS, 3 * 10 + 16)


def test_what_noise_did_is_published_from_first_to_last():
    activity = pd.DataFrame({"epoch": np.arange(1, 301)})
    published = published_activity(activity)["epoch"]
    assert len(published) == ACTIVITY_EPOCHS
    assert (published.iloc[0], published.iloc[-1]) == (1, 300)


def trial(item: PlannedCell, index: int, score: float, rate: float) -> Offered:
    row = {"settings": json.dumps({"learning_rate": rate, "radius": 0.2}), "score": score}
    kept = {"trial": pd.DataFrame([row | {"best": "lowest"}])}
    return offer(item, course(1, index), index, kept)


def test_the_best_trial_of_each_search_is_marked():
    first = first_of("gpu", role="search", method="sam", task="cifar-10")
    other = first_of("gpu", role="search", method="nig", task="cifar-10")
    blocks = [trial(first, k, score, 0.1 * (k + 1)) for k, score in enumerate([2, math.nan, 1])]
    blocks += [trial(other, k, score, 0.3) for k, score in enumerate([0.5, 0.5])]
    trials = TABLES.merge(blocks)[TRIALS]
    assert trials["chosen"].tolist() == [0, 0, 1, 1, 0]
    assert trials["trial"].tolist() == [0, 1, 2, 0, 1]
    assert trials["method"].tolist() == ["sam"] * 3 + ["nig"] * 2
    assert trials["learning_rate"].tolist()[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert trials["radius"].tolist() == [0.2] * 5
    assert trials["gradient_tolerance"].isna().all()
    last = course(1, 2).iloc[-1]
    assert trials["validation_loss"][2] == pytest.approx(last["validation_loss"])
    assert trials["validation_score"][2] == pytest.approx(100 - last["validation_error"])


def test_a_better_trial_that_comes_later_takes_the_mark():
    item = first_of("gpu", role="search", method="sam", task="cifar-10")
    before = [trial(item, k, score, 0.1) for k, score in enumerate([2.0, 3.0])]
    published = {n: as_written(n, table) for n, table in TABLES.merge(before).items()}
    assert published[TRIALS]["chosen"].tolist() == [1, 0]
    more = TABLES.extend(published, [*before, trial(item, 2, 1.0, 0.1)])
    assert more[TRIALS]["chosen"].tolist() == [0, 0, 1]
    assert more[CELLS]["blocks"].tolist() == [3]


def test_a_floor_has_one_row():
    table = {f"{s}_macro_f1": [v] for s, v in (("validation", 0.25), ("test", 0.5))}
    item = first_of("smoke", role="floor", method="tfidf", task="tweeteval-emotion")
    block = offer(item, pd.DataFrame(table), parameters="")
    (row,) = TABLES.merge([block])[FLOOR].to_dict("records")
    assert row == {
        "cell": item.cell.id,
        "task": "tweeteval-emotion",
        "data": "generated",
        "floor": "tfidf",
        "validation_score": 25.0,
        "test_score": 50.0,
    }
    (cell,) = TABLES.merge([block])[CELLS].to_dict("records")
    assert (cell["network"], cell["epochs"], cell["learning_rate"]) == ("", "", "")
    assert (cell["train_items"], cell["validation_items"], cell["test_items"]) == (40, 12, 13)


def row_of(block: Offered) -> dict[str, Any]:
    (row,) = TABLES.merge([block])[CELLS].to_dict("records")
    return row


def test_the_row_of_a_cell_says_what_it_rests_on():
    row = row_of(run_of("paper", "base", "cifar-10", "nim"))
    wanted = {
        "role": "base",
        "task": "cifar-10",
        "variant": "",
        "network": "ResNet-50",
        "epochs": 300,
        "models": 10,
        "batch_size": 128,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "radius": 0.01,
        "gradient_tolerance": 0.01,
        "patience": 352,
        "train_items": 45_000,
        "validation_items": 5_000,
        "test_items": 10_000,
        "precision": "bfloat16",
        "data_version": "full",
        "data_words": "CIFAR-10: 45,000 training, 5,000 held-out and 10,000 test images",
        "blocks": 1,
        "mean_gradient_evaluations": 120.0,
    }
    assert {name: row[name] for name in wanted} == wanted
    plain = row_of(run_of("paper", "plain", "goemotions", "gd"))
    assert (plain["momentum"], plain["weight_decay"], plain["radius"]) == ("", "", "")


def test_a_tuned_cell_has_the_settings_that_were_found_and_its_data_no_trials():
    found = {"trial": 3, "settings": {"learning_rate": 0.03, "radius": 0.4}}
    data = {"texts": "1" * 64, "0123456789/0/trial": "2" * 64}
    row = row_of(run_of("gpu", "tuned", "tweeteval-emotion", "sam", tuned=found, data=data))
    assert (row["learning_rate"], row["radius"], row["patience"]) == (0.03, 0.4, "")
    assert json.loads(row["data"]) == {"texts": "1" * 64}


def test_a_search_has_no_setting_that_it_draws():
    item = first_of("gpu", role="search", task="cifar-10", method="nim_bh", variant="tuned")
    row = row_of(trial(item, 0, 1.0, 0.1))
    drawn = ("learning_rate", "radius", "gradient_tolerance")
    assert [row[name] for name in drawn] == ["", "", ""]
    assert (row["patience"], row["epochs"], row["models"]) == (352, 10, 0)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"blocks": [3, 4, 6, 3], "divisor": 1}, "ResNet-50"),
        ({"blocks": [3, 4, 6, 3], "divisor": 4}, "ResNet-50, 1/4 of the width"),
        (
            {"blocks": [1, 1, 1, 1], "divisor": 8},
            "bottleneck ResNet, 4 blocks, 1/8 of the width",
        ),
        ({"encoder": "scratch", "layers": 2}, "BERT from scratch, 2 layers"),
        ({"encoder": "scratch", "layers": 1}, "BERT from scratch, 1 layer"),
        ({"encoder": "minilm", "trained_layers": 0}, "all-MiniLM-L6-v2"),
        ({"encoder": "minilm", "trained_layers": 1}, "all-MiniLM-L6-v2, top layer trained"),
        (
            {"encoder": "bert-base-uncased", "trained_layers": 2},
            "bert-base-uncased, top 2 layers trained",
        ),
    ],
)
def test_a_network_is_called_what_it_is(settings, name):
    assert network_name(settings) == name


def test_tables_of_all_runs_of_the_paper_are_small():
    """Every table at the paper's size, of losses and scores that nothing compresses."""
    cells = {item.cell.id: item for item in plan("paper")}
    runs = [i for i in plan("paper") if i.labels["role"] in TRAJECTORIES]
    (one,) = {len(TABLES.pieces(run_of("paper", "base", "cifar-10", "sam"))[EPOCHS])}
    sizes = {EPOCHS: (one, runs), ACTIVITY: (ACTIVITY_EPOCHS, runs), CURVES: (WINDOWS, runs)}
    block = TABLES.pieces(run_of("paper", "base", "tweeteval-emotion", "nim_bh"))
    found = {name: planted(block[name], *sizes[name]) for name in sizes}
    trials = [i for i in plan("paper") if i.labels["role"] == "search"]
    found[TRIALS] = LAYOUTS[TRIALS].join(
        [
            Piece(i.cell.id, i.first, TABLES.pieces(trial(i, i.first, 1.0, 0.1))[TRIALS])
            for i in trials[:40]
        ]
    )
    found[CELLS] = pd.DataFrame(
        [
            TABLES.cell_row(PlannedBlocks(i.cell, 1, i.labels, "0" * 64), [MANIFEST])
            for i in cells.values()
        ]
    )
    large = {name: len(content) for name, content in encode_tables(found).items()}
    assert max(large.values()) < LARGEST


def planted(rows: pd.DataFrame, count: int, runs: list[PlannedCell]) -> pd.DataFrame:
    """Return a table of so many rows a run, with other numbers in each."""
    rng, size = np.random.default_rng(0), count * len(runs)
    columns = {}
    for name, column in rows.items():
        if column.dtype == np.float32:
            columns[name] = rng.random(size, dtype=np.float32)
            if name.endswith("_loss"):
                columns[name] = shortened(pd.Series(columns[name]))
        else:
            columns[name] = np.resize(column.to_numpy(), size)
    columns["cell"] = np.repeat([run.cell.id for run in runs], count)
    columns["block"] = np.repeat([np.int32(run.first) for run in runs], count)
    return pd.DataFrame(columns)
