"""Collected tables of the study with planted numbers: every role, or a first run's alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.studies.sgd_sa.layout import IMAGES, KEPT, RATES, SMALL
from escaping_minima.studies.sgd_sa.names import SINGLE_RATES, single_rate
from escaping_minima.studies.sgd_sa.run_groups import CONTROLS, READINGS, SSA_READINGS, VARIED

STUDY = "sgd_sa"
MOVES, BINS = 98, 52
#: Roles whose moves are collected; roles with all epochs in their curves.
TESTED, WHOLE = ("main", "small", "fashion"), ("main", "small", "fashion")
#: What a run ends at: training and validation accuracy in percent, validation loss.
ENDS: Mapping[str, tuple[float, float, float]] = {
    "scheduled_sgd": (99.9, 85.0, 0.80),
    "sgd_sa": (99.5, 86.2, 0.58),
    "accept_off": (97.0, 84.0, 0.75),
    "no_large_rates": (99.8, 85.2, 0.76),
    "scheduled_from_largest": (99.9, 85.4, 0.74),
    "ssa": (41.0, 40.6, 1.70),
    "sgd": (90.0, 86.0, 0.40),
    "ssa_shortened": (47.0, 46.4, 1.55),
    "ssa_refreshed": (52.0, 51.5, 1.40),
    "ssa_cooled_each_minibatch": (43.0, 42.5, 1.62),
    "ssa_error": (38.0, 37.8, 1.90),
    **{single_rate(r, False): (99.0 - 20 * (r > 0.6), 80.0 + r, 0.9) for r in SINGLE_RATES},
    **{single_rate(r, True): (99.3, 84.0 + r, 0.7) for r in SINGLE_RATES},
}


@dataclass(frozen=True)
class Shape:
    """How large the planted runs are.

    Attributes
    ----------
    seeds, epochs : int
    channels : int
        Of the first layer of VGG16.
    data : {"full", "sample"}
    roles : tuple of str
    """

    seeds: int = 3
    epochs: int = 100
    channels: int = 64
    data: str = "full"
    roles: tuple[str, ...] = (
        *("main", "control", "fashion", "small", "sources", "directions", "selection", "numerics"),
    )


EVERYTHING = Shape()
#: A first run: narrow networks on samples, main and fashion alone.
QUICK = Shape(epochs=6, channels=8, data="sample", roles=("main", "fashion"))


def planted(shape: Shape = EVERYTHING) -> dict[str, pd.DataFrame]:
    """Return the collected tables of planted runs, as they come back from disk."""
    cells = [row for row in _cells(shape) if row["role"] in shape.roles]
    trained = [row for row in cells if not row["variant"].startswith("epoch")]
    found: dict[str, list[pd.DataFrame]] = {}
    for row in trained:
        for seed in range(row["seeds"]):
            for name, table in _run(row, seed).items():
                found.setdefault(name, []).append(table)
    probed = [row for row in cells if row["variant"].startswith("epoch")]
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    for name in ("moves.parquet", "worsenings.parquet"):
        tables.setdefault(name, pd.DataFrame())
    directions = [_directions(row, seed) for row in probed for seed in range(row["seeds"])]
    columns = ["cell", "seed", "epoch", "batch", "rate", "gradient_change", "random_change"]
    tables["directions.parquet"] = (
        pd.concat(directions, ignore_index=True) if directions else pd.DataFrame(columns=columns)
    )
    frame = pd.DataFrame(cells)
    frame["variant"] = frame["variant"].replace("", np.nan)
    return {"cells.csv": frame, **tables}


def _names(shape: Shape) -> Iterator[tuple[str, str, str, str]]:
    """Yield role, network, run and variant of every cell."""
    both = ("scheduled_sgd", "sgd_sa")
    networks = ("vgg16", "resnet34")
    yield from (("main", network, run, "") for network in networks for run in both)
    yield from (("control", "vgg16", run, "") for run in (*CONTROLS, *READINGS))
    yield from (("fashion", "vgg16", run, "") for run in ("ssa", "sgd", *SSA_READINGS))
    yield from (("small", "vgg16", run, "") for run in (*both, "accept_off"))
    for run in both:
        sources = list(VARIED)[: 5 if run == "sgd_sa" else 3]
        yield from (("sources", "vgg16", run, source) for source in sources)
    yield ("directions", "vgg16", "sgd_sa", "states")
    for share in KEPT:
        yield ("directions", "vgg16", "sgd_sa", f"epoch{round(share * shape.epochs)}")
    yield from (("selection", network, run, "") for network in networks for run in both)
    yield from (("numerics", "vgg16", run, "") for run in both)


def _cells(shape: Shape) -> Iterator[dict[str, Any]]:
    for number, (role, network, run, variant) in enumerate(_names(shape)):
        small = role == "small"
        data_set = "fashion-mnist" if role == "fashion" else "cifar-10"
        train, test = IMAGES[shape.data][data_set]
        train = SMALL["train_images"] if small else train - (role == "selection") * train // 10
        title = "Fashion-MNIST" if role == "fashion" else "CIFAR-10"
        yield {
            "cell": f"{number:010x}",
            "role": role,
            "variant": variant,
            "network": network,
            "run": run,
            "method": _method(run),
            "data_set": data_set,
            "epochs": 100 if small else shape.epochs,
            "batch_size": 50 if small else 512,
            "channels": 8 if small else shape.channels,
            "parameters": 14_775_446,
            "images": train,
            "test_images": 10_000 if small else test,
            "precision": "float32",
            "data_version": "full" if small else shape.data,
            "data_words": f"{title}: {train:,} training and {test:,} test images",
            "data": json.dumps({"data": "0" * 64}),
            "data_note": "",
            "seeds": shape.seeds,
            "mean_gradient_evaluations": 1.0,
            "mean_loss_evaluations": 2.0,
            "diverged": 0,
            "wall_seconds": 1.0,
            "commit": "0" * 12,
            "source_hash": "0" * 8,
            "stale": False,
            "device": "cpu",
            "machine": "planted",
            "torch": "2",
            "numpy": "2",
            "settings": json.dumps(_record(run, shape)),
        }


def _method(run: str) -> str:
    if run.startswith("ssa"):
        return "ssa"
    untested = run.startswith("rate_") and not run.endswith("_tested")
    return "gd" if untested or run in ("sgd", *_SCHEDULED) else "sgd_sa"


_SCHEDULED = ("scheduled_sgd", "scheduled_from_largest")


def _record(run: str, shape: Shape) -> dict[str, Any]:
    """Return what of a cell's record is read."""
    epochs = [1 + round(share * shape.epochs) for share in (0.3, 0.7)]
    steps = {"name": "steps", "settings": {"epochs": epochs, "by": 0.1}}
    return {"method_settings": {"learning_rate": 0.1, "accept": run != "accept_off"}, "rate": steps}


