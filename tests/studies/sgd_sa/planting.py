"""Planted runs: collected tables in which every measure of every run has a known level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.studies.sgd_sa.layout import KEPT, RATES
from escaping_minima.studies.sgd_sa.names import MEASURE_NAMES

#: Level and standard deviation over seeds.
Level = tuple[float, float]
Levels = Mapping[str, Mapping[str, Level]]

SEEDS = 10
EPOCHS = 100
SINGLE = ("rate_0.9", "rate_0.5", "rate_0.2", "rate_0.1", "rate_0.05")
SSA = ("ssa", "ssa_shortened", "ssa_refreshed", "ssa_cooled_each_minibatch", "ssa_error")
CONTROLS = ("accept_off", "no_large_rates", *SINGLE, *(f"{rate}_tested" for rate in SINGLE))
SOURCES = ("vary_weights", "vary_order", "vary_dropout", "vary_rates", "vary_acceptance")


def _scores(accuracy: Level, loss: float) -> dict[str, Level]:
    """Return test accuracies and losses at the end, of the best epoch and chosen, all alike."""
    of_accuracy = ("last_test_accuracy", "best_test_accuracy", "chosen_test_accuracy")
    of_loss = ("last_test_loss", "best_test_loss", "test_loss_at_best", "test_loss_at_third")
    spread = loss * accuracy[1] / 10
    return {
        **dict.fromkeys((*of_accuracy, "test_accuracy_at_third"), accuracy),
        **dict.fromkeys(of_loss, (loss, spread)),
        "chosen_validation_accuracy": accuracy,
    }


#: A world in which everything that the paper says is true, by run or by variant.
TRUE: dict[str, dict[str, Level]] = {
    "scheduled_sgd": {
        **_scores((85.0, 0.1), 0.8),
        "train_accuracy_at_40": (99.9, 0.02),
        "epochs_to_99": (33.0, 0.5),
        "early_drops": (5.0, 1.0),
        "early_drop": (0.5, 0.1),
    },
    "sgd_sa": {
        **_scores((88.0, 0.6), 0.6),
        "train_accuracy_at_40": (80.0, 5.0),
        "epochs_to_99": (60.0, 3.0),
        "early_drops": (12.0, 1.0),
        "early_drop": (4.0, 0.5),
        "probability_all_early": (0.999, 0.0005),
        "probability_all_late": (0.5, 0.03),
        "probability_worse_early": (0.998, 0.0005),
        "probability_worse_late": (0.2, 0.03),
        "mean_worsening_early": (0.5, 0.05),
        "large_accepted_early": (0.99, 0.005),
        "large_accepted_late": (0.3, 0.03),
        "small_accepted_late": (0.8, 0.03),
        "accepted_median_early": (-1.0, 0.1),
        "accepted_median_last": (-6.0, 0.1),
        "rejected_median_last": (-3.0, 0.1),
        "improving_share": (0.8, 0.02),
    },
    **{run: _scores((84.0, 0.3), 0.9) for run in CONTROLS},
    **{run: {"last_test_accuracy": (60.0, 1.0)} for run in SINGLE},
    **{
        run: {
            **_scores((60.0, 0.5), 1.2),
            "last_train_accuracy": (60.0, 0.5),
            "gap": (0.2, 0.1),
            "improving_share": (0.55, 0.02),
        }
        for run in SSA
    },
    "sgd": {
        **_scores((88.0, 0.3), 0.4),
        "last_train_accuracy": (97.0, 0.3),
        "gap": (9.0, 0.3),
        # of the curves: at every epoch
        "gap_meanwhile": (5.0, 0.3),
    },
    "vary_weights": {"last_test_accuracy": (86.0, 0.1), "last_test_loss": (0.7, 0.001)},
    "vary_rates": {"last_test_accuracy": (86.0, 3.0), "last_test_loss": (0.7, 0.03)},
    "vary_acceptance": {"last_test_accuracy": (86.0, 3.0), "last_test_loss": (0.7, 0.03)},
    # shares of steps that lower the loss, and largely so
    "gradient": {"falls": (0.8, 0.0), "large_falls": (0.6, 0.0)},
    "random": {"falls": (0.3, 0.0), "large_falls": (0.0, 0.0)},
}


def changed(changes: Levels) -> dict[str, dict[str, Level]]:
    """Return the true world with other levels of some measures of some runs."""
    return {run: {**levels, **changes.get(run, {})} for run, levels in TRUE.items()}


def places(roles: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """Return role, network, run and variant of every cell of some roles."""
    both = ("scheduled_sgd", "sgd_sa")
    found = [("main", net, run, "") for net in ("vgg16", "resnet34") for run in both]
    found += [("selection", net, run, "") for net in ("vgg16", "resnet34") for run in both]
    found += [("control", "vgg16", run, "") for run in CONTROLS]
    found += [("small", "vgg16", run, "") for run in (*both, "accept_off")]
    found += [("fashion", "vgg16", run, "") for run in (*SSA, "sgd")]
    found += [("sources", "vgg16", run, source) for run in both for source in SOURCES]
    kept = [f"epoch{round(share * EPOCHS)}" for share in KEPT]
    found += [("directions", "vgg16", "sgd_sa", variant) for variant in ("states", *kept)]
    return [place for place in found if place[0] in roles]


FULL = ("main", "selection", "control", "fashion", "sources", "directions")


def planted(
    world: Levels = TRUE,
    roles: tuple[str, ...] = FULL,
    seeds: Mapping[str, int] | None = None,
    lost: tuple[str, ...] = (),
) -> dict[str, pd.DataFrame]:
    """Return the collected tables of a world.

    Parameters
    ----------
    world : Mapping
        Levels by run or variant.
    roles : tuple of str
    seeds : Mapping, optional
        Of some roles; SEEDS of others.
    lost : tuple of str
        Runs that diverged, in the role "control".
    """
    counts = dict.fromkeys(roles, SEEDS) | dict(seeds or {})
    cells, measures, curves, directions = [], [], [], []
    for role, network, run, variant in places(roles):
        cell = " ".join((role, network, run, variant))
        cells.append(_cell(cell, role, network, run, variant, counts[role]))
        if variant.startswith("epoch"):
            directions += [_steps(cell, seed, world) for seed in range(counts[role])]
            continue
        levels = world.get(variant, world[run])
        for seed in range(counts[role]):
            gone = run in lost and role == "control"
            measured = {n: np.nan if gone else _draw(v, cell, n, seed) for n, v in levels.items()}
            measures.append({"cell": cell, "seed": seed, "diverged": float(gone), **measured})
            curves.append(_curve(cell, seed, measured))
    return {
        "cells.csv": pd.DataFrame(cells),
        "measures.parquet": pd.DataFrame(measures).reindex(
            columns=["cell", "seed", *MEASURE_NAMES]
        ),
        "curves.parquet": pd.concat(curves, ignore_index=True),
        **({"directions.parquet": pd.concat(directions)} if directions else {}),
    }


def _cell(cell: str, role: str, network: str, run: str, variant: str, seeds: int) -> dict[str, Any]:
    small = role == "small"
    images = {"small": 5_000, "fashion": 60_000, "selection": 45_000}.get(role, 50_000)
    epochs = int(variant.removeprefix("epoch")) if variant.startswith("epoch") else EPOCHS
    return {
        "cell": cell,
        "role": role,
        "network": network,
        "run": run,
        # an empty name comes back from a file as a missing one
        "variant": variant or np.nan,
        "epochs": epochs,
        "images": images,
        "channels": 8 if small else 64,
        "seeds": seeds,
    }


def _draw(level: Level, cell: str, name: str, seed: int) -> float:
    return level[0] + level[1] * float(_rng(cell, name, seed).normal())


def _rng(*of: object) -> np.random.Generator:
    return np.random.default_rng(list(" ".join(map(str, of)).encode()))


def _curve(cell: str, seed: int, measured: Mapping[str, float]) -> pd.DataFrame:
    """Return a training accuracy that rises evenly to its end, and a test accuracy below it."""
    epoch = np.arange(EPOCHS + 1)
    train = 10 + (measured.get("last_train_accuracy", 99.0) - 10) * epoch / EPOCHS
    test = train - measured.get("gap_meanwhile", measured.get("gap", 1.0))
    return pd.DataFrame(
        {"cell": cell, "seed": seed, "epoch": epoch, "train_accuracy": train, "test_accuracy": test}
    )


def _steps(cell: str, seed: int, world: Levels) -> pd.DataFrame:
    """Return changes of the loss by steps; of each rate as many fall as the world says."""
    rng, count = _rng(cell, seed), 20 * len(RATES)
    found = {"cell": cell, "seed": seed, "batch": np.repeat(np.arange(20), len(RATES))}
    table = pd.DataFrame(found | {"rate": np.tile(RATES, 20)})
    for direction in ("gradient", "random"):
        falls, large = (world[direction][name][0] for name in ("falls", "large_falls"))
        # a little more or less in each seed
        at = rng.random(count) + world[direction]["falls"][1] * rng.normal()
        change = np.where(at < large, -1.0, np.where(at < falls, -0.01, 0.5))
        table[f"{direction}_change"] = change.astype(np.float32)
    return table
