"""Say where runs are smaller than the paper's: no table and no figure shows them without."""

from __future__ import annotations

import pandas as pd

from escaping_minima.problems.bert import DATA_SETS
from escaping_minima.studies.populations.names import IMAGE_TASKS, TEXT_TASKS

#: Epochs of a trajectory, as the text states, and the networks of its two kinds of tasks.
EPOCHS = 300
NETWORKS = ("ResNet-50", "bert-base-uncased")
#: Items that a task is trained on in the paper, without what is held out here.
ITEMS = {
    **dict.fromkeys(IMAGE_TASKS, 45_000),
    **{task: DATA_SETS[task][1][0] for task in TEXT_TASKS},
}


def scope_words(rows: pd.DataFrame) -> str:
    """Say on which networks and data some cells rest, and how these differ from the paper's.

    Parameters
    ----------
    rows : DataFrame
        Of ``cells.csv``, of trajectories: ``network``, ``task``, ``epochs``, ``train_items``,
        ``data_version``, ``data_words``.
    """
    words = [", ".join(dict.fromkeys(rows["network"])), *dict.fromkeys(rows["data_words"])]
    words += ["SMALLER THAN THE PAPER'S RUNS"] if is_smaller(rows) else []
    words += ["SHORTER THAN THE PAPER'S RUNS"] if is_shorter(rows) else []
    return "; ".join(words)


def is_smaller(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have another network or fewer items than the paper."""
    few = rows["train_items"].astype(float) < rows["task"].map(ITEMS)
    generated = rows["data_version"] == "generated"
    return bool((~rows["network"].isin(NETWORKS) | few | generated).any())


def is_shorter(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have fewer epochs than the paper."""
    return bool((rows["epochs"].astype(float) < EPOCHS).any())