def _run(row: Mapping[str, Any], seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng([seed, int(row["cell"], 16)])
    run = {"cell": row["cell"], "seed": seed}
    curve = _curve(row, seed, rng)
    measures = _measures(row, curve, rng)
    if row["role"] not in WHOLE:
        kept = np.unique(np.linspace(0, len(curve) - 1, 26).round().astype(int))
        curve = curve.iloc[kept]
    found = {
        "curves.parquet": curve.assign(**run),
        "measures.parquet": pd.DataFrame([run | measures]),
    }
    if row["method"] == "sgd_sa" and row["role"] in TESTED:
        found["moves.parquet"] = _moves(row, rng).assign(**run)
        if row["role"] != "fashion":
            found["worsenings.parquet"] = _worsenings(row, rng).assign(**run)
    return found


def _curve(row: Mapping[str, Any], seed: int, rng: np.random.Generator) -> pd.DataFrame:
    train, test, loss = ENDS.get(row["run"], ENDS["sgd_sa"])
    if row["network"] == "resnet34":
        test, loss = test - 3.0, loss + 0.1
    if row["role"] == "small":
        train, test, loss = train - 2, test - 25, loss + 1.0
    epochs = row["epochs"]
    x = np.arange(epochs + 1) / epochs
    luck = np.random.default_rng(seed).normal() + rng.normal()
    wobble = 0.6 if row["method"] == "sgd_sa" else 0.15
    noise = rng.normal(0, wobble, epochs + 1) * (1.2 - x)
    rise = 1 - np.exp(-x * (8 if row["method"] == "sgd_sa" else 14))
    rise = rise / rise[-1]
    test_accuracy = 10 + (test + 0.3 * luck - 10) * rise**0.5 + 3 * noise * (x > 0)
    fall = 2.3 + (loss - 0.01 * luck - 2.3) * rise
    held_out = row["role"] == "selection"
    table = {
        "epoch": np.arange(epochs + 1),
        "updates": MOVES * np.arange(epochs + 1),
        "running_loss": np.where(x > 0, 2.4 - 2.3 * rise, np.nan),
        "train_loss": np.maximum(2.3 - 2.29 * rise * train / 100, 1e-4),
        "train_accuracy": np.clip(10 + (train - 10) * rise + noise * (x > 0), 0, 100),
        "test_loss": fall * np.exp(0.05 * noise),
        "test_accuracy": test_accuracy,
        "validation_loss": fall + 0.01 if held_out else np.nan,
        "validation_accuracy": test_accuracy + rng.normal(0, 0.2) if held_out else np.nan,
    }
    return pd.DataFrame(table).astype(dict.fromkeys(list(table)[2:], np.float32))


def _measures(
    row: Mapping[str, Any], curve: pd.DataFrame, rng: np.random.Generator
) -> dict[str, float]:
    """Return measures of a run, those that are not read off its curve made up."""
    epochs = row["epochs"]
    last, after = curve.iloc[-1], curve[curve["epoch"] > 0]
    best = after.loc[after["test_accuracy"].idxmax()]
    quick = after[after["train_accuracy"] >= 99]
    third, fifths = curve.iloc[epochs // 3], curve.iloc[3 * epochs // 5]
    chosen = best if row["role"] == "selection" else best * np.nan
    found = {f"last_{c}": last[c] for c in _LEVELS}
    found |= {
        "diverged": 0,
        "epochs": epochs,
        "updates": last["updates"],
        "best_test_loss": after["test_loss"].min(),
        "best_test_accuracy": best["test_accuracy"],
        "best_epoch": best["epoch"],
        "test_loss_at_best": best["test_loss"],
        "gap": last["train_accuracy"] - last["test_accuracy"],
        "epochs_to_99": quick["epoch"].min() if len(quick) else epochs + 1,
        "train_accuracy_at_40": curve["train_accuracy"].iloc[2 * epochs // 5],
        "early_drops": rng.poisson(5),
        "early_drop": rng.gamma(2.0),
        "chosen_test_accuracy": chosen["test_accuracy"],
        "chosen_test_loss": chosen["test_loss"],
        "chosen_validation_accuracy": chosen["validation_accuracy"],
    }
    for name, at in (("third", third), ("three_fifths", fifths)):
        found |= {f"test_{m}_at_{name}": at[f"test_{m}"] for m in ("loss", "accuracy")}
    tested = row["method"] != "gd"
    for name in _ANNEALED:
        for when in ("early", "last" if name.endswith("median") else "late"):
            found[f"{name}_{when}"] = rng.random() if tested else np.nan
    return found | {"improving_share": rng.random() if tested else np.nan}


_LEVELS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
_ANNEALED = (
    *("probability_all", "probability_worse", "worse_share", "mean_worsening", "large_accepted"),
    *("small_accepted", "effective_rate", "accepted_median", "rejected_median"),
)


def _moves(row: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    epochs = row["epochs"]
    epoch = np.repeat(np.arange(1, epochs + 1), len(RATES))
    rate = np.tile(np.array(RATES), epochs)
    tried = rng.poisson(MOVES / len(RATES), len(epoch))
    worse = rng.binomial(tried, np.clip(0.1 + 0.8 * rate * epoch / epochs, 0, 1))
    late = 1 / (1 + np.exp(20 * (epoch / epochs - 0.3) + 3 * rate))
    probability = worse * late
    accepted_worse = rng.binomial(worse, late)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "move": np.tile(np.arange(len(RATES)), epochs),
            "rate": rate,
            "tried": tried,
            "accepted": tried - worse + accepted_worse,
            "worse": worse,
            "accepted_worse": accepted_worse,
            "probability": probability,
            "worsening": worse * 0.3 * rate * np.exp(-3 * epoch / epochs),
        }
    )


def _worsenings(row: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for epoch in range(1, row["epochs"] + 1):
        size = np.log10(0.3) - 4 * epoch / row["epochs"] + rng.normal(0, 0.8, 40)
        kept = size < -0.5 - 5 * epoch / row["epochs"] + rng.normal(0, 0.5, 40)
        place = np.clip(np.floor((size + 8) * 4) + 1, 0, BINS - 1).astype(int)
        both = [np.bincount(place[k], minlength=BINS) for k in (kept, ~kept)]
        rows += [(epoch, b, both[0][b], both[1][b]) for b in np.flatnonzero(sum(both))]
    return pd.DataFrame(rows, columns=["epoch", "bin", "accepted", "rejected"])


def _directions(row: Mapping[str, Any], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng([seed, int(row["cell"], 16)])
    epoch = int(row["variant"].removeprefix("epoch"))
    batch, rate = (a.ravel() for a in np.meshgrid(np.arange(20), RATES, indexing="ij"))
    strength = 1 / (1 + epoch)
    gradient = strength * (-0.3 * rate + 0.8 * rate**2) + rng.normal(0, 0.01, len(rate))
    return pd.DataFrame(
        {
            "cell": row["cell"],
            "seed": seed,
            "epoch": epoch,
            "batch": batch,
            "rate": rate,
            "gradient_change": gradient,
            "random_change": rng.normal(0.002, 0.005, len(rate)) * rate,
        }
    )
