"""Collected tables of the study with planted numbers: every table that figures and tables read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh")
EPOCHS, MODELS, WINDOWS = 9, 3, 12
#: What a method's scores are above SGD's, and its evaluations of a gradient over SGD's.
SHIFTS = {"sam": 1.5, "nim_bh": -0.5, "nig_mbh": -4.0}
COSTS = {"sam": 2.0, "nim_bh": 1.1, "nig_bh": 1.1}
#: Which methods wait for a small gradient, and so have a threshold.
WAITING = ("nim", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
_NETWORKS = {
    "cifar-10": "ResNet-50",
    "cifar-100": "ResNet-50",
    "goemotions": "bert-base-uncased",
    "tweeteval-emotion": "all-MiniLM-L6-v2, top layer trained",
}
_ITEMS = {
    "cifar-10": 45_000,
    "cifar-100": 45_000,
    "goemotions": 43_410,
    "tweeteval-emotion": 3_257,
}
_LEVELS = {"cifar-10": 90.0, "cifar-100": 70.0, "goemotions": 45.0, "tweeteval-emotion": 58.0}

#: What is said of how a cell was computed; nothing here depends on it.
COMPUTED = {
    "data": "{}",
    "data_note": "",
    "settings": "{}",
    "wall_seconds": 1.0,
    "commit": "0" * 12,
    "source_hash": "0" * 16,
    "stale": False,
    "device": "cpu",
    "machine": "planted",
    "torch": "2",
    "numpy": "2",
    "mean_loss_evaluations": 0.0,
}


@dataclass(frozen=True)
class Run:
    """A cell that is planted."""

    role: str
    task: str
    method: str
    variant: str = ""
    blocks: int = 4
    radius: float = np.nan
    threshold: float = np.nan
    network: str = ""
    epochs: int = EPOCHS
    items: int = 0
    words: str = ""

    @property
    def cell(self) -> str:
        """A name that says what it is."""
        parts = [self.role, self.task, self.method, *filter(None, [self.variant])]
        return " ".join(parts)


def _trajectories(role: str, task: str, methods: Sequence[str], **more: Any) -> list[Run]:
    return [Run(role, task, method, **_noise(method), **more) for method in methods]


def _noise(method: str) -> dict[str, float]:
    found = {} if method == "gd" else {"radius": 0.05 if method == "sam" else 0.01}
    return found | ({"threshold": 0.01} if method in WAITING else {})


def _grid(task: str, methods: Sequence[str]) -> Iterator[Run]:
    values = (0.01, 0.1, 1.0)
    for method in methods:
        for radius, threshold in itertools.product(
            values, values if method in WAITING else (None,)
        ):
            named = f"radius {radius:g}"
            named += f", threshold {threshold:g}" if threshold else ""
            least = threshold or np.nan
            yield Run("activity", task, method, named, 1, radius, least, epochs=2)


def everything() -> dict[str, pd.DataFrame]:
    """Runs of every role, images and texts among them."""
    runs = [
        *_trajectories("tuned", "cifar-10", METHODS),
        *_trajectories("base", "cifar-10", ("gd", "nim_bh"), blocks=2),
        *_trajectories("acting", "cifar-10", ("nim_bh",), blocks=2),
        *_trajectories("base", "tweeteval-emotion", ("gd", "nim_bh"), blocks=2),
        *_trajectories("plain", "cifar-10", ("gd",), blocks=2),
        *_trajectories("monotonic", "cifar-10", ("nig_mbh", "nim_mbh"), blocks=2),
        *_grid("cifar-10", ("nig", "nim", "nim_bh")),
        *_grid("tweeteval-emotion", ("nim_bh",)),
        *(Run("search", "cifar-10", m, "tuned", 3, epochs=3) for m in METHODS),
        Run("search", "cifar-10", "nim_bh", "acting", 2, epochs=3),
        *(
            Run("floor", task, floor, blocks=1)
            for task in ("tweeteval-emotion",)
            for floor in ("majority", "tfidf")
        ),
    ]
    return planted(runs)


def quick() -> dict[str, pd.DataFrame]:
    """What a first run has: base settings, three methods, small networks on few items."""
    of_images = {"network": "bottleneck ResNet, 4 blocks, 1/8 of the width", "items": 450}
    of_texts = {"network": "BERT from scratch, 2 layers", "items": 1_500}
    runs = [
        *_trajectories("base", "cifar-10", ("gd", "nim_bh", "sam"), blocks=3, **of_images),
        *_trajectories("base", "tweeteval-emotion", ("gd", "nim_bh", "sam"), blocks=3, **of_texts),
        Run("floor", "tweeteval-emotion", "tfidf", blocks=1),
    ]
    return planted([replace(run, words="sample") for run in runs])


def nothing() -> dict[str, pd.DataFrame]:
    """A floor alone: no network was trained."""
    return planted([Run("floor", "goemotions", "majority", blocks=1)])


def planted(runs: Sequence[Run]) -> dict[str, pd.DataFrame]:
    """Return the collected tables of some runs; what has no rows has no table."""
    trained = [run for run in runs if run.role not in ("search", "floor")]
    whole = [run for run in trained if run.role != "activity"]
    tables = {
        "cells.csv": [pd.DataFrame([_row(run) for run in runs])],
        "epochs.parquet": [_epochs(run, block) for run in whole for block in range(run.blocks)],
        "curves.parquet": [_curve(run, block) for run in whole for block in range(run.blocks)],
        "activity.parquet": [_acted(run, b) for run in trained for b in range(run.blocks)],
        "trials.parquet": [_trials(run) for run in runs if run.role == "search"],
        "floor.csv": [_floor(run) for run in runs if run.role == "floor"],
    }
    return {name: pd.concat(found, ignore_index=True) for name, found in tables.items() if found}


def _row(run: Run) -> dict[str, Any]:
    trains = run.role != "floor"
    network = (run.network or _NETWORKS[run.task]) if trains else ""
    items = run.items or _ITEMS[run.task]
    return {
        "cell": run.cell,
        "role": run.role,
        "task": run.task,
        "method": run.method,
        "variant": run.variant,
        "data_set": run.task,
        "network": network,
        "epochs": float(run.epochs) if trains else np.nan,
        "models": MODELS if run.role not in ("search", "floor", "activity") else 0,
        "batch_size": 128.0,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "radius": run.radius,
        "gradient_tolerance": run.threshold,
        "patience": 100.0 if run.method in WAITING else np.nan,
        "parameters": np.nan if not trains else 1e9 if not run.network else 1e5,
        "train_items": items,
        "validation_items": 5_000 if items == 45_000 else 100,
        "test_items": 200,
        "precision": "float32",
        "data_version": run.words or "full",
        "data_words": f"{run.task}: {items:,} training, 100 held-out and 200 test items",
        "blocks": run.blocks,
        "mean_gradient_evaluations": 100.0 * run.epochs * COSTS.get(run.method, 1.0),
        "diverged": 0,
        **COMPUTED,
    }


def _rng(run: Run, block: int) -> np.random.Generator:
    return np.random.default_rng([block, len(run.cell), ord(run.method[-1])])


def _epochs(run: Run, block: int) -> pd.DataFrame:
    rng, epoch = _rng(run, block), np.arange(1, run.epochs + 1)
    # what all methods of a block share
    own = np.random.default_rng(block).normal(_LEVELS[run.task], 1.0)
    rising = own + SHIFTS.get(run.method, 0.0) - 20 * np.exp(-epoch / 2)
    losses = 2 * np.exp(-epoch / 4) * (1.1 + 0.1 * rng.random((4, run.epochs)))
    scores = rising + 0.3 * rng.normal(size=(3, run.epochs))
    return pd.DataFrame(
        {
            "cell": run.cell,
            "block": np.int32(block),
            "epoch": epoch.astype(np.int32),
            "gradient_evaluations": _evaluations(run, epoch, 100),
            **dict(
                zip(
                    ("running_loss", "train_loss", "validation_loss", "test_loss"),
                    losses.astype(np.float32),
                    strict=True,
                )
            ),
            **dict(
                zip(
                    ("train_score", "validation_score", "test_score"),
                    scores.astype(np.float32),
                    strict=True,
                )
            ),
        }
    )


def _evaluations(run: Run, steps: Any, each: int) -> Any:
    return (steps * each * COSTS.get(run.method, 1.0)).astype(np.int32)


def _curve(run: Run, block: int) -> pd.DataFrame:
    window = np.arange(WINDOWS)
    loss = 2 * np.exp(-(window + 1) / 5) * (1 + 0.1 * _rng(run, block).random(WINDOWS))
    each = 100 * run.epochs // WINDOWS
    return pd.DataFrame(
        {
            "cell": run.cell,
            "block": np.int32(block),
            "window": window.astype(np.int32),
            "updates": ((window + 1) * each).astype(np.int32),
            "gradient_evaluations": _evaluations(run, window + 1, each),
            "loss": loss.astype(np.float32),
        }
    )


def _acted(run: Run, block: int) -> pd.DataFrame:
    epoch = np.arange(1, run.epochs + 1)
    fired = fired_share(run)
    size = np.nan if fired == 0 else run.radius * (10.0 if run.method == "nig" else 1.0)
    return pd.DataFrame(
        {
            "cell": run.cell,
            "block": np.int32(block),
            "epoch": epoch.astype(np.int32),
            "updates": (100 * epoch).astype(np.int32),
            "fired": np.float32(fired),
            "noise_ratio": np.full(run.epochs, size, np.float32),
            "gradient_norm_10": np.float32(0.05),
            "gradient_norm_50": np.float32(0.2),
            "gradient_norm_90": np.float32(0.8),
            "searches": np.int32(run.method.endswith("bh")),
            "same_as_sgd": np.int8(fired == 0 and run.method != "sam"),
        }
    )


def fired_share(run: Run) -> float:
    """How often noise fires: where the threshold is above the gradient, or always without one."""
    if run.method in ("gd", "sam"):
        return 0.0
    return 1.0 if np.isnan(run.threshold) else float(np.clip(run.threshold - 0.05, 0.0, 0.5))


def _trials(run: Run) -> pd.DataFrame:
    trial = np.arange(run.blocks)
    loss = 1.0 - 0.1 * trial
    drawn: Mapping[str, Any] = {
        "learning_rate": 10.0 ** -(trial + 1.0) if run.variant == "tuned" else np.nan,
        "radius": 0.1 * (trial + 1.0) if run.method != "gd" else np.nan,
        "gradient_tolerance": 0.01 * (trial + 1.0) if run.method in WAITING else np.nan,
    }
    return pd.DataFrame(
        {
            "cell": run.cell,
            "task": run.task,
            "method": run.method,
            "trial": trial.astype(np.int32),
            **drawn,
            # the first trial of each search diverged
            "validation_loss": np.where(trial == 0, np.nan, loss).astype(np.float32),
            "validation_score": np.where(trial == 0, np.nan, 50.0 + trial).astype(np.float32),
            "score": np.where(trial == 0, np.nan, loss),
            "best": "lowest",
            "chosen": (trial == run.blocks - 1).astype(np.int8),
        }
    )


def _floor(run: Run) -> pd.DataFrame:
    score = {"majority": 14.0, "tfidf": 55.0}[run.method]
    names = {"cell": run.cell, "task": run.task, "data": "full", "floor": run.method}
    return pd.DataFrame([names | {"validation_score": score - 1.0, "test_score": score}])
