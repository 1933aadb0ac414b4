"""Planted tables of meshes, batches, flatness and orders, with known effects; no curves."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from escaping_minima.studies.batch_increase.mesh import ALL, SECTIONS, SWEEP, WINDOWS
from escaping_minima.studies.batch_increase.mesh_measures import window_ends
from escaping_minima.studies.batch_increase.names import MEASURE_NAMES
from escaping_minima.studies.batch_increase.probed import say_target
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, by_name

#: Share of the epochs, by their place in the run, after which a new cell is entered.
Density = Callable[[np.ndarray], np.ndarray]
SIZES = (10, 55, 100, 255, 500)
STATES = (0, 1, 10, 100, 3000)
FORMS = {"main": 3000, "section_4_5": 1000}


def flat(level: float) -> Density:
    return lambda x: np.full(len(x), level)


@dataclass(frozen=True)
class Facts:
    """What is true of the runs, by strategy or by the size of a batch.

    Attributes
    ----------
    densities : Mapping
        By strategy of N2 = 500: how often a new cell is entered.
    rates : Mapping
        By strategy: the training loss falls by exp(-rate x).
    power : float
        The variance of a batch's loss goes as N to it.
    skewness : float
        Of a batch's loss, whatever its size.
    grows : float
        The spread of single images' losses goes as exp(grows x) along a run.
    noise_grows : Mapping
        By strategy: so does what is left of the noise of its batches.
    flatness : Mapping
        By strategy, 1 by default.
    orders : Mapping
        By order: factor of test loss and error.
    luck : float
        Standard deviation between seeds, of the logarithm of every level.
    """

    densities: Mapping[str, Density]
    rates: Mapping[str, float]
    power: float = -1.0
    skewness: float = 0.0
    grows: float = -1.0
    noise_grows: Mapping[str, float] = field(default_factory=dict)
    flatness: Mapping[str, float] = field(default_factory=dict)
    orders: Mapping[str, float] = field(default_factory=dict)
    luck: float = 0.01

    def but(self, **changes: object) -> Facts:
        return replace(self, **changes)


#: All that the paper says.
TRUE = Facts(
    densities={
        "fixed_10": flat(0.96),
        "fixed_255": flat(0.53),
        "fixed_500": flat(0.44),
        "linear_500": lambda x: 0.86 - 0.84 * x,
    },
    rates={"linear_500": 60.0, "fixed_10": 4.0, "fixed_255": 4.0, "fixed_500": 4.0},
    flatness={"linear_100": 0.5, "linear_500": 0.5},
    orders={"random": 1.3, "decreasing": 1.5},
)
#: The opposite of it.
FALSE = Facts(
    densities={
        "fixed_10": flat(0.1),
        "fixed_255": flat(0.15),
        "fixed_500": flat(0.2),
        "linear_500": lambda x: 0.02 + 0.95 * x**3,
    },
    rates={"linear_500": 1.0, "fixed_10": 60.0, "fixed_255": 60.0, "fixed_500": 60.0},
    power=1.0,
    skewness=2.0,
    noise_grows={"linear_100": 6.0, "linear_500": 8.0},
    flatness={"linear_100": 2.0, "linear_500": 2.0},
    orders={"random": 0.7, "decreasing": 0.5},
)


def planted(facts: Facts, seeds: int = 5, horizons: Mapping[str, int] = FORMS) -> dict:
    """Return collected tables of runs of the roles that are named, with their epochs."""
    runs = list(_runs(horizons))
    cells = pd.DataFrame([{"variant": "", **run} for run, _ in runs]).assign(
        images=60_000, seeds=seeds, parameters=1, data_version="full"
    )
    made = [
        table
        for run, make in runs
        for seed in range(seeds)
        for table in make(facts, run, seed, np.random.default_rng([seed, _number(run["cell"])]))
    ]
    names = dict.fromkeys(name for name, _ in made)
    tables = {n: pd.concat([t for m, t in made if m == n], ignore_index=True) for n in names}
    empty = ["cell", "seed", "train_loss_level", "epoch", "updates"]
    return {"cells.csv": cells, "curves.parquet": pd.DataFrame(columns=empty), **tables}


def _number(cell: str) -> int:
    return zlib.crc32(cell.encode())


def _runs(horizons: Mapping[str, int]) -> Iterator[tuple[dict, Callable]]:
    for role, epochs in horizons.items():
        for name in by_name():
            order = name.partition("_")[0]
            of = (
                f"{role.removesuffix('_ladder')}_orders"
                if order in ("random", "decreasing")
                else role
            )
            if of == "section_4_5_orders":
                continue
            run = {"cell": f"{of}-{epochs}-{name}", "role": of, "strategy": name, "epochs": epochs}
            yield run, _trained
            if of != role or role == "section_4_5":
                continue
            # batches are drawn at states of the increase to 500 alone
            states = {"flatness": (epochs,), "spread": STATES * (name == "linear_500")}
            for form, epoch in ((form, e) for form, kept in states.items() for e in kept):
                probe = {**run, "role": form, "variant": say_target(role, epoch)}
                yield {**probe, "cell": f"{run['cell']}-{form}-{epoch}"}, _probed


def _trained(facts: Facts, run: dict, seed: int, rng: np.random.Generator) -> Iterator[tuple]:
    key = {"cell": run["cell"], "seed": seed}
    strategy, epochs = run["strategy"], run["epochs"]
    level = np.exp(0.05 * np.random.default_rng(seed).normal() + facts.luck * rng.normal())
    factor = level * facts.orders.get(strategy.partition("_")[0], 1.0)
    losses = dict.fromkeys(("final_test_loss", "min_test_loss"), 0.03 * factor)
    errors = dict.fromkeys(("final_test_error", "min_test_error"), 0.6 * factor)
    size = by_name()[strategy].first
    within = {f"epoch_at_updates_{n2}": max(1, epochs * size // n2) for n2 in FIXED_SIZES}
    others = dict.fromkeys(MEASURE_NAMES, np.nan) | {"diverged": 0.0}
    yield "measures.parquet", pd.DataFrame([key | others | losses | errors | within])
    yield "deviations.parquet", _deviations(facts, run, rng).assign(**key)
    if strategy in facts.densities:
        new = _new_cells(facts.densities[strategy], epochs, facts.luck, rng)
        yield "visits.parquet", _visits(new, facts.rates[strategy]).assign(**key)
        yield "mesh.parquet", _mesh(new).assign(**key)


def _new_cells(density: Density, epochs: int, luck: float, rng: np.random.Generator) -> np.ndarray:
    """Say of each epoch whether it enters a cell that no epoch before was in."""
    x = (np.arange(epochs) + 0.5) / epochs
    level = np.clip(density(x) * np.exp(luck * rng.normal()), 0, 1)
    reached = np.floor(np.cumsum(level) + rng.random())
    new = np.diff(reached, prepend=0.0) > 0
    new[0] = True
    return new


def _visits(new: np.ndarray, rate: float) -> pd.DataFrame:
    x = np.arange(1, len(new) + 1) / len(new)
    # what is not new is the cell of the epoch before
    since = {f"since_{sections}_0": np.where(new, 0, 1).astype(np.int32) for sections in SECTIONS}
    loss = (0.01 + np.exp(-rate * x)).astype(np.float32)
    return pd.DataFrame({"epoch": np.arange(1, len(new) + 1), "train_loss": loss, **since})


def _mesh(new: np.ndarray) -> pd.DataFrame:
    ends = window_ends(len(new), WINDOWS)
    windows = {ALL: new, **{k: new[ends[k - 1] : ends[k]] for k in range(1, WINDOWS + 1)}}
    rows = [
        {"subset": 0, "sections": sections, "control": 0, "window": number}
        | {"cells": int(part[1:].sum()) + 1, "snapshots": len(part)}
        for sections in SWEEP
        for number, part in windows.items()
    ]
    return pd.DataFrame(rows)


def _deviations(facts: Facts, run: dict, rng: np.random.Generator) -> pd.DataFrame:
    epochs, strategy = run["epochs"], run["strategy"]
    epoch = np.unique(np.linspace(1, epochs, min(epochs, 300)).round().astype(int))
    sizes = by_name()[strategy].sizes()
    size = np.array([sizes.size(int(e), epochs) for e in epoch], float)
    x = epoch / epochs
    sigma = 0.3 * np.exp(facts.grows * x)
    full = 0.01 + 0.1 * np.exp(-3 * x)
    left = np.exp(facts.noise_grows.get(strategy, 0.0) * x)
    noise = sigma * size ** (facts.power / 2) * left * rng.normal(size=len(epoch))
    return pd.DataFrame(
        {
            "epoch": epoch,
            "update": epoch,
            "batch_size": size.astype(int),
            "training_deviation": noise,
            "inference_deviation": noise,
            "full_loss": full,
            "sigma": sigma,
        }
    )


def _probed(facts: Facts, run: dict, seed: int, rng: np.random.Generator) -> Iterator[tuple]:
    key = {"cell": run["cell"], "seed": seed}
    if run["role"] == "spread":
        yield "spreads.parquet", pd.DataFrame(list(_spreads(facts, rng))).assign(**key)
        return
    level = facts.flatness.get(run["strategy"], 1.0)
    names = ("sharpness", "eigenvalue_1", "trace", "relative_flatness")
    rows = [
        {"image_set": images, "rescaled": rescaled}
        | {name: level * np.exp(2 * facts.luck * rng.normal()) for name in names}
        for images in (1, 2)
        for rescaled in (1.0, 4.0)
    ]
    yield "flatness.parquet", pd.DataFrame(rows).assign(**key)


def _spreads(facts: Facts, rng: np.random.Generator) -> Iterator[dict]:
    for mode in ("training", "inference"):
        for replacement in (0, 1):
            for size in SIZES:
                yield {
                    "mode": mode,
                    "replacement": replacement,
                    "images": 60_000,
                    "draws": 250,
                    "size": size,
                    "variance": 0.1 * size**facts.power * np.exp(0.03 * rng.normal()),
                    "skewness": facts.skewness + 0.05 * rng.normal(),
                    "kurtosis": 1.5 * facts.skewness**2 + 0.1 * rng.normal(),
                    "normal_distance": size**-0.3 * np.exp(0.1 * rng.normal()),
                }
