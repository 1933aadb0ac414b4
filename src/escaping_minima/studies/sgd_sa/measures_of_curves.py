"""Measures of a run from its curves of losses and accuracies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.collect.decimals import shortest_decimals

#: Splits that are evaluated after each epoch; the last one only where it is held out.
SPLITS = ("train", "test", "validation")
#: Training accuracy in percent at which the training set counts as learned.
LEARNED = 99.0
#: Shares of the epochs: when training accuracies are compared, and how long it is early for drops.
COMPARED_AT, EARLY_DROPS = 0.4, 0.3

_Curve = NDArray[np.float64]


def published_curve(table: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of a run as they are published.

    Parameters
    ----------
    table : DataFrame
        One row an epoch, epoch 0 being the start: ``epoch, updates, running_loss`` and
        ``<split>_loss, <split>_error`` (percent) of every split that there is.

    Returns
    -------
    DataFrame
        ``epoch, updates, running_loss`` and ``<split>_loss, <split>_accuracy`` (percent) of all
        SPLITS, NaN where there is none; in float32 but for the first two.
    """
    found = {
        "epoch": table["epoch"].astype(np.int32),
        "updates": table["updates"].astype(np.int64),
        "running_loss": table["running_loss"].astype(np.float32),
    }
    missing = pd.Series(np.float32(math.nan), index=table.index)
    for split in SPLITS:
        loss, error = (table.get(f"{split}_{score}", missing) for score in ("loss", "error"))
        found[f"{split}_loss"] = loss.astype(np.float32)
        found[f"{split}_accuracy"] = (100.0 - shortest_decimals(error)).astype(np.float32)
    return pd.DataFrame(found).reset_index(drop=True)


def measure_curve(table: pd.DataFrame) -> dict[str, float]:
    """Measure the curves of one run.

    Parameters
    ----------
    table : DataFrame
        As `published_curve` gives it, all epochs.

    Returns
    -------
    dict of float
        Losses are mean cross-entropies, accuracies percent. The untrained network of epoch 0 is no
        result: what is best is so among the later epochs.

        - ``last_<train|test>_<loss|accuracy>``: after the last epoch;
        - ``best_test_loss``, ``best_test_accuracy``: the least and the highest of an epoch;
          ``best_epoch``, the first with that accuracy, and ``test_loss_at_best`` there;
        - ``gap``: training minus test accuracy after the last epoch;
        - ``epochs_to_99``: the first epoch with a training accuracy of LEARNED or more; of a run
          that never has one, the number of epochs + 1, which stands for "later than all of them";
        - ``train_accuracy_at_40``: after 40 percent of the epochs;
        - ``early_drops``: how often the test accuracy falls from one epoch to the next within the
          first 30 percent of them; ``early_drop``, by how many points in the mean, 0 if never;
        - ``test_<loss|accuracy>_at_<third|three_fifths>``: after that share of the epochs, rounded
          down: a step of SGD-SA makes 3 forward passes where one of SGD makes 1, and costs 5
          against 3 where a backward pass counts as two forward ones. An SGD-SA run has by then
          cost as much as a whole run of SGD;
        - ``chosen_test_accuracy``, ``chosen_test_loss``, ``chosen_validation_accuracy``: after the
          first epoch with the highest validation accuracy, NaN where nothing is held out.
    """
    curves = _Curves.read(table)
    return (
        _last(curves) | _best(curves) | _speed(curves) | _drops(curves) | _at_equal_cost(curves)
    ) | _chosen(curves)


def is_lost(table: pd.DataFrame) -> bool:
    """Return whether a loss of the published curves of a run is not finite."""
    there = [f"{split}_loss" for split in SPLITS if table[f"{split}_accuracy"].notna().any()]
    running = table.loc[table["epoch"] > 0, "running_loss"].to_numpy(float)
    losses = table[["train_loss", "test_loss", *there]].to_numpy(float)
    return not (np.isfinite(losses).all() and np.isfinite(running).all())


@dataclass(frozen=True)
class _Curves:
    """Entry e of a curve is that after epoch e."""

    train_loss: _Curve
    train_accuracy: _Curve
    test_loss: _Curve
    test_accuracy: _Curve
    validation_accuracy: _Curve

    @staticmethod
    def read(table: pd.DataFrame) -> _Curves:
        losses = {f"{split}_loss": table[f"{split}_loss"].to_numpy(float) for split in SPLITS[:2]}
        scores = {
            f"{split}_accuracy": shortest_decimals(table[f"{split}_accuracy"]) for split in SPLITS
        }
        return _Curves(**losses, **scores)

    @property
    def epochs(self) -> int:
        return len(self.test_loss) - 1

    def after(self, share: float) -> int:
        """Return the epoch at a share of all, at least 1 where there is one."""
        return min(max(1, round(share * self.epochs)), self.epochs)


def _best_epoch(curve: _Curve) -> int:
    """Return the first epoch with the highest value; the start only where there is no other."""
    return int(1 + curve[1:].argmax()) if len(curve) > 1 else 0


def _last(curves: _Curves) -> dict[str, float]:
    names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
    found = {f"last_{name}": float(getattr(curves, name)[-1]) for name in names}
    return found | {"gap": found["last_train_accuracy"] - found["last_test_accuracy"]}


def _best(curves: _Curves) -> dict[str, float]:
    best = _best_epoch(curves.test_accuracy)
    return {
        "best_test_loss": float(curves.test_loss[_best_epoch(-curves.test_loss)]),
        "best_test_accuracy": float(curves.test_accuracy[best]),
        "best_epoch": float(best),
        "test_loss_at_best": float(curves.test_loss[best]),
    }


def _speed(curves: _Curves) -> dict[str, float]:
    (learned,) = np.nonzero(curves.train_accuracy[1:] >= LEARNED)
    return {
        "epochs_to_99": float(1 + (learned[0] if len(learned) else curves.epochs)),
        "train_accuracy_at_40": float(curves.train_accuracy[curves.after(COMPARED_AT)]),
    }


def _drops(curves: _Curves) -> dict[str, float]:
    changes = np.diff(curves.test_accuracy[1 : 1 + curves.after(EARLY_DROPS)])
    drops = -changes[changes < 0.0]
    return {
        "early_drops": float(len(drops)),
        "early_drop": float(drops.mean()) if len(drops) else 0.0,
    }


def _at_equal_cost(curves: _Curves) -> dict[str, float]:
    epochs = {"third": curves.epochs // 3, "three_fifths": 3 * curves.epochs // 5}
    return {
        f"{name}_at_{share}": float(getattr(curves, name)[epoch])
        for share, epoch in epochs.items()
        for name in ("test_loss", "test_accuracy")
    }


def _chosen(curves: _Curves) -> dict[str, float]:
    held_out = not np.isnan(curves.validation_accuracy).all()
    epoch = _best_epoch(curves.validation_accuracy)
    names = {
        "chosen_test_accuracy": "test_accuracy",
        "chosen_test_loss": "test_loss",
        "chosen_validation_accuracy": "validation_accuracy",
    }
    return {
        measure: float(getattr(curves, name)[epoch]) if held_out else math.nan
        for measure, name in names.items()
    }
