"""Say where runs are smaller than the paper's: no table and no figure shows them without."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.populations.names import IMAGE_TASKS

#: Weights and biases of the paper's networks: ResNet-50 with the stem for CIFAR and 10 or 100
#: classes, and BERT-base uncased without its head (Devlin, Chang, Lee and Toutanova 2019).
PAPER_PARAMETERS: Mapping[str, int] = {
    "cifar-10": 23_520_842,
    "cifar-100": 23_705_252,
    "goemotions": 109_482_240,
    "tweeteval-emotion": 109_482_240,
}
#: Items of the official training splits. Of images the held-out ones are among them.
PAPER_ITEMS: Mapping[str, int] = {
    "cifar-10": 50_000,
    "cifar-100": 50_000,
    "goemotions": 43_410,
    "tweeteval-emotion": 3_257,
}
#: Epochs of the paper.
PAPER_EPOCHS = 300


def with_needs(cells: pd.DataFrame) -> pd.DataFrame:
    """Add what records need beside the columns of ``cells.csv``.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``. Floors have no network.

    Returns
    -------
    DataFrame
        With ``percent_of_network``, how many weights are trained of as many as the paper's network
        has, and ``percent_of_data``, how many of the official training items are read; 0 of
        generated ones.
    """
    tasks = cells["task"]
    held_out = cells["validation_items"].where(tasks.isin(IMAGE_TASKS), 0)
    items = (cells["train_items"] + held_out).where(cells["data_version"] != "generated", 0)
    parameters = pd.to_numeric(cells["parameters"], errors="coerce")
    return cells.assign(
        percent_of_network=_percent(parameters, tasks.map(PAPER_PARAMETERS)),
        percent_of_data=_percent(items, tasks.map(PAPER_ITEMS)),
    )


def scope_words(rows: pd.DataFrame) -> str:
    """Say on which networks, data and trajectories some cells rest, and what the paper has.

    Parameters
    ----------
    rows : DataFrame
        Of ``cells.csv``, of trajectories.
    """
    trajectories = spanned(rows["blocks"], "trajectory", "trajectories")
    return f"{trajectories} of {spanned(rows['epochs'], 'epoch')}; {size_words(rows)}"


def size_words(rows: pd.DataFrame) -> str:
    """Say the same without the number of trajectories and epochs, where that is said already."""
    words = [*dict.fromkeys(rows["network"]), *dict.fromkeys(rows["data_words"])]
    if is_smaller(rows):
        words.append("SMALLER THAN THE PAPER'S NETWORKS OR DATA")
    if (rows["epochs"] < PAPER_EPOCHS).any():
        words.append(f"FEWER THAN THE PAPER'S {PAPER_EPOCHS} EPOCHS")
    return "; ".join(words)


def is_smaller(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have smaller networks or fewer items than the paper."""
    of_paper = with_needs(rows)[["percent_of_network", "percent_of_data"]]
    return bool((of_paper < 100.0).any(axis=None))


def _percent(part: pd.Series[float], whole: pd.Series[int]) -> pd.Series[float]:
    # what has a head of its own, or is counted with it, is no more than whole
    return (100.0 * part.astype(float) / whole).clip(upper=100.0).round(1)
