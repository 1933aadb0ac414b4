"""What the collected tables hold of the spread of losses: of probes, and along runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from escaping_minima.studies.batch_increase.theory import expected_skewness, expected_variance

if TYPE_CHECKING:
    from escaping_minima.results.blocks import Block

#: The further table of a run that has it.
DEVIATIONS = "deviations"
_WHOLE: Mapping[str, Any] = {
    "size": np.int32,
    "replacement": np.int8,
    "images": np.int32,
    "draws": np.int32,
}
_PLACES: Mapping[str, Any] = {"epoch": np.int32, "update": np.int64, "batch_size": np.int32}


def of_block(block: Block) -> pd.DataFrame:
    """Return the rows of a probe ``batch_spread`` for ``spreads.parquet``.

    Parameters
    ----------
    block : Block
        Of a cell whose measure is ``batch_spread``.

    Returns
    -------
    DataFrame
        The measure's columns, numbers in float32, with what theory makes of single images beside
        them: ``expected_variance`` and ``expected_skewness`` (of inference mode, in both). The
        losses of batches drawn with replacement are left out: none are drawn so in training.
    """
    table = block.table.astype(_WHOLE)
    drawn = (table["image_variance"], table["size"], table["images"], table["replacement"])
    table["expected_variance"] = expected_variance(*drawn)
    table["expected_skewness"] = expected_skewness(table["image_skewness"], *drawn[1:])
    table["losses"] = table["losses"].where(table["replacement"] == 0, b"")
    return _narrow(table, _WHOLE)


def deviations_of_block(block: Block) -> pd.DataFrame:
    """Return the rows of a run for ``deviations.parquet``; none where its cell does not look.

    Parameters
    ----------
    block : Block

    Returns
    -------
    DataFrame
        Columns of `escaping_minima.observers.loss_deviation.LossDeviation`, losses in float32 as
        the differences E_t - mu_t that they are read for: ``training_deviation``,
        ``inference_deviation``, beside ``full_loss`` and ``sigma``.
    """
    if DEVIATIONS not in block.kept:
        return pd.DataFrame()
    table = block.kept[DEVIATIONS].table()
    found = table[[*_PLACES, "full_loss", "sigma"]].astype(_PLACES)
    # float32 keeps the digits of a difference, not those of two losses that are close
    for mode in ("training", "inference"):
        found[f"{mode}_deviation"] = table[f"{mode}_loss"] - table["full_loss"]
    return _narrow(found, _PLACES)


def _narrow(table: pd.DataFrame, whole: Mapping[str, Any]) -> pd.DataFrame:
    wide = table.select_dtypes("float64").columns
    return table.astype({**dict.fromkeys(wide, np.float32), **whole}).reset_index(drop=True)
