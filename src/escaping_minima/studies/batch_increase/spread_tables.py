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
_MODES = ("training", "inference")
#: What is known of a batch along a run.
_ALONG = ["cell", "seed", "epoch", "batch_size", "full_loss", "sigma"]
_ALONG += [f"{mode}_deviation" for mode in _MODES]
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
    for mode in _MODES:
        found[f"{mode}_deviation"] = table[f"{mode}_loss"] - table["full_loss"]
    return _narrow(found, _PLACES)


def noise_of_spreads(spreads: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each batch that a probe drew as an epoch does, for ``noise.parquet``.

    Parameters
    ----------
    spreads : DataFrame
        Of `of_block`, of a probe with a single size.

    Returns
    -------
    DataFrame
        ``batch_size``, ``full_loss``, ``sigma``, ``training_deviation`` and
        ``inference_deviation``, as `deviations_of_block` has them.
    """
    drawn = spreads[spreads["replacement"] == 0].set_index("mode")
    full = float(drawn.loc["inference", "full_loss"])
    losses = {mode: np.frombuffer(drawn.loc[mode, "losses"], np.float32) for mode in _MODES}
    rows = {
        "batch_size": drawn.loc["inference", "size"],
        "full_loss": full,
        "sigma": np.sqrt(drawn.loc["inference", "image_variance"]),
        **{f"{mode}_deviation": values.astype(float) - full for mode, values in losses.items()},
    }
    return _narrow(pd.DataFrame(rows), {"batch_size": np.int32})


def along_runs(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how far losses of batches lay from that of all images along runs, whoever looked.

    Parameters
    ----------
    tables : Mapping of DataFrame
        The collected ones.

    Returns
    -------
    DataFrame
        Rows of ``deviations.parquet``, and of ``noise.parquet`` with the run's cell and the epoch
        that begins at the state; ``cell``, ``seed``, ``epoch`` and what both have. Empty if there
        are none.
    """
    found = []
    if "deviations.parquet" in tables:
        found.append(tables["deviations.parquet"][_ALONG])
    if "noise.parquet" in tables:
        found.append(_of_runs(tables["noise.parquet"], tables["cells.csv"]))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _of_runs(noise: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    # an empty name comes back from a file as a missing one
    plain = cells[cells["variant"].astype(object).fillna("") == ""]
    runs = plain.set_index(["role", "strategy", "epochs"])["cell"]
    places = pd.MultiIndex.from_frame(noise[["target_role", "strategy", "epochs"]])
    rows = noise.assign(cell=runs.reindex(places).to_numpy(), epoch=noise["state"] + 1)
    return rows.loc[rows["cell"].notna(), _ALONG]


def _narrow(table: pd.DataFrame, whole: Mapping[str, Any]) -> pd.DataFrame:
    wide = table.select_dtypes("float64").columns
    return table.astype({**dict.fromkeys(wide, np.float32), **whole}).reset_index(drop=True)
