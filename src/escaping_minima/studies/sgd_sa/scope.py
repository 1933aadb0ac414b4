"""Say where runs are smaller than the paper's: no table and no figure shows them without."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.sgd_sa.collect import CHANNELS
from escaping_minima.studies.sgd_sa.layout import HELD_OUT, IMAGES
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

_PARTS = {2: "half", 4: "a quarter", 8: "an eighth", 16: "a sixteenth", 32: "a thirty-second"}


def network_words(network: str, channels: int) -> str:
    """Return a network in words, narrower ones as what they are."""
    name = NETWORK_NAMES[network]
    if channels == CHANNELS:
        return name
    return f"{name} of {_PARTS[CHANNELS // channels]} of the width"


def scope_words(rows: pd.DataFrame) -> str:
    """Say on which networks and images some cells rest, and how these differ from the paper's.

    Parameters
    ----------
    rows : DataFrame
        Of ``cells.csv``: ``network``, ``channels``, ``images``, ``data_set``, ``data_words``.
    """
    pairs = rows[["network", "channels"]].drop_duplicates().itertuples(index=False, name=None)
    words = [", ".join(network_words(str(n), int(c)) for n, c in pairs)]
    words += dict.fromkeys(rows["data_words"])
    if is_smaller(rows):
        words.append("SMALLER THAN THE PAPER'S RUNS")
    return "; ".join(words)


def is_smaller(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have narrower networks or fewer images than the paper."""
    wanted = {name: sizes[0] for name, sizes in IMAGES["full"].items()}
    # those that choose by images held out miss these alone
    held_out = rows["role"] == "selection"
    few = rows["images"] < rows["data_set"].map(wanted) * (1 - held_out / HELD_OUT)
    return bool((rows["channels"] < CHANNELS).any() or few.any())
